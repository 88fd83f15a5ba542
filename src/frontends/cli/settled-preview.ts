import type { Problem, Result } from '../../base/index.js';
import { mayPass } from '../../core/planner/index.js';
import type { Context } from './context.js';
import type { ImaginedWish, Look, ManagedCluster } from './ports.js';
import { previewOf } from './preview.js';
import { BLOCKED_FOR_MS } from './pursue.js';
import type { PlanReport } from './reports/plan-report.js';

const LOOK_AGAIN_MS = 200;

/**
 * What would be done for this wish, looked at again for a moment where what blocks it may pass: no change is refused because
 * the one look fell into an election, or on a host that was slow to answer.
 */
export async function settledPreviewOf(
  context: Context,
  cluster: ManagedCluster,
  first: Look,
  wish: ImaginedWish,
): Promise<Result<PlanReport, readonly Problem[]>> {
  const { ports, interrupt } = context;
  const endMs = ports.clock.monotonicMs() + BLOCKED_FOR_MS;
  for (let look = first; ;) {
    const report = await previewOf(context, cluster, look, wish);
    if (!report.ok || report.value.kind !== 'blocked') return report;
    const { problem } = report.value;
    const isFinal = problem === undefined || !mayPass(problem) || interrupt.aborted;
    if (isFinal || ports.clock.monotonicMs() >= endMs) return report;
    await ports.clock.sleep(LOOK_AGAIN_MS, interrupt).catch(() => undefined);
    const again = await cluster.look(interrupt);
    if (!again.ok) return again;
    look = again.value;
  }
}
