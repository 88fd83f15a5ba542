import { setTimeout as sleep } from 'node:timers/promises';
import {
  createClient,
  type EtcdClient,
  type EtcdError,
  type TLSOptions,
} from '../../src/etcd/index.js';

/** Short, so that one hanging member costs one attempt and not the experiment. */
const ATTEMPT_MS = 1500;
/** The final reads may take longer: a member that has just come back is asked too. */
const READ_MS = 10_000;
/** How often the writer looks who the members are now. */
const REFRESH_MS = 300;
/**
 * Writes at the same time. etcd drops requests that arrive while the lead changes hands, and they wait for their
 * deadline: with several lanes a gap says that nobody could write, and not that one request was unlucky.
 */
const LANES = 3;
/** Between two writes: fast enough to see short gaps, slow enough to leave the machine to the cluster. */
const PAUSE_MS = 10;
/** Keys per page of the final reads. */
const PAGE = 500;

/** What became of the writes so far. */
export interface Tally {
  readonly acknowledged: number;
  /** Certainly not done: not sent, or refused by etcd. */
  readonly refused: number;
  /** May have been done. */
  readonly unknown: number;
  /** The longest time without an acknowledged write, from the start to when the writing was ended. */
  readonly longestGapMs: number;
  /** etcd's own words, one each, for a test's failure message. */
  readonly reasons: readonly string[];
}

export interface Verified extends Tally {
  /** Acknowledged keys that are gone or have another value. Must be empty. */
  readonly lost: readonly string[];
  /** HashKV of every member at one revision. */
  readonly hashes: Readonly<Record<string, number>>;
  readonly revision: bigint;
}

/**
 * Writes through our own client all the time, each key once with a value of its own, and remembers what was
 * acknowledged. A write without an answer is never repeated: the next one has another key.
 */
export class Writer {
  readonly #prefix: string;
  readonly #tls: TLSOptions | undefined;
  readonly #acknowledged = new Map<string, string>();
  readonly #reasons = new Set<string>();
  readonly #stopping = new AbortController();
  #endpoints: readonly string[];
  #avoided: readonly string[] = [];
  #client: EtcdClient;
  #refused = 0;
  #unknown = 0;
  #longestGapMs = 0;
  #lastAckAt = performance.now();
  #isEnded = false;
  #running: Promise<unknown> | undefined;

  /** @param tls for members with https URLs; URLs of both schemes may stand side by side. */
  constructor(endpoints: readonly string[], prefix = 'lab/', tls?: TLSOptions) {
    this.#endpoints = endpoints;
    this.#prefix = prefix;
    this.#tls = tls;
    this.#client = createClient({ endpoints, tls });
  }

