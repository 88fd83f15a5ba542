import { join } from 'node:path';
import { type Clock, type Result, err, ok } from '../../base/index.js';
import type { ClusterRecord } from '../../core/cluster/index.js';
import {
  type ClusterStore,
  type HeldLock,
  type LockHolder,
  type Wish,
  lockHeld,
} from '../../engine/ports/index.js';
import { ShapeError, parseWish, stateDamaged, wishConflict } from '../records/index.js';
import { errnoOf, makeDirectory, writeWhole } from '../../disk/index.js';
import { appendEntry, newestEntries } from './journal.js';
import { type LockFile, isStillOurs, lockHolder, releaseLock, takeLock } from './lock.js';
import { directoryProblem } from './problems.js';
import { readChecked, readRecordFile, recordPath } from './record-file.js';
import { createProcessTable } from './this-machine.js';

export interface LocalStoreOptions {
  /** The state directory of this one cluster: `<home>/clusters/<name>`. Made with the first write. */
  readonly stateDir: string;
  readonly clock: Clock;
}

/** How long a writer of the wish waits for another one, which takes a few milliseconds. */
const WISH_LOCK_WAIT_MS = 2000;
const WISH_LOCK_POLL_MS = 5;

/** Record, wish, journal and lock of one cluster as files of its state directory. */
export function createLocalStore({ stateDir, clock }: LocalStoreOptions): ClusterStore {
  const table = createProcessTable(clock);
  const lockPath = join(stateDir, 'lock');
  const wishPath = join(stateDir, 'wish.json');
  let held: LockFile | undefined;

  const readWish = () => readChecked(wishPath, parseWish);

  return {
    readRecord: () => readRecordFile(stateDir),
    writeRecord: (record: ClusterRecord) => writeJson(recordPath(stateDir), record),
    readWish,
    writeWish: (wish, basedOn) =>
      whileHoldingWishLock(async () => {
        const current = await readWish();
        if (!current.ok) return current;
        const found = current.value?.generation ?? 0;
        if (found !== basedOn) return err(wishConflict({ path: wishPath, basedOn, found }));
        const next: Wish = { ...wish, generation: basedOn + 1 };
        const written = await writeJson(wishPath, next);
        return written.ok ? ok(next) : written;
      }),
    appendJournal: (entry, { durable }) =>
      attempt('write the journal', stateDir, () =>
        // Only the lock's holder rotates, so that two processes never rotate at once.
        appendEntry(stateDir, entry, { durable, mayRotate: held !== undefined }),
      ),
    readJournal: (entryCount) =>
      attempt('read the journal', stateDir, () => newestEntries(stateDir, entryCount)),
    lock: takeControllerLock,
    lockHolder: async () => {
      const holder = await lockHolder(lockPath, table).catch(() => undefined);
      return holder === undefined ? undefined : asHolder(holder);
    },
  };

  async function takeControllerLock(purpose: string): Promise<Result<HeldLock>> {
    const result = await take(lockPath, purpose);
    if (!result.ok) return result;
    const mine = result.value;
    held = mine;
    return ok({
      stillHeld: () => isStillOurs(lockPath, mine),
      release: async () => {
        held = undefined;
        await releaseLock(lockPath, mine);
      },
    });
  }

  async function whileHoldingWishLock<T>(work: () => Promise<Result<T>>): Promise<Result<T>> {
    const path = join(stateDir, 'wish.lock');
    const untilMs = clock.monotonicMs() + WISH_LOCK_WAIT_MS;
    for (;;) {
      const result = await take(path, 'writing the wish');
      if (result.ok) {
        try {
          return await work();
        } finally {
          await releaseLock(path, result.value);
        }
      }
      if (!lockHeld.is(result.error) || clock.monotonicMs() >= untilMs) return result;
      await clock.sleep(WISH_LOCK_POLL_MS, NEVER);
    }
  }

  async function take(path: string, purpose: string): Promise<Result<LockFile>> {
    try {
      await makeDirectory(stateDir);
      const result = await takeLock(path, purpose, table, clock);
      if ('taken' in result) return ok(result.taken);
      const { pid, purpose: theirs, since } = result.heldBy;
      return err(lockHeld({ path, pid, purpose: theirs, sinceMs: since }));
    } catch (error) {
      if (error instanceof ShapeError || error instanceof SyntaxError) {
        return err(stateDamaged({ path, because: 'It is not a lock file of ours' }));
      }
      if (errnoOf(error) === '') throw error;
      return err(directoryProblem('take the lock', path, error));
    }
  }
}

const NEVER = new AbortController().signal;

const asHolder = ({ pid, purpose, since }: LockFile): LockHolder => ({ pid, purpose, since });

const writeJson = (path: string, value: unknown): Promise<Result<void>> =>
  attempt('write the state', path, async () => {
    await makeDirectory(join(path, '..'));
    await writeWhole(path, `${JSON.stringify(value, undefined, 2)}\n`, { durable: true });
  });

async function attempt<T>(doing: string, path: string, work: () => Promise<T>): Promise<Result<T>> {
  try {
    return ok(await work());
  } catch (error) {
    if (errnoOf(error) === '') throw error;
    return err(directoryProblem(doing, path, error));
  }
}
