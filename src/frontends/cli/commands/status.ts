import { type Result, err, isAbort, ok, type Problem } from '../../../base/index.js';
import { chooseCluster } from '../choose.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { ManagedCluster } from '../ports.js';
import { previewNow } from '../preview.js';
import { type StatusReport, statusReportOf } from '../reports/status-report.js';
import { statusView } from '../views/status.js';
import { render } from '../views/view.js';

export interface StatusOptions {
  readonly watch?: boolean;
}

const REDRAW_MS = 1000;
const CLEAR = '\u001b[2J\u001b[H';

/** One look at a cluster: without the lock, and whoever hangs, within the deadlines of a look. */
export async function status(
  context: Context,
  named: string | undefined,
  { watch }: StatusOptions,
): Promise<ExitCode> {
  const cluster = await chooseCluster(context, named);
  if (!cluster.ok) return fail(context, cluster.error, EXIT.usage);
  if (watch === true) return watchStatus(context, cluster.value);
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

/** Redraws on a terminal; elsewhere one report after the other, as a stream. Ends with Ctrl-C. */
async function watchStatus(context: Context, cluster: ManagedCluster): Promise<ExitCode> {
  const { io, interrupt, ports } = context;
  while (!interrupt.aborted) {
    const report = await statusOf(context, cluster);
    if (interrupt.aborted) break;
    if (!report.ok) return fail(context, report.error);
    const text = await render(statusView, report.value, context.format, context.outStyle);
    const asText = context.format === 'text';
    if (asText && io.outIsTerminal) io.out(`${CLEAR}${text}`);
    else io.out(context.format === 'yaml' ? `---\n${text}` : asText ? `${text}\n` : text);
    try {
      await ports.clock.sleep(REDRAW_MS, interrupt);
    } catch (error) {
      if (!isAbort(error) && !interrupt.aborted) throw error;
    }
  }
  return EXIT.done;
}
