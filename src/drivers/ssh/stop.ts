import { type Outcome, applied, refused, unknown } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { hostNotSeen } from './problems.js';
import { startedByHand, stopUnfinished } from '../evidence/index.js';
import { type Acted, type Context, SHORT_MS, act, failed, unlessCancelled } from './context.js';
import type { HostPaths } from './layout.js';
import { lookAt } from './observe.js';
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
    const { former } = context.paths;
    if (former === undefined || seen.former?.isUnits !== true) {
      return refused(startedByHand({ host, pid, dataDir }));
    }
    // What a person ran before us is stopped like ours: it does not come back with the next boot either.
    const stopping = { unit: former.unit, doing };
    const formerEnd = await stopUnit(context, host, stopping, options, signal);
    return formerEnd === 'nothing-runs' ? applied() : formerEnd;
  });
}

export interface Stopping {
  readonly unit: string;
  readonly doing: string;
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
        script: askScript(context.paths, stopping.unit, graceMs),
        deadlineMs: graceMs + SHORT_MS,
      },
      signal,
    ),
    false,
  );
  if (asked !== 'still-there') return asked;
  if (signal.aborted) return unfinished(false, waited());
  const killed = answer(
    await act(
      context,
      host,
      { doing, script: killScript(stopping.unit), deadlineMs: KILL_WAIT_MS + SHORT_MS },
      signal,
    ),
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

const waitFor = (
  unit: string,
  forMs: number,
): string => `for _ in $(seq ${Math.max(1, Math.ceil(forMs / 1000 / POLL_SECONDS))}); do
  if [ "$(standing ${unit})" = ended ] && [ -z "$(property Job ${unit})" ]; then exit 0; fi
  sleep ${POLL_SECONDS}
done
exit ${SCRIPT_CODE.stillThere}`;
