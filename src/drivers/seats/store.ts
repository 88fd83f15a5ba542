import { setMaxListeners } from 'node:events';
import { type Clock, type Problem, type Random, type Result, err, ok } from '../../base/index.js';
import type { ClusterName, ClusterRecord, HostName } from '../../core/cluster/index.js';
import type {
  ClusterStore,
  HeldLock,
  HostShell,
  JournalEntry,
  LockHolder,
  Wish,
} from '../../engine/ports/index.js';
import { lockHeld } from '../../engine/ports/index.js';
import { wishConflict } from '../records/index.js';
import { askHosts, everybody, opAnswer } from './ask.js';
import { stateDirectory } from './host-request.js';
import { Holding, journalsIn } from './holding.js';
import { isQuorum } from './host-set.js';
import { type StateView, livingLock } from './judge.js';
import { markedLine, merged, othersMark } from './journal.js';
import { hasEnded, holderIn, takeLock } from './locking.js';
import { type Seat, type SeatParts, pause } from './parts.js';
import { seatSuperseded, stateNotFounded, stateUnsettled } from './problems.js';
import { type Absent, isAbsent, readState } from './reading.js';
import { DEFAULT_TIMINGS, type SeatTimings, TRIES_MAX } from './timings.js';
import { about, agreeOnWish, haveDone } from './writing.js';

export interface HostsStoreOptions {
  readonly cluster: ClusterName;
  /** Those of the spec at hand that should hold the state (`holdersOf`). Where it really is, these hosts say. */
  readonly hosts: readonly HostName[];
  readonly shell: HostShell;
  /**
   * Runs what only looks and renews, so that another look at the host can share its round trip: its script is one that
   * exits, so it belongs into a subshell, and it is answered its own output alone. Default: `shell`.
   */
  readonly lookShell?: HostShell;
  readonly clock: Clock;
  readonly random: Random;
  readonly seat: Seat;
  readonly timings?: Partial<SeatTimings>;
  /** Hears of what was mended on the hosts, and of what could not be. */
  readonly tell?: (problem: Problem) => void;
  /** Ends every wait, also of what goes on in the background. */
  readonly signal?: AbortSignal;
}

export interface HostsStore extends ClusterStore {
  /**
   * With `takeOver`, the token of a holder, also from him; then it takes as long as he may believe that he has it. From one
   * that was a process of this very machine and has ended it is taken unasked.
   */
  lock(purpose: string, options?: { readonly takeOver?: string }): Promise<Result<HeldLock>>;
}

type Kind = 'record' | 'wish' | 'holder';

const AUTHOR_BYTES = 8;
const MARK_BYTES = 8;
const SPARE_LINES = 20;

