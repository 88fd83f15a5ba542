/**
 * The controller that stays behind `quorate up`: takes the lock, keeps the cluster what the wish says, and ends by
 * itself when the wish says down and every member is stopped. Started by the guardian, and watching it in turn.
 */
import { appendFileSync, existsSync, renameSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Logger, lineLogger } from '../base/index.js';
import { type ClusterName, parseClusterName } from '../core/cluster/index.js';
import {
  type TurnResult,
  controllerProblems,
  createController,
} from '../engine/controller/index.js';
import type { ClusterStore, HeldLock } from '../engine/ports/index.js';
import { startGuardian } from './guardian.js';
import { type Machine, localParts, thisMachine } from './machine.js';
import { birthPorts } from './managed-cluster.js';
import { settleVersion } from './resolve.js';
import { SUPERVISOR } from './supervise.js';

const LOG_BYTES_MAX = 4 * 1024 * 1024;
/** How often it looks whether its guardian still lives. */
const GUARDIAN_POLL_MS = 250;
const LOCK_POLL_MS = 100;
/** A command that acts without a supervisor may hold the lock this long before we give way to a fresh try. */
const LOCK_WAIT_MAX_MS = 600_000;

/** A step is never cut short: what ends the run ends it between two turns. */
const NEVER = new AbortController().signal;
/** What the guardian is told: start another one. */
const NOT_DONE = 1;

async function supervise(stateDir: string, guardian: number): Promise<number> {
  const name = parseClusterName(basename(stateDir));
  if (!name.ok) return 2;
  // Destroyed meanwhile: nothing is left to keep true, and no log of ours may bring its directory back.
  if (!existsSync(stateDir)) return 0;
  const machine = thisMachine();
  const logger = fileLogger(join(stateDir, 'supervisor.log'), machine);
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => ending.abort());
  }
  try {
    return await keepTrue(machine, { name: name.value, stateDir, logger, guardian }, ending);
  } catch (error) {
    logger.log('error', 'the supervisor ends by a bug', {
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    });
    return 1;
  }
}

async function keepTrue(
  machine: Machine,
  cluster: {
    readonly name: ClusterName;
    readonly stateDir: string;
    readonly logger: Logger;
    readonly guardian: number;
  },
  ending: AbortController,
): Promise<number> {
  const parts = await localParts(machine, cluster);
  const births = birthPorts(machine);
  const orphaned = watchGuardian(cluster.guardian, ending, cluster.logger);
  try {
    const lock = await waitForLock(parts.store, machine, ending.signal);
    if (lock === 'superfluous') return 0;
    if (lock === undefined) return handOver(orphaned, false, cluster.stateDir);
    let isDone = false;
    try {
      await settleVersion(parts.store, lock);
      const controller = createController({
        ...parts,
        ...machine,
        ...births,
        lock,
        logger: cluster.logger,
        who: { pid: process.pid, purpose: SUPERVISOR },
      });
      await controller.run({
        until: (turn) => {
          isDone = isOver(turn);
          return isDone;
        },
        signal: NEVER,
        interrupt: ending.signal,
      });
    } finally {
      await lock.release();
    }
    return handOver(orphaned, isDone, cluster.stateDir);
  } finally {
    orphaned.stop();
    await births.meetingPlaces.leave(NEVER);
    await parts.admin.close();
  }
}

/** Down as asked; or its state is gone, and with it whatever there was to keep. */
const isOver = (turn: TurnResult): boolean =>
  turn.kind === 'blocked'
    ? turn.problems.some(controllerProblems.wishMissing.is)
    : turn.kind === 'converged' && turn.view.wish.state === 'down';

/**
 * Done: the guardian ends with it. Orphaned: a new guardian is left, which starts a new supervisor. Anything else, a
 * plain `kill` too, is not the end: who wants it to end says `quorate down`.
 */
function handOver(orphaned: Watch, isDone: boolean, stateDir: string): number {
  if (isDone) return 0;
  if (orphaned.yes()) startGuardian(stateDir);
  return NOT_DONE;
}

interface Watch {
  yes(): boolean;
  stop(): void;
}

/**
 * A process whose parent has ended gets another one: that is how the guardian's end shows. The guardian itself says who
 * it is, because it may have ended before we look for the first time.
 */
function watchGuardian(guardian: number, ending: AbortController, logger: Logger): Watch {
  let orphaned = false;
  const timer = setInterval(() => {
    if (process.ppid === guardian) return;
    orphaned = true;
    logger.log('warn', 'the guardian has ended; another one takes over', { guardian });
    clearInterval(timer);
    ending.abort();
  }, GUARDIAN_POLL_MS);
  return { yes: () => orphaned, stop: () => clearInterval(timer) };
}

/** `superfluous`: another supervisor keeps the cluster, or there is none to keep (and taking a lock would make one). */
async function waitForLock(
  store: ClusterStore,
  { clock }: Machine,
  signal: AbortSignal,
): Promise<HeldLock | 'superfluous' | undefined> {
  const endMs = clock.monotonicMs() + LOCK_WAIT_MAX_MS;
  while (clock.monotonicMs() < endMs && !signal.aborted) {
    const wish = await store.readWish();
    if (wish.ok && wish.value === undefined) return 'superfluous';
    const lock = await store.lock(SUPERVISOR);
    if (lock.ok) return lock.value;
    if ((await store.lockHolder())?.purpose === SUPERVISOR) return 'superfluous';
    await clock.sleep(LOCK_POLL_MS, signal).catch(() => undefined);
  }
  return undefined;
}

/** One JSON line an entry; when the file is full it is moved aside, and the one before it goes. */
function fileLogger(path: string, { clock }: Machine): Logger {
  return lineLogger(
    (line) => {
      try {
        if ((statSync(path, { throwIfNoEntry: false })?.size ?? 0) > LOG_BYTES_MAX) {
          renameSync(path, `${path}.1`);
        }
        appendFileSync(path, line, { mode: 0o600 });
      } catch {
        // A log that cannot be written must not end what it tells about.
      }
    },
    () => new Date(clock.now()).toISOString(),
  );
}

// Last in the file: everything above it is ready then.
const { values } = parseArgs({
  options: { 'state-dir': { type: 'string' }, guardian: { type: 'string' } },
});
process.exitCode = await supervise(values['state-dir'] ?? '', Number(values.guardian));
