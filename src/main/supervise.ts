import { type Result, defineProblem, err, ok } from '../base/index.js';
import type { ClusterStore } from '../engine/ports/index.js';
import { startGuardian } from './guardian.js';
import type { Machine } from './machine.js';

/** The purpose a supervisor's lock names. */
export const SUPERVISOR = 'supervisor';

const POLL_MS = 10;

export const supervisorSilent = defineProblem(
  'supervisor-silent',
  (d: { stateDir: string; log: string }) => ({
    summary: 'The supervisor did not take over',
    detail: `The cluster runs, and nothing heals it. The supervisor's own words are in ${d.log}.`,
    hint: 'Keep the cluster true from this terminal meanwhile:\n  quorate run',
  }),
);

/** Leaves a supervisor behind, unless one is there, and answers when it holds the lock. */
export async function ensureSupervisor(
  store: ClusterStore,
  stateDir: string,
  { clock }: Machine,
  signal: AbortSignal,
): Promise<Result<{ readonly pid: number }>> {
  const before = await store.lockHolder();
  if (before?.purpose === SUPERVISOR) return ok({ pid: before.pid });
  startGuardian(stateDir);
  while (!signal.aborted) {
    const holder = await store.lockHolder();
    if (holder?.purpose === SUPERVISOR) return ok({ pid: holder.pid });
    await clock.sleep(POLL_MS, signal).catch(() => undefined);
  }
  return err(supervisorSilent({ stateDir, log: `${stateDir}/supervisor.log` }));
}
