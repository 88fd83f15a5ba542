import { type Problem, type Result, err, ok } from '../../../base/index.js';
import { meantCluster } from '../choose.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { ManagedCluster } from '../ports.js';
import { previewNow } from '../preview.js';
import { type StatusReport, statusReportOf } from '../reports/status-report.js';
import { statusView } from '../views/status.js';
import { watchWith } from '../watch.js';
import { failStop } from '../stop.js';

export interface StatusOptions {
  readonly watch?: boolean;
}

/** One look at a cluster: without the lock, and whoever hangs, within the deadlines of a look. */
export async function status(
  context: Context,
  named: string | undefined,
  { watch }: StatusOptions,
): Promise<ExitCode> {
  const cluster = await meantCluster(context, named);
  if (!cluster.ok) return failStop(context, cluster.error);
  if (watch === true) {
    return watchWith(context, statusView, () => statusOf(context, cluster.value));
  }
  const report = await statusOf(context, cluster.value);
  if (!report.ok) return fail(context, report.error);
  await show(context, statusView, report.value);
  return EXIT.done;
}

export async function statusOf(
  context: Context,
  cluster: ManagedCluster,
): Promise<Result<StatusReport, readonly Problem[]>> {
  const look = await cluster.look(context.interrupt);
  if (!look.ok) return err(look.error);
  const { wish, input, controller } = look.value;
  const plan = await previewNow(look.value);
  return ok(
    statusReportOf({ wish, input, plan, ...(controller === undefined ? {} : { controller }) }),
  );
}
