import type { Problem } from '../../../base/index.js';
import { plannerProblems } from '../../../core/planner/index.js';
import { chooseCluster } from '../choose.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { previewNow, previewOf } from '../preview.js';
import { readSpecFile, specFileFor } from '../read-spec.js';
import { type PlanReport, planReportOf } from '../reports/plan-report.js';
import { planView } from '../views/plan.js';

const { minorChange } = plannerProblems;

export interface PlanOptions {
  readonly file?: string;
}

/** Shows what would be done; touches nothing, needs no lock. */
export async function plan(
  context: Context,
  named: string | undefined,
  options: PlanOptions,
): Promise<ExitCode> {
  const file = await specFileFor(context, options.file, named);
  const report =
    file === undefined ? await planStored(context, named) : await planFile(context, named, file);
  if (!report.ok) return fail(context, report.error, report.usage ? EXIT.usage : EXIT.failed);
  await show(context, planView, report.value);
  return exitOf(report.value);
}

export function exitOf(report: PlanReport): ExitCode {
  switch (report.kind) {
    case 'converged':
      return EXIT.done;
    case 'blocked':
      return EXIT.blocked;
    case 'steps':
    case 'wait':
      return EXIT.changes;
  }
}

type Planned =
  | { readonly ok: true; readonly value: PlanReport }
  | { readonly ok: false; readonly error: readonly Problem[]; readonly usage: boolean };

async function planStored(context: Context, named: string | undefined): Promise<Planned> {
  const cluster = await chooseCluster(context, named);
  if (!cluster.ok) return { ok: false, error: [cluster.error], usage: true };
  const look = await cluster.value.look(context.interrupt);
  if (!look.ok) return { ok: false, error: look.error, usage: false };
  return { ok: true, value: await previewNow(look.value) };
}

async function planFile(
  context: Context,
  named: string | undefined,
  file: string,
): Promise<Planned> {
  const spec = await readSpecFile(context, file, named);
  if (!spec.ok) return { ok: false, error: spec.error, usage: true };
  const { clusters } = context.ports;
  const cluster = clusters.open(spec.value.name, spec.value);
  const exists = await cluster.exists();
  if (!exists.ok) return { ok: false, error: [exists.error], usage: false };
  const look = exists.value ? await cluster.look(context.interrupt) : undefined;
  if (look?.ok === false) return { ok: false, error: look.error, usage: false };
  const report = await previewOf(context, cluster, look?.value, {
    spec: spec.value,
    state: 'up',
  });
  if (report.ok) return report;
  const [problem] = report.error;
  // The planner's refusal, given before there is a target to plan for, is a plan like any other.
  return problem !== undefined && minorChange.is(problem)
    ? { ok: true, value: planReportOf({ steps: [], end: { kind: 'blocked', problem } }) }
    : { ok: false, error: report.error, usage: false };
}
