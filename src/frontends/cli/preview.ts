import type { Problem, Result } from '../../base/index.js';
import { ok } from '../../base/index.js';
import type { Context } from './context.js';
import type { ImaginedWish, Look, ManagedCluster } from './ports.js';
import { type PlanReport, planReportOf } from './reports/plan-report.js';

/** What would be done for this wish if nothing failed: the planner itself, run against the model. */
export async function previewOf(
  { interrupt }: Context,
  cluster: ManagedCluster,
  look: Look | undefined,
  wish: ImaginedWish,
): Promise<Result<PlanReport, readonly Problem[]>> {
  const input = await cluster.imagine(look, wish, interrupt);
  if (!input.ok) return input;
  const { preview } = await import('../../core/model/index.js');
  return ok(planReportOf(preview(input.value)));
}

/** What is going to be done for the wish as it is. */
export async function previewNow(look: Look): Promise<PlanReport> {
  const { preview } = await import('../../core/model/index.js');
  return planReportOf(preview(look.input));
}
