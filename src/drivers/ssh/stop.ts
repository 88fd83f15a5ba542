import { type Outcome, applied, refused, unknown } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { hostNotSeen } from './problems.js';
import { startedByHand, stopUnfinished } from '../evidence/index.js';
import { type Acted, type Context, SHORT_MS, act, failed, unlessCancelled } from './context.js';
import { shellQuoted as q } from '../shell/index.js';
import type { HostPaths } from './layout.js';
import { type Seen, lookAt } from './observe.js';
import { PROPERTY, SCRIPT_CODE, STANDING, STRICT, disable, lockHost } from './scripts.js';

/** After a SIGKILL only the kernel itself can still hold a process. */
const KILL_WAIT_MS = 5_000;
const POLL_SECONDS = 0.05;

/** SIGTERM by systemd, wait, and SIGKILL only after the grace; nothing running is `applied`. */
export function stopMember(
  context: Context,
  host: HostName,
  options: { readonly graceMs: number },
  signal: AbortSignal,
): Promise<Outcome> {
  return unlessCancelled('stopping the member', host, signal, async () => {
    const { unit, dataDir } = context.paths;
    const doing = 'stop the member';
    const end = await stopUnit(context, host, { unit, doing }, options, signal);
    if (end !== 'nothing-runs') return end;
    const seen = await lookAt(context, host, signal);
    if (!('facts' in seen)) return refused(hostNotSeen({ host, doing, because: seen.because }));
    const pid = seen.look.others[0]?.pid;
    if (pid === undefined) return applied();
    const stopping = stoppingOf(context.paths, seen);
    if (stopping === undefined) return refused(startedByHand({ host, pid, dataDir }));
    const formerEnd = await stopUnit(context, host, { ...stopping, doing }, options, signal);
    return formerEnd === 'nothing-runs' ? applied() : formerEnd;
  });
}

/**
 * What a person ran before us is stopped like ours: it does not come back with the next boot either. Undefined: what runs is
 * neither the unit that we know, nor a command that somebody typed where there was no unit.
 */
function stoppingOf({ former, dataDir }: HostPaths, seen: Seen): What | undefined {
  if (former === undefined || seen.former === undefined) return undefined;
  const { unit } = former;
  if (unit === undefined) return { typed: { pid: seen.former.pid, dataDir } };
  return seen.former.isUnits ? { unit: unit.name } : undefined;
}

export type Stopping = What & { readonly doing: string };

type What =
  | { readonly unit: string }
  /** The process of a command that somebody typed, and the data that it has to have open to be the one. */
  | { readonly typed: TypedProcess };

interface TypedProcess {
  readonly pid: number;
  readonly dataDir: string;
}

/** In two requests, so that one who cancels in between has not asked for force. */
export async function stopUnit(
  context: Context,
  host: HostName,
  stopping: Stopping,
  { graceMs }: { readonly graceMs: number },
  signal: AbortSignal,
): Promise<Outcome | 'nothing-runs'> {
  const { doing } = stopping;
  const [ask, kill] =
    'unit' in stopping
      ? [askScript(context.paths, stopping.unit, graceMs), killScript(stopping.unit)]
      : [
          endScript(context.paths, stopping.typed, 'TERM', graceMs),
          endScript(context.paths, stopping.typed, 'KILL', KILL_WAIT_MS),
        ];
  const unfinished = (forced: boolean, waitedMs: number) =>
    unknown(stopUnfinished({ host, pid: 0, waitedMs, forced }));
  const begunMs = context.clock.monotonicMs();
  const waited = () => Math.round(context.clock.monotonicMs() - begunMs);
  const answer = (end: Acted, forced: boolean): Outcome | 'nothing-runs' | 'still-there' => {
    if (end.kind === 'no') {
      return end.outcome.kind === 'unknown' ? unfinished(forced, waited()) : end.outcome;
    }
    if (end.code === 0) return applied();
    if (end.code === SCRIPT_CODE.nothingRuns) return 'nothing-runs';
    return end.code === SCRIPT_CODE.stillThere
      ? 'still-there'
      : refused(failed(context, host, doing, end));
  };
  const asked = answer(
    await act(
      context,
      host,
      {
        doing,
        script: ask,
        deadlineMs: graceMs + SHORT_MS,
      },
      signal,
    ),
    false,
  );
  if (asked !== 'still-there') return asked;
  if (signal.aborted) return unfinished(false, waited());
  const killed = answer(
    await act(context, host, { doing, script: kill, deadlineMs: KILL_WAIT_MS + SHORT_MS }, signal),
    true,
  );
  if (killed === 'still-there') return unfinished(true, waited());
  // It was asked to end before, whatever became of the second request.
  return killed !== 'nothing-runs' && killed.kind === 'refused'
    ? unfinished(false, waited())
    : killed;
}

/** What is stopped stays so: it does not come back with the next boot, nor when systemd had planned a restart. */
const askScript = (paths: HostPaths, unit: string, graceMs: number): string => `${STRICT}
${PROPERTY}
${STANDING}
${lockHost(paths)}
[ "$(property LoadState ${unit})" = loaded ] || exit ${SCRIPT_CODE.nothingRuns}
${disable(unit)}
before=$(standing ${unit})
systemctl stop --no-block ${unit}
[ $before = running ] || exit ${SCRIPT_CODE.nothingRuns}
flock -u 9
${waitFor(unit, graceMs)}
`;

const killScript = (unit: string): string => `${STRICT}
${PROPERTY}
${STANDING}
systemctl kill -s KILL ${unit} || :
${waitFor(unit, KILL_WAIT_MS)}
`;

/** A process that no unit has; only as long as it is the etcd that has this database open. */
const endScript = (
  paths: HostPaths,
  { pid, dataDir }: TypedProcess,
  signal: 'TERM' | 'KILL',
  forMs: number,
): string => `${STRICT}
${lockHost(paths)}
gone() { [ ! -e /proc/${pid}/exe ] || grep -q '^State:.Z' /proc/${pid}/status; }
ls -l /proc/${pid}/fd 2> /dev/null | grep -qF ${q(` -> ${dataDir}/member/`)} || exit ${SCRIPT_CODE.nothingRuns}
kill -s ${signal} ${pid} || exit ${SCRIPT_CODE.nothingRuns}
flock -u 9
for _ in $(seq ${Math.max(1, Math.ceil(forMs / 1000 / POLL_SECONDS))}); do
  if gone; then exit 0; fi
  sleep ${POLL_SECONDS}
done
exit ${SCRIPT_CODE.stillThere}
`;

const waitFor = (
  unit: string,
  forMs: number,
): string => `for _ in $(seq ${Math.max(1, Math.ceil(forMs / 1000 / POLL_SECONDS))}); do
  if [ "$(standing ${unit})" = ended ] && [ -z "$(property Job ${unit})" ]; then exit 0; fi
  sleep ${POLL_SECONDS}
done
exit ${SCRIPT_CODE.stillThere}`;
