import { type Problem, type Result, err, ok } from '../../base/index.js';
import type { ClusterRecord, HostName } from '../../core/cluster/index.js';
import type { HeldLock, JournalEntry } from '../../engine/ports/index.js';
import { askHosts, didAs, everybody, opAnswer } from './ask.js';
import { type RecordCopy, isNewer, versionOf } from './copies.js';
import { type HostRequest, stateDirectory } from './host-request.js';
import { type HostSet, holdersOf, isQuorum, isSameHosts } from './host-set.js';
import type { StateView } from './judge.js';
import { holdersMark, markedLine, merged } from './journal.js';
import type { Lease } from './lease.js';
import { giveBack } from './locking.js';
import type { SeatParts } from './parts.js';
import { hostsNotChanged, stateNotFounded, stateRepaired } from './problems.js';
import { type ReadOptions, asHolder, isAbsent, noteGrant, readState } from './reading.js';
import { renewMs } from './timings.js';
import { agreeOnWish, haveDone, lost, putRecord } from './writing.js';

/** More lines than that are not kept back for a round trip that goes anyway. */
const PENDING_MAX = 50;

/** What a host that is new, or comes back empty, is given of the journal. */
const SEED_LINES = 1000;

const LOCK_STAYS = 'Too few of them gave their lease: another seat had it there a moment ago.';

/**
 * The lock while it is held: renews it in the background, writes under it, and keeps house: every host of the set has
 * the newest state, and the set is the one that the wish asks for.
 */
export class Holding implements HeldLock {
  readonly lease: Lease;
  readonly #parts: SeatParts;
  #pending: string[] = [];
  #lineCount = 0;
  /** Whatever changes the record or the set waits for what does so now. */
  #last: Promise<unknown> = Promise.resolve();
  #cancelTick: () => void = () => undefined;
  /** What goes on in the background. */
  #tick: Promise<void> = Promise.resolve();
  #houseKeptMs: number;
  #isReleased = false;

  constructor(parts: SeatParts, lease: Lease) {
    this.#parts = parts;
    this.lease = lease;
    this.#houseKeptMs = parts.clock.monotonicMs();
    this.#schedule();
  }