  /** Begins to write; answers when the first write was acknowledged. */
  async begin(): Promise<void> {
    this.#lastAckAt = performance.now();
    const lanes = Array.from({ length: LANES }, (_, lane) => this.#write(lane));
    this.#running = Promise.all([...lanes, this.#follow()]);
    this.#running.catch(() => undefined);
    const end = performance.now() + 60_000;
    while (this.#acknowledged.size === 0) {
      if (performance.now() > end) throw new Error(`No write was acknowledged: ${this.#words()}`);
      await sleep(5);
    }
  }

  /** A few writes more are acknowledged: whatever was done before this call is behind them. */
  async flows(count = 20): Promise<void> {
    const goal = this.#acknowledged.size + count;
    const end = performance.now() + 60_000;
    while (this.#acknowledged.size < goal) {
      if (performance.now() > end) throw new Error(`Writes have ceased: ${this.#words()}`);
      await sleep(10);
    }
  }

  /**
   * Never writes to these client URLs again, from when that member does not lead: a consumer that is told of a removal
   * before it happens, as Quorate's own are. A member that leaves cannot answer what it was just asked. While it leads,
   * whoever writes through another one loses what is forwarded in the moment when the lead changes hands: etcd drops
   * that and tells nobody. So the leader moves first, then consumers forget it, then it goes.
   */
  avoid(urls: readonly string[]): void {
    this.#avoided = [...this.#avoided, ...urls];
    this.#use(this.#endpoints);
  }

  tally(): Tally {
    return {
      acknowledged: this.#acknowledged.size,
      refused: this.#refused,
      unknown: this.#unknown,
      longestGapMs: Math.round(this.#longestGapMs),
      reasons: [...this.#reasons],
    };
  }

  /** Ends the writing without reading anything. */
  async stop(): Promise<void> {
    this.#noteGap();
    this.#isEnded = true;
    this.#stopping.abort();
    await this.#running?.catch(() => undefined);
    await this.#client.close();
  }

  /**
   * Ends the writing, reads every acknowledged key back through quorum, and compares the members with each other.
   * `members`: the client URL of each member that must hold everything.
   */
  async verify(members: readonly string[]): Promise<Verified> {
    await this.stop();
    const tally = this.tally();
    const client = createClient({ endpoints: members, tls: this.#tls });
    try {
      const found = await readAll(client, this.#prefix, {});
      const { revision } = found;
      const lost = [...this.#acknowledged].flatMap(([key, value]) =>
        found.values.get(key) === value ? [] : [key],
      );
      const hashes: Record<string, number> = {};
      for (const member of members) hashes[member] = await hashAt(member, revision, this.#tls);
      return { ...tally, lost, hashes, revision };
    } finally {
      await client.close();
    }
  }

  async #write(lane: number): Promise<void> {
    const { signal } = this.#stopping;
    for (let i = 0; !signal.aborted; i++) {
      const key = `${this.#prefix}${lane}/${String(i).padStart(8, '0')}`;
      const value = `${lane}-${i}-${Math.random().toString(36).slice(2)}`;
      const answer = await this.#client.kv.put(key, value, { deadlineMs: ATTEMPT_MS });
      if (answer.ok) {
        this.#noteGap();
        this.#lastAckAt = performance.now();
        this.#acknowledged.set(key, value);
      } else {
        this.#note(answer.error);
      }
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** Not after the end: then the other lanes are silent, and one that still waits for its answer is alone. */
  #noteGap(): void {
    if (this.#isEnded) return;
    this.#longestGapMs = Math.max(this.#longestGapMs, performance.now() - this.#lastAckAt);
  }

  /** Keeps the endpoints those of the voters there are now, as a well-kept client application would. */
  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      await sleep(REFRESH_MS, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      const list = await this.#client.cluster.memberList({ deadlineMs: ATTEMPT_MS });
      if (!list.ok) continue;
      const urls = list.value.members.flatMap((member) =>
        member.isLearner ? [] : [...member.clientURLs],
      );
      this.#use(urls);
    }
  }

  #use(candidates: readonly string[]): void {
    const leader = this.#client.endpoints().find(({ isLeader }) => isLeader)?.endpoint.url;
    const mayForget = (url: string) => leader !== undefined && leader !== url;
    const urls = candidates.filter((url) => !this.#avoided.includes(url) || !mayForget(url));
    if (urls.length === 0 || [...urls].sort().join() === [...this.#endpoints].sort().join()) return;
    this.#endpoints = urls;
    this.#client.setEndpoints(urls);
  }

  #note(error: EtcdError): void {
    if (error.kind === 'unknown') this.#unknown++;
    else this.#refused++;
    if (this.#reasons.size < 20) {
      const why = error.kind === 'refused' ? error.reason : error.why;
      this.#reasons.add(`${error.kind} ${why}: ${error.message}`);
    }
  }

  #words(): string {
    return [...this.#reasons].join('; ') || 'no attempt has ended';
  }
}

/** Everything under a prefix, page by page, at one revision. */
export async function readAll(
  client: EtcdClient,
  prefix: string,
  { serializable = false }: { readonly serializable?: boolean },
): Promise<{ readonly values: ReadonlyMap<string, string>; readonly revision: bigint }> {
  const values = new Map<string, string>();
  const text = new TextDecoder();
  let from = prefix;
  let revision: bigint | undefined;
  for (;;) {
    const page = await client.kv.range(
      { from, to: `${prefix}~` },
      { limit: PAGE, serializable, revision, deadlineMs: READ_MS },
    );
    if (!page.ok) throw new Error(`Cannot read back: ${page.error.message}`);
    revision ??= page.value.header.revision;
    for (const { key, value } of page.value.kvs) values.set(text.decode(key), text.decode(value));
    const last = page.value.kvs.at(-1);
    if (!page.value.hasMore || last === undefined) return { values, revision };
    from = `${text.decode(last.key)}\0`;
  }
}

/** The hash one member has of everything at `revision`; waits until it has come that far. */
export async function hashAt(
  endpoint: string,
  revision: bigint,
  tls?: TLSOptions,
): Promise<number> {
  const client = createClient({ endpoints: [endpoint], tls });
  const end = performance.now() + 30_000;
  try {
    for (;;) {
      const answer = await client.maintenance.hashKV({ revision, deadlineMs: READ_MS });
      if (answer.ok) return answer.value.hash;
      if (performance.now() > end) {
        throw new Error(
          `${endpoint} gave no hash at revision ${revision}: ${answer.error.message}`,
        );
      }
      await sleep(50);
    }
  } finally {
    await client.close();
  }
}
