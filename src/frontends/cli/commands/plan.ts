import { type Problem, type Result, ok } from '../../../base/index.js';
import { plannerProblems } from '../../../core/planner/index.js';
import type { ClusterSpec } from '../../../core/spec/index.js';
import { chooseCluster } from '../choose.js';
import { type Context, fail, show } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { whyHostsUnfit } from '../new-hosts.js';
import type { Look, ManagedCluster } from '../ports.js';
import { previewNow, previewOf } from '../preview.js';
import { readSpecFile, specFileFor } from '../read-spec.js';
import { type PlanReport, driftIn, planReportOf } from '../reports/plan-report.js';
import { planView } from '../views/plan.js';

const { minorChange } = plannerProblems;

export interface PlanOptions {
  readonly file?: string;
  readonly skipHostsCheck?: boolean;
}

/** Shows what would be done; touches nothing, needs no lock. */
export async function plan(
  context: Context,
  named: string | undefined,
  options: PlanOptions,
): Promise<ExitCode> {
  const file = await specFileFor(context, options.file, named);
  const report =
    file === undefined
      ? await planStored(context, named, options)
      : await planFile(context, named, file, options);
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

async function planStored(
  context: Context,
  named: string | undefined,
  { skipHostsCheck: skip }: PlanOptions,
): Promise<Planned> {
  const cluster = await chooseCluster(context, named);
  if (!cluster.ok) return { ok: false, error: [cluster.error], usage: true };
  const { store } = cluster.value;
  const [look, record] = await Promise.all([
    cluster.value.look(context.interrupt),
    store.readRecord(),
  ]);
  if (!look.ok) return { ok: false, error: look.error, usage: false };
  const report = withDrift(await previewNow(look.value), look.value);
  // Nobody gives addresses to the hosts of a cluster that is to stay as it is.
  if (!record.ok || report.kind === 'converged') return { ok: true, value: report };
  const { spec } = look.value.wish;
  return {
    ok: true,
    value: orUnfit(report, await whyHostsUnfit(context, record.value, { spec, skip })),
  };
}

async function planFile(
  context: Context,
  named: string | undefined,
  file: string,
  { skipHostsCheck: skip }: PlanOptions,
): Promise<Planned> {
  const spec = await readSpecFile(context, file, named);
  if (!spec.ok) return { ok: false, error: spec.error, usage: true };
  const { clusters } = context.ports;
  const cluster = clusters.open(spec.value.name, spec.value);
  const exists = await cluster.exists();
  if (!exists.ok) return { ok: false, error: [exists.error], usage: false };
  const record = exists.value ? await cluster.store.readRecord() : ok(undefined);
  if (!record.ok) return { ok: false, error: [record.error], usage: false };
  const [unfit, report] = await Promise.all([
    whyHostsUnfit(context, record.value, { spec: spec.value, skip }),
    previewFor(context, cluster, spec.value, exists.value),
  ]);
  if (report.ok) return { ok: true, value: orUnfit(report.value, unfit) };
  const [problem] = report.error;
  // The planner's refusal, given before there is a target to plan for, is a plan like any other.
  return problem !== undefined && minorChange.is(problem)
    ? { ok: true, value: planReportOf({ steps: [], end: { kind: 'blocked', problem } }) }
    : { ok: false, error: report.error, usage: false };
}

async function previewFor(
  context: Context,
  cluster: ManagedCluster,
  spec: ClusterSpec,
  exists: boolean,
): Promise<Result<PlanReport, readonly Problem[]>> {
  const look = exists ? await cluster.look(context.interrupt) : undefined;
  if (look?.ok === false) return look;
  const report = await previewOf(context, cluster, look?.value, { spec, state: 'up' });
  return report.ok ? ok(withDrift(report.value, look?.value)) : report;
}

/** Where hosts are not fit, no step is taken. */
function orUnfit(report: PlanReport, [problem]: readonly Problem[]): PlanReport {
  if (problem === undefined || report.kind === 'blocked') return report;
  const { drift } = report;
  const blocked = planReportOf({ steps: [], end: { kind: 'blocked', problem } });
  return drift === undefined ? blocked : { ...blocked, drift };
}

function withDrift(report: PlanReport, look: Look | undefined): PlanReport {
  const drift = look === undefined ? [] : driftIn(look.input.observation);
  return drift.length === 0 ? report : { ...report, drift };
}