/** Record, wish, journal and lock of one cluster on the hosts themselves. */
export function createHostsStore(options: HostsStoreOptions): HostsStore {
  const { cluster, hosts, shell, clock, random } = options;
  const timings = { ...DEFAULT_TIMINGS, ...options.timings };
  const parts: SeatParts = {
    cluster,
    hints: [...new Set(hosts)],
    shell,
    lookShell: options.lookShell ?? shell,
    clock,
    random,
    seat: options.seat,
    timings,
    hostMs: timings.hostMs,
    tell: options.tell ?? (() => undefined),
    signal: options.signal ?? new AbortController().signal,
    turns: new Map(),
  };
  // Every question listens to it, several per host.
  setMaxListeners(0, parts.signal);
  const path = stateDirectory(cluster);
  let holding: Holding | undefined;
  /** A state without a wish, as the lock was taken on it. */
  let begun: StateView | undefined;
  let read:
    | { readonly state: StateView | Absent; readonly atMs: number; readonly for: Set<Kind> }
    | undefined;

  /**
   * What a majority says now. One read serves each question of a turn once: asked a second time for the same, it reads
   * again, so that whoever polls sees what is new; and nothing that we wrote ourselves is ever missing from it. As for
   * what others write, a question within `turnMs` of the read is as one that was sent then and answered slowly.
   */
  async function stateFor(kind: Kind): Promise<Result<StateView | Absent>> {
    if (
      read !== undefined &&
      !read.for.has(kind) &&
      clock.monotonicMs() - read.atMs < timings.turnMs
    ) {
      read.for.add(kind);
      return ok(read.state);
    }
    return readFor(kind);
  }

  async function readFor(kind: Kind): Promise<Result<StateView | Absent>> {
    read = undefined;
    const atMs = clock.monotonicMs();
    const found = await readState(parts, { doing: 'read the state', ...holding?.withRead() });
    if (found.ok) read = { state: found.value, atMs, for: new Set([kind]) };
    return found;
  }

  async function readRecord(): Promise<Result<ClusterRecord | undefined>> {
    let state = await stateFor('record');
    for (let i = 0; i < TRIES_MAX; i++) {
      if (!state.ok) return state;
      if (isAbsent(state.value)) return ok(undefined);
      if (state.value.isRecordKept) return ok(state.value.record.record);
      const settled = await settleRecord(state.value);
      if (settled !== 'again') return settled;
      await pause(parts);
      state = await readFor('record');
    }
    return err(stateUnsettled({ cluster }));
  }

  /** A write that reached a minority only: made to count, or overtaken by a newer one, before anybody is told of it. */
  async function settleRecord(
    view: StateView,
  ): Promise<Result<ClusterRecord | undefined> | 'again'> {
    const copy = view.record;
    read = undefined;
    if (holding?.lease.isHeld() === true) {
      const settled = await holding.settleRecord(copy);
      return settled.ok ? ok(copy.record) : settled;
    }
    const request = { ...about(view), record: copy };
    const { done } = await haveDone(parts, 'record', 'read the record', view.set, request);
    if (done.ok) return ok(copy.record);
    // Somebody took the lock since. If he lives he has settled it himself; if not, this does.
    const taken = await takeLock(parts, 'settling what was half written');
    if (!taken.ok) return lockHeld.is(taken.error) ? 'again' : taken;
    await new Holding(parts, taken.value.lease).release();
    return 'again';
  }

  async function readWish(): Promise<Result<Wish | undefined>> {
    const state = await stateFor('wish');
    if (!state.ok) return state;
    if (isAbsent(state.value)) return ok(undefined);
    const { wish, isWishKept } = state.value;
    if (isWishKept) return ok(wish?.wish);
    const settled = await agreeOnWish(parts, state.value, (newest) => ok(newest), holding?.lease);
    if (!settled.ok) return settled;
    read = undefined;
    return ok(settled.value?.wish);
  }

  async function writeWish(
    wanted: Omit<Wish, 'generation'>,
    basedOn: number,
  ): Promise<Result<Wish>> {
    const doing = 'write the wish';
    // Who has just begun the state, and has the lock, knows what it is about; whether it still is so the promises say.
    const state = begun === undefined ? await founded(doing) : ok(begun);
    begun = undefined;
    if (!state.ok) return state;
    read = undefined;
    const lease = holding?.lease;
    const mine = { author: random.hex(AUTHOR_BYTES), wish: { ...wanted, generation: basedOn + 1 } };
    const written = await agreeOnWish(
      parts,
      state.value,
      (newest) => {
        // Our own, of a try whose end we did not hear.
        if (newest?.author === mine.author) return ok(mine);
        const found = newest?.wish.generation ?? 0;
        return found === basedOn
          ? ok(mine)
          : err(wishConflict({ path: `${path}/wish.json`, basedOn, found }));
      },
      lease,
    );
    read = undefined;
    return written.ok ? ok(mine.wish) : written;
  }

  /** Begins the state when there is none. */
  async function founded(doing: string): Promise<Result<StateView>> {
    const state = await readState(parts, { doing, lease: holding?.lease });
    if (!state.ok) return state;
    if (!isAbsent(state.value)) return ok(state.value);
    const taken = await takeLock(parts, doing);
    if (!taken.ok) return taken;
    await new Holding(parts, taken.value.lease).release();
    return ok(taken.value.view);
  }

  async function writeRecord(record: ClusterRecord): Promise<Result<void>> {
    read = undefined;
    try {
      if (holding !== undefined) return await holding.writeRecord(record);
      const taken = await takeLock(parts, 'writing the record');
      if (!taken.ok) return taken;
      const shortly = new Holding(parts, taken.value.lease);
      const written = await shortly.writeRecord(record);
      await shortly.release();
      return written;
    } finally {
      read = undefined;
    }
  }

  async function appendJournal(
    entry: JournalEntry,
    { durable }: { readonly durable: boolean },
  ): Promise<Result<void>> {
    if (holding !== undefined) return holding.journal(entry, durable);
    const doing = 'write the journal';
    const line = markedLine(othersMark(random.hex(MARK_BYTES)), entry);
    for (let i = 1; ; i++) {
      const state = await readState(parts, { doing });
      if (!state.ok) return state;
      if (isAbsent(state.value)) return err(stateNotFounded({ cluster, doing }));
      const { set } = state.value;
      const request = { ...about(state.value), append: { lines: [line], durable } };
      const { answers, done } = await haveDone(parts, 'append', doing, set, request);
      // Somebody took the lock, or changed the set, in between.
      const isStale = [...answers.values()].some((one) => opAnswer(one, 'append') === 'stale');
      if (done.ok || !isStale || i === TRIES_MAX) return done;
    }
  }

  async function readJournal(entryCount: number): Promise<Result<readonly JournalEntry[]>> {
    await holding?.flush();
    const doing = 'read the journal';
    // More than is asked for: a host may lack some of the newest, and have others that are none.
    const journal = 2 * entryCount + SPARE_LINES;
    const state = await readState(parts, { doing, lease: holding?.lease, journal });
    if (!state.ok) return state;
    if (isAbsent(state.value) || entryCount === 0) return ok([]);
    return ok(
      merged(journalsIn(state.value))
        .slice(-entryCount)
        .map(({ entry }) => entry),
    );
  }

  async function lock(
    purpose: string,
    more?: { readonly takeOver?: string },
  ): Promise<Result<HeldLock>> {
    const atMs = clock.monotonicMs();
    const taken = await takeLock(parts, purpose, more?.takeOver);
    if (!taken.ok) return taken;
    const { lease, view, waitMs } = taken.value;
    const mine = new Holding(parts, lease);
    if (waitMs > 0) await clock.sleep(waitMs, parts.signal);
    if (!lease.isHeld()) {
      await mine.release();
      return err(seatSuperseded({ doing: 'take the lock', fence: lease.fence, seen: lease.fence }));
    }
    holding = mine;
    begun = view.wish === undefined ? view : undefined;
    read = { state: view, atMs, for: new Set() };
    return ok({
      stillHeld: () => mine.stillHeld(),
      release: async () => {
        if (holding === mine) holding = undefined;
        read = undefined;
        begun = undefined;
        await mine.release();
      },
    });
  }

  async function lockHolder(): Promise<LockHolder | undefined> {
    const state = await stateFor('holder');
    if (state.ok) {
      if (isAbsent(state.value)) return undefined;
      const { answers, set } = state.value;
      const living = livingLock(answers);
      const isHeld = living !== undefined && isQuorum(set, (host) => living.hosts.includes(host));
      return isHeld && !(await hasEnded(parts, living.lock)) ? holderIn(answers) : undefined;
    }
    // No majority: whoever has the lock on any host may be acting.
    const answers = await askHosts(parts, {
      doing: 'see who has the lock',
      hosts: parts.hints,
      request: () => ({ look: true }),
      isEnough: everybody,
    });
    return holderIn(answers);
  }

  return {
    readRecord,
    writeRecord,
    readWish,
    writeWish,
    appendJournal,
    readJournal,
    lock,
    lockHolder,
  };
}
