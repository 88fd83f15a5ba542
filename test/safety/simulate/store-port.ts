import { type Result, err, ok } from '../../../src/base/index.js';
import type {
  ClusterStore,
  HeldLock,
  JournalEntry,
  Wish,
} from '../../../src/engine/ports/index.js';
import { trouble } from './trouble.js';
import type { Disk, JournalLine } from './disk.js';
import type { Life } from './life.js';
import type { Site } from './site.js';

/** The store of one site as one controller's process uses it. */
export function storeFor(site: Site, life: Life): ClusterStore {
  const { run, disk } = site;

  /** The effect takes place at one moment of the call; when the process dies before that, `halfway` may have. */
  const write = <T>(effect: () => Result<T>, halfway?: () => void): Promise<Result<T>> =>
    life.call<Result<T>>((answer) => {
      run.clock.after(diskMs(site), () => {
        if (!life.isAlive) {
          if (run.dice.chance(0.5)) halfway?.();
          return;
        }
        if (disk.trouble !== 'full') {
          const done = effect();
          answer(done);
          return;
        }
        life.hasLostLines = true;
        // What the disk refuses may have been done all the same: the write went through and its fsync did not.
        if (run.dice.chance(0.3)) effect();
        answer(err(trouble({ what: 'the disk is full' })));
      });
    });
  const read = <T>(bad: Disk['trouble'], look: () => T): Promise<Result<T>> =>
    life.call<Result<T>>((answer) => {
      run.clock.after(diskMs(site), () => {
        answer(
          disk.trouble === 'unreadable' || disk.trouble === bad
            ? err(trouble({ what: 'the disk cannot be read' }))
            : ok(look()),
        );
      });
    });

  return {
    readRecord: () => read('unreadable', () => disk.record),
    writeRecord: (record) => {
      if (life.isAlive) site.checks.holdsLock(life, 'writing the record');
      return write(() => {
        // The lock may be lost while the disk is slow; a store does not let an old holder write over a new one.
        if (disk.holder !== life) return err(trouble({ what: 'the lock is not held' }));
        site.checks.recordWritten(record);
        site.setRecord(record);
        return ok(undefined);
      });
    },
    readWish: async () => {
      const startedMs = run.clock.monotonicMs();
      const wish = await read('unreadable', () => disk.wish);
      life.turnStartedMs = startedMs;
      if (wish.ok) life.wish = wish.value;
      return wish;
    },
    writeWish: (wish, basedOn) =>
      write<Wish>(() => {
        if (disk.wish?.generation !== basedOn) return err(trouble({ what: 'a newer wish' }));
        disk.wish = { ...wish, generation: basedOn + 1 };
        return ok(disk.wish);
      }),
    appendJournal: (entry, { durable }) =>
      write(
        () => {
          append(site, life, entry, durable);
          return ok(undefined);
        },
        () => {
          const whole = run.dice.chance(0.5);
          if (whole) append(site, life, entry, false);
          else disk.journal.push({ entry: undefined, durable: false });
        },
      ),
    // Half-written lines are skipped.
    readJournal: (entryCount) =>
      read('journal-unreadable', () =>
        disk.journal
          .flatMap(({ entry }) => (entry === undefined ? [] : [entry]))
          .slice(-entryCount),
      ),
    lock: (purpose) =>
      life.call((answer) => {
        run.clock.after(diskMs(site), () => {
          if (!life.isAlive) return;
          if (disk.holder?.isAlive === true) {
            run.count('lock: kept off');
            answer(err(trouble({ what: `the lock is held, not free for ${purpose}` })));
            return;
          }
          if (disk.holder !== undefined) run.count('lock: taken over from a dead one');
          disk.holder = life;
          life.lockSeenAtMs = run.clock.monotonicMs();
          site.checks.lockTaken(life);
          run.say(life.name, () => 'takes the lock');
          answer(ok(lockOf(site, life)));
        });
      }),
    lockHolder: () => Promise.resolve(undefined),
  };
}

function append(site: Site, life: Life, entry: JournalEntry, durable: boolean): void {
  const line: JournalLine = { entry, durable };
  site.disk.journal.push(line);
  site.checks.journalled(life, entry, durable);
}

const diskMs = ({ run, disk }: Site): number =>
  disk.trouble === 'slow' ? run.dice.whole(50, 1500) : run.dice.chance(0.2) ? 1 : 0;

function lockOf(site: Site, life: Life): HeldLock {
  const { run, disk } = site;
  return {
    stillHeld: () =>
      life.call((answer) => {
        const isHeld = disk.holder === life;
        if (isHeld) life.lockSeenAtMs = run.clock.monotonicMs();
        const isStolen =
          run.phase === 'safety' && run.parameters.faults['steal-lock'] !== undefined;
        if (isStolen && run.dice.chance(0.05)) site.stealLock();
        run.clock.after(0, () => answer(isHeld));
      }),
    release: () =>
      life.call((answer) => {
        if (disk.holder === life) disk.holder = undefined;
        answer(undefined);
      }),
  };
}
