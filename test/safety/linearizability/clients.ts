import { seededRandom, type Random } from '../../../src/base/index.js';
import {
  compare,
  createClient,
  textOf,
  type BalancerName,
  type CallResult,
  type EtcdClient,
  type EtcdError,
  type KeyValue,
} from '../../../src/etcd/index.js';
import type { Operation } from './check.js';
import type { Change, Write } from './event-log.js';
import type { Input, Output } from './register.js';

export const PREFIX = 'lin/';
const KEYS = 5;
/** Short of etcd's own limit of 7 s: then many ends are unknown, and the history says what became of them. */
const DEADLINE_MS = 1_500;
/** So that a history of half a minute has some ten thousand operations, and not some hundred thousand. */
const PAUSE_MS_MAX = 10;

/** Half of them use the default; the others show that no balancer makes a history wrong. */
export const BALANCERS: readonly BalancerName[] = [
  'healthy',
  'healthy',
  'healthy',
  'pin-first',
  'round-robin',
];

/** What all clients did, by key. */
export class History {
  readonly byKey = new Map<string, Operation<Input, Output>[]>();
  readonly writes: Write[] = [];
  counts = { answered: 0, unknown: 0, noEffect: 0 };

  add(key: string, operation: Operation<Input, Output>): void {
    this.counts[operation.end.kind]++;
    const operations = this.byKey.get(key) ?? [];
    operations.push(operation);
    this.byKey.set(key, operations);
  }
}

interface WorkerParts {
  readonly endpoints: readonly string[];
  readonly seed: number;
  readonly history: History;
  /** Read from one member's own data: the judges must notice. */
  readonly isStale: boolean;
}

/** One client that does one thing after another until it is stopped. */
export class Worker {
  readonly #name: string;
  readonly #client: EtcdClient;
  readonly #random: Random;
  readonly #history: History;
  readonly #isStale: boolean;
  #values = 0;
  #isOver = false;
  #running: Promise<void> = Promise.resolve();

  constructor(index: number, parts: WorkerParts) {
    const balancer = BALANCERS[index % BALANCERS.length];
    this.#name = `${balancer}-${index}`;
    this.#client = createClient({ endpoints: parts.endpoints, balancer });
    this.#random = seededRandom(parts.seed * 1_000 + index);
    this.#history = parts.history;
    this.#isStale = parts.isStale;
  }

  setEndpoints(endpoints: readonly string[]): void {
    this.#client.setEndpoints(endpoints);
  }

  start(): void {
    this.#running = this.#work();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    await this.#running;
    await this.#client.close();
  }

  async #work(): Promise<void> {
    /** What this client saw last of each key: what it expects when it compares. */
    const seen = new Map<string, string | null>();
    while (!this.#isOver) {
      const key = `${PREFIX}${Math.floor(this.#random.next() * KEYS)}`;
      const input = this.#nextInput(seen.get(key) ?? null);
      const output = await this.#do(key, input);
      if (output !== undefined && 'value' in output) seen.set(key, output.value);
      else if (output !== undefined && 'value' in input) seen.set(key, input.value);
      const pauseMs = this.#random.next() * PAUSE_MS_MAX;
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #nextInput(expected: string | null): Input {
    const dice = this.#random.next();
    if (dice < 0.45) return { kind: 'get' };
    const value = `${this.#name}.${this.#values++}`;
    if (dice < 0.75) return { kind: 'put', value };
    if (dice < 0.95) return { kind: 'compare-and-set', expected, value };
    return { kind: 'delete' };
  }

  async #do(key: string, input: Input): Promise<Output | undefined> {
    const calledMs = performance.now();
    const done = await this.#call(key, input);
    const returnedMs = performance.now();
    this.#record(key, input, done);
    const operation = { client: this.#name, input, calledMs };
    if (done.ok) {
      const { output } = done.value;
      const end = { kind: 'answered', output, returnedMs } as const;
      this.#history.add(key, { ...operation, end });
      return output;
    }
    // A read without an answer says nothing; a write that certainly had no effect did not happen.
    if (done.error.kind !== 'unknown') this.#history.counts.noEffect++;
    else if (input.kind !== 'get') {
      this.#history.add(key, { ...operation, end: { kind: 'unknown' } });
    }
    return undefined;
  }

