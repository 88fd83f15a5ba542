import { type Outcome, applied, refused, unknown } from '../../base/index.js';
import { errnoOf } from '../../disk/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { type Context, unlessCancelled } from './context.js';
import { type MemberPaths, memberPaths } from './layout.js';
import { findProcess } from './member-process.js';
import { directoryProblem, startedByHand, stopUnfinished } from './problems.js';
import { type Life, readLife, writeLife } from './process-file.js';
import type { SeenProcess } from './process-table.js';

const POLL_MS = 10;
/** After a SIGKILL only the kernel itself can still hold a process. */
const KILL_WAIT_MS = 5000;

/** SIGTERM, wait, and SIGKILL only after the grace; nothing running is `applied`. */
export function stopMember(
  context: Context,
  host: HostName,
  options: { readonly graceMs: number },
  signal: AbortSignal,
): Promise<Outcome> {
  const paths = memberPaths(context.stateDir, host);
  return unlessCancelled('stopping the member', host, signal, async () => {
    try {
      const life = await readLife(paths.process, context.logger);
      const found = await findProcess(context.table, paths, life);
      if (found.kind === 'none') return applied();
      const { pid } = found.process;
      if (found.kind === 'by-hand') {
        return refused(startedByHand({ host, pid, dataDir: paths.dataDir }));
      }
      const asked = await recordAsked(context, paths, life, found.process);
      return await endProcess(context, host, found.process, options.graceMs, signal, () =>
        recordEnded(context, paths, asked),
      );
    } catch (error) {
      return refused(directoryProblem(`stop the member on ${host}`, paths.directory, error));
    }
  });
}

export async function endProcess(
  context: Context,
  host: HostName,
  running: SeenProcess,
  graceMs: number,
  signal: AbortSignal,
  onEnded: () => Promise<void>,
): Promise<Outcome> {
  const begunMs = context.clock.monotonicMs();
  const waits = [
    { send: 'SIGTERM', waitMs: graceMs },
    { send: 'SIGKILL', waitMs: KILL_WAIT_MS },
  ] as const;
  let forced = false;
  for (const { send, waitMs } of waits) {
    // Looked at right before each signal: the pid may be somebody else's by now.
    if (!(await isAlive(context, running))) break;
    signalProcess(running.pid, send);
    forced = send === 'SIGKILL';
    if ((await waitForEnd(context, running, waitMs, signal)) === 'cancelled') break;
  }
  if (await isAlive(context, running)) {
    const waitedMs = Math.round(context.clock.monotonicMs() - begunMs);
    return unknown(stopUnfinished({ host, pid: running.pid, waitedMs, forced }));
  }
  await onEnded();
  return applied();
}

async function waitForEnd(
  context: Context,
  running: SeenProcess,
  waitMs: number,
  signal: AbortSignal,
): Promise<'ended' | 'still-there' | 'cancelled'> {
  const untilMs = context.clock.monotonicMs() + waitMs;
  while (await isAlive(context, running)) {
    if (signal.aborted) return 'cancelled';
    if (context.clock.monotonicMs() >= untilMs) return 'still-there';
    await context.clock.sleep(POLL_MS, signal).catch(() => undefined);
  }
  return 'ended';
}

async function isAlive(context: Context, running: SeenProcess): Promise<boolean> {
  const seen = await context.table.look(running.pid);
  return seen !== undefined && seen.startMark === running.startMark;
}

function signalProcess(pid: number, name: 'SIGTERM' | 'SIGKILL'): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    // It ended by itself between the look and the signal.
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

/** Written before the signal, so that the end of the life is known as ours even if we die in between. */
async function recordAsked(
  context: Context,
  paths: MemberPaths,
  life: Life | undefined,
  running: SeenProcess,
): Promise<Life | undefined> {
  if (life === undefined) return undefined;
  const asked = {
    ...life,
    pid: running.pid,
    startMark: running.startMark,
    askedAt: context.clock.now(),
  };
  await quietly(context, paths, () => writeLife(paths.process, asked));
  return asked;
}

async function recordEnded(
  context: Context,
  paths: MemberPaths,
  asked: Life | undefined,
): Promise<void> {
  if (asked === undefined) return;
  const ended = { ...asked, endedAt: context.clock.now() };
  await quietly(context, paths, () => writeLife(paths.process, ended));
}

/** A full disk must not keep anybody from stopping a member. */
async function quietly(
  context: Context,
  paths: MemberPaths,
  write: () => Promise<void>,
): Promise<void> {
  try {
    await write();
  } catch (error) {
    context.logger.log('warn', 'a stop could not be recorded', {
      path: paths.process,
      because: String(error),
    });
  }
}