  stillHeld(): Promise<boolean> {
    return Promise.resolve(!this.#isReleased && this.lease.isHeld());
  }

  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    this.#cancelTick();
    await this.#tick;
    await this.#last;
    if (this.lease.isHeld() && this.#pending.length > 0) await this.append([], false);
    await giveBack(this.#parts, this.lease);
  }

  writeRecord(record: ClusterRecord): Promise<Result<void>> {
    return this.#oneAtATime(async () => {
      const { set } = this.lease;
      const copy = { isFounded: true, set, record };
      const written = await putRecord(this.#parts, this.lease, copy, this.#takePending());
      return written.ok ? ok(undefined) : written;
    });
  }

  /** What an earlier write left on a minority of the hosts only. */
  settleRecord(copy: RecordCopy): Promise<Result<RecordCopy>> {
    return this.#oneAtATime(() => putRecord(this.#parts, this.lease, copy));
  }

  async journal(entry: JournalEntry, durable: boolean): Promise<Result<void>> {
    const line = markedLine(holdersMark(this.lease.fence, ++this.#lineCount), entry);
    if (durable || this.#pending.length >= PENDING_MAX) return this.append([line], durable);
    this.#pending.push(line);
    return ok(undefined);
  }

  async flush(): Promise<void> {
    if (this.#pending.length > 0) await this.append([], false);
  }

  async append(more: readonly string[], durable: boolean): Promise<Result<void>> {
    const doing = 'write the journal';
    if (!this.lease.isHeld()) return err(lost(this.lease, doing));
    const lines = [...this.#pending.splice(0), ...more];
    const write = async () => {
      const request = { ...asHolder(this.lease), append: { lines, durable } };
      const { set } = this.lease;
      return haveDone(this.#parts, 'append', doing, set, request, this.lease);
    };
    const { answers, done } = await write();
    // The set was changed on the way: the same lines once more, and their marks make one of them.
    const isStale = [...answers.values()].some((one) => opAnswer(one, 'append') === 'stale');
    return done.ok || !isStale ? done : (await write()).done;
  }

  #takePending(): HostRequest {
    const lines = this.#pending.splice(0);
    return lines.length === 0 ? {} : { append: { lines, durable: false } };
  }

  #oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    return done;
  }

  /**
   * What goes along with a read that is made anyway. It renews the lease, so the next renewal of our own comes that much
   * later; and where house was not kept for as long, it is with what everybody says in the end.
   */
  withRead(): Pick<ReadOptions, 'lease' | 'append' | 'onAll'> {
    const { lease } = this;
    if (this.#isReleased || !lease.isHeld()) return { lease };
    this.#cancelTick();
    this.#schedule();
    const nowMs = this.#parts.clock.monotonicMs();
    if (nowMs - this.#houseKeptMs < renewMs(this.#parts.timings)) return { lease };
    this.#houseKeptMs = nowMs;
    const onAll = (view: StateView) => this.#inBackground(() => this.#afterAll(view));
    return { lease, ...this.#takePending(), onAll };
  }

  #schedule(): void {
    this.#cancelTick = this.#parts.clock.after(renewMs(this.#parts.timings), () =>
      this.#inBackground(() => this.#renew()),
    );
  }

  #inBackground(work: () => Promise<void>): void {
    const before = this.#tick;
    const done = work().catch((error: unknown) => {
      // The signal ended a pause; anything else is a bug, and whoever asks for the lock next will see it is lost.
      if (!this.#parts.signal.aborted) throw error;
    });
    this.#tick = Promise.all([before, done]).then(() => undefined);
  }

  async #renew(): Promise<void> {
    if (this.#parts.signal.aborted || !(await this.stillHeld())) return;
    this.#schedule();
    this.#houseKeptMs = this.#parts.clock.monotonicMs();
    const { lease } = this;
    const read = await readState(this.#parts, {
      doing: 'renew the lock',
      lease,
      ofAll: true,
      ...this.#takePending(),
    });
    if (!read.ok || isAbsent(read.value)) return;
    await this.#afterAll(read.value);
  }

  async #afterAll(view: StateView): Promise<void> {
    if (this.#parts.signal.aborted || !(await this.stillHeld())) return;
    const problem = await this.#oneAtATime(() => this.#keepHouse(view));
    if (problem !== undefined) this.#parts.tell(problem);
  }

  async #keepHouse(view: StateView): Promise<Problem | undefined> {
    const { lease } = this;
    if (lease.set.before !== undefined) return this.#completeSet();
    const wanted = view.wish === undefined ? lease.set.hosts : holdersOf(view.wish.wish.spec);
    if (wanted.length > 0 && !isSameHosts(wanted, lease.set.hosts)) return this.#beginSet(wanted);
    if (!view.isWishKept) await this.#settleWish(view);
    await this.#repair(view, lease.set.hosts);
    return undefined;
  }

  /** Gives hosts that answered what they lack. */
  async #repair(view: StateView, hosts: readonly HostName[]): Promise<void> {
    const empty = hosts.filter((host) => {
      const answer = view.answers.get(host);
      return answer?.kind === 'answered' && answer.reply.kind !== 'holding';
    });
    if (empty.length > 0) await this.#seed(empty, view);
    const behind = hosts.flatMap((host) => {
      const request = lackOf(view, host);
      return request === undefined || empty.includes(host) ? [] : [[host, request] as const];
    });
    if (behind.length === 0) return;
    const requests = new Map<HostName, HostRequest>(behind);
    await askHosts(this.#parts, {
      doing: 'bring the state up to date',
      hosts: [...requests.keys()],
      request: (host) => ({ ...asHolder(this.lease), ...requests.get(host) }),
      isEnough: everybody,
      onAnswer: (host, answer) => noteGrant(this.lease, host, answer),
    });
  }

  /**
   * Gives hosts that have nothing the whole state. They had no part in anything since they lost it, and what a majority
   * of the others says now contains all that counted before; so they may take part again. With `seen`, which says what they
   * were, it is told.
   */
  async #seed(hosts: readonly HostName[], seen?: StateView): Promise<readonly HostName[]> {
    const { lease } = this;
    const read = await this.#readWithJournal();
    if (!read.ok) return [];
    const { view, lines } = read.value;
    const { record, wish, ballot } = view;
    const answers = await askHosts(this.#parts, {
      doing: 'bring the state to this host',
      hosts,
      request: () => ({
        ...asHolder(lease),
        mode: 'seed',
        seed: { record, wish, ballot, journal: lines },
      }),
      isEnough: everybody,
      onAnswer: (host, answer) => {
        if (opAnswer(answer, 'seed') === 'ok' && answer.kind === 'answered') {
          lease.granted(host, answer.sent);
        }
      },
    });
    const seeded = hosts.filter(didAs(answers, 'seed'));
    if (seen !== undefined) {
      for (const host of seeded) {
        const before = seen.answers.get(host);
        const isDamaged = before?.kind === 'answered' && before.reply.kind === 'damaged';
        const path = stateDirectory(this.#parts.cluster);
        this.#parts.tell(stateRepaired({ host, path, was: isDamaged ? 'damaged' : 'blank' }));
      }
    }
    return seeded;
  }

  async #readWithJournal(): Promise<
    Result<{ readonly view: StateView; readonly lines: readonly string[] }>
  > {
    const read = await readState(this.#parts, {
      doing: 'read the state',
      lease: this.lease,
      journal: SEED_LINES,
    });
    if (!read.ok) return read;
    const view = read.value;
    const doing = 'bring the state to other hosts';
    if (isAbsent(view)) return err(stateNotFounded({ cluster: this.#parts.cluster, doing }));
    const lines = merged(journalsIn(view)).slice(-SEED_LINES);
    return ok({ view, lines: lines.map(({ line }) => line) });
  }

  async #settleWish(view: StateView): Promise<Result<unknown>> {
    return agreeOnWish(this.#parts, view, (newest) => ok(newest), this.lease);
  }

  /** From here on a majority of both sets is needed, until the change is complete; whoever takes over completes it. */
  async #beginSet(wanted: readonly HostName[]): Promise<Problem | undefined> {
    const { lease } = this;
    const from = lease.set.hosts;
    const added = wanted.filter((host) => !from.includes(host));
    const looked = await askHosts(this.#parts, {
      doing: 'look for a state',
      hosts: added,
      request: () => ({ look: true }),
      isEnough: everybody,
    });
    const has = (host: HostName): boolean => {
      const answer = looked.get(host);
      if (answer?.kind !== 'answered' || answer.reply.kind !== 'holding') return false;
      const file = answer.reply.record;
      return file?.kind === 'whole' && file.value.founding === lease.founding;
    };
    const foreign = added.filter((host) => {
      const answer = looked.get(host);
      const file = answer?.kind === 'answered' ? answer.reply.record : undefined;
      return file?.kind === 'whole' && file.value.isFounded && !has(host);
    });
    if (foreign.length > 0) {
      const path = stateDirectory(this.#parts.cluster);
      const because = `${foreign.join(', ')} has that of another cluster of this name. If that one is no more, move ${path} away there.`;
      return hostsNotChanged({ from, to: wanted, because });
    }
    const empty = added.filter((host) => looked.get(host)?.kind === 'answered' && !has(host));
    const seeded = empty.length === 0 ? [] : await this.#seed(empty);
    const isReady = (host: HostName) => from.includes(host) || has(host) || seeded.includes(host);
    if (!isQuorum({ number: 0, hosts: wanted }, isReady)) {
      const missing = wanted.filter((host) => !isReady(host));
      const words = missing.map((host) => {
        const answer = looked.get(host);
        return `${host}: ${answer?.kind === 'silent' ? answer.because : 'it did not take it'}`;
      });
      const because = `A majority there could not be given it.\n${words.join('\n')}`;
      return hostsNotChanged({ from, to: wanted, because });
    }
    const next: HostSet = { number: lease.set.number + 1, hosts: wanted, before: from };
    // Those that have it from an earlier try have not given us their lease yet.
    await askHosts(this.#parts, {
      doing: 'take the lock along',
      hosts: added.filter((host) => isReady(host) && !seeded.includes(host)),
      request: () => asHolder(lease),
      isEnough: everybody,
      onAnswer: (host, answer) => noteGrant(lease, host, answer),
    });
    if (!lease.isHeldOn({ number: 0, hosts: wanted })) {
      return hostsNotChanged({ from, to: wanted, because: LOCK_STAYS });
    }
    lease.set = next;
    return this.#completeSet();
  }

  async #completeSet(): Promise<Problem | undefined> {
    const { lease } = this;
    const both = lease.set;
    const { before: from = [], hosts: to } = both;
    const read = await this.#readWithJournal();
    if (!read.ok) return read.error;
    const joined = await putRecord(this.#parts, lease, { ...read.value.view.record, set: both });
    if (!joined.ok) return joined.error;
    // Nothing is written on the old majority alone from here on: what is there now is all there will be.
    const again = await this.#readWithJournal();
    if (!again.ok) return again.error;
    const { view, lines } = again.value;
    await this.#repair(view, to);
    if (view.wish !== undefined) {
      const settled = await this.#settleWish(view);
      if (!settled.ok) return settled.error;
    }
    const after: HostSet = { number: both.number + 1, hosts: to };
    if (lines.length > 0) {
      const request = { ...asHolder(lease), append: { lines, durable: true } };
      const copied = await haveDone(
        this.#parts,
        'append',
        'copy the journal',
        after,
        request,
        lease,
      );
      if (!copied.done.ok) return copied.done.error;
    }
    if (!lease.isHeldOn(after)) {
      return hostsNotChanged({ from, to, because: LOCK_STAYS });
    }
    const moved = await putRecord(this.#parts, lease, { ...joined.value, set: after }, {}, both);
    if (!moved.ok) return moved.error;
    lease.set = after;
    return undefined;
  }
}

/** What a host that has the state lacks of the newest. */
function lackOf(view: StateView, host: HostName): HostRequest | undefined {
  const answer = view.answers.get(host);
  if (answer?.kind !== 'answered') return undefined;
  const { record, wish } = answer.reply;
  const isBehind =
    record?.kind === 'whole' && isNewer(versionOf(view.record), versionOf(record.value));
  const lacksWish =
    view.wish !== undefined &&
    view.isWishKept &&
    (wish === undefined || (wish.kind === 'whole' && wish.value.ballot < view.wish.ballot));
  if (!isBehind && !lacksWish) return undefined;
  return {
    ...(isBehind && view.isRecordKept ? { record: view.record } : {}),
    ...(lacksWish && view.wish !== undefined ? { wish: view.wish } : {}),
  };
}

/** The journals of the hosts that hold this state. */
export function journalsIn(view: StateView): ReadonlyMap<HostName, readonly string[]> {
  const journals = new Map<HostName, readonly string[]>();
  for (const [host, answer] of view.answers) {
    if (answer.kind !== 'answered') continue;
    const { record, journal } = answer.reply;
    const isOurs = record?.kind === 'whole' && record.value.founding === view.record.founding;
    if (isOurs && journal !== undefined) journals.set(host, journal);
  }
  return journals;
}