  #record(key: string, input: Input, done: CallResult<Done>): void {
    if (input.kind === 'get') return;
    const value = 'value' in input ? input.value : null;
    this.#history.writes.push({ key, value, end: endOf(done) });
  }

  async #call(key: string, input: Input): Promise<CallResult<Done>> {
    const { kv } = this.#client;
    const options = { deadlineMs: DEADLINE_MS };
    switch (input.kind) {
      case 'get': {
        const got = await kv.get(key, { ...options, serializable: this.#isStale });
        return map(got, (found) => ({ output: { kind: 'got', value: valueOf(found) } }));
      }
      case 'put': {
        const put = await kv.put(key, input.value, options);
        return map(put, ({ header }) => ({ output: { kind: 'put' }, revision: header.revision }));
      }
      case 'delete': {
        const deleted = await kv.deleteRange(key, { ...options, wantPrevious: true });
        return map(deleted, ({ header, previous }) => ({
          output: { kind: 'deleted', value: valueOf(previous[0]) },
          ...(previous.length > 0 ? { revision: header.revision } : {}),
        }));
      }
      case 'compare-and-set': {
        const { expected, value } = input;
        const on = compare(key);
        const txn = await kv.txn(
          {
            if: [expected === null ? on.isMissing() : on.value('=', expected)],
            then: [{ kind: 'put', key, value }],
            else: [{ kind: 'range', range: key }],
          },
          options,
        );
        return map(txn, ({ header, succeeded, answers: [answer] }): Done => {
          if (succeeded) return { output: { kind: 'set' }, revision: header.revision };
          const kvs = answer?.kind === 'range' ? answer.kvs : [];
          return { output: { kind: 'not-set', value: valueOf(kvs[0]) } };
        });
      }
    }
  }
}

interface Done {
  readonly output: Output;
  /** Of what it changed. */
  readonly revision?: bigint;
}

function endOf(done: CallResult<Done>): Write['end'] {
  if (!done.ok) return { kind: done.error.kind === 'unknown' ? 'unknown' : 'no-effect' };
  const { output, revision } = done.value;
  return output.kind === 'not-set' ? { kind: 'no-effect' } : { kind: 'acknowledged', revision };
}

const map = <A>(result: CallResult<A>, shape: (value: A) => Done): CallResult<Done> =>
  result.ok
    ? { ok: true, value: shape(result.value) }
    : (result as { ok: false; error: EtcdError });

const valueOf = (found: KeyValue | undefined): string | null =>
  found === undefined ? null : textOf(found.value);

/** Watches all keys from the first revision on, and keeps what it sees. */
export class Watcher {
  readonly name: string;
  readonly seen: Change[] = [];
  readonly #client: EtcdClient;
  /** Why it ended by itself. */
  end: string | undefined;

  constructor(balancer: BalancerName, endpoints: readonly string[]) {
    this.name = balancer;
    this.#client = createClient({ endpoints, balancer });
    void this.#watch();
  }

  setEndpoints(endpoints: readonly string[]): void {
    this.#client.setEndpoints(endpoints);
  }

  async close(): Promise<void> {
    await this.#client.close();
  }

  async #watch(): Promise<void> {
    const watch = this.#client.watch.open({ prefix: PREFIX }, { startRevision: 1n });
    for await (const item of watch) {
      if (item.kind === 'ended') this.end = JSON.stringify(item.end, bigintsAsText);
      if (item.kind !== 'events') continue;
      for (const { kind, kv } of item.events) {
        const value = kind === 'delete' ? null : textOf(kv.value);
        this.seen.push({ revision: kv.modRevision, key: textOf(kv.key), value });
      }
    }
  }
}

const bigintsAsText = (_key: string, value: unknown): unknown =>
  typeof value === 'bigint' ? String(value) : value;
