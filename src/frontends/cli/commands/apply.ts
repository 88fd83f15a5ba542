import { type Problem, type Result, err, ok } from '../../../base/index.js';
import { type Refusal, acceptSpec } from '../accept-spec.js';
import { chooseCluster } from '../choose.js';
import { type Context, fail, show, tell } from '../context.js';
import { DISCOVERY_CLUSTER } from '../discovery-ports.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { whyHostsUnfit } from '../new-hosts.js';
import type { ManagedCluster } from '../ports.js';
import { clusterDown, clusterPaused } from '../problems.js';
import { failPursuit, pursue } from '../pursue.js';
import { readSpecFile, specFileFor } from '../read-spec.js';
import { type StepReport, stepReportOf } from '../reports/plan-report.js';
import { appliedView } from '../views/applied.js';
import { readTimeout } from './up.js';

export interface ApplyOptions {
  readonly file?: string;
  readonly yes?: string;
  readonly timeout: string;
  readonly offline?: boolean;
  readonly takeOver?: string;
  readonly skipHostsCheck?: boolean;
}

/** How long a supervisor may take to answer for itself. */
const SUPERVISE_MS = 10_000;

/** Makes the cluster what the file says, or what it was last asked to be; shows the plan first. */
export async function apply(
  context: Context,
  named: string | undefined,
  options: ApplyOptions,
): Promise<ExitCode> {
  const timeoutMs = readTimeout(options.timeout);
  if (!timeoutMs.ok) return fail(context, timeoutMs.error, EXIT.usage);
  const file = await specFileFor(context, options.file, named);
  const accepted =
    file === undefined
      ? await acceptStored(context, named, options)
      : await acceptFile(context, named, file, options);
  return accepted.ok
    ? carryOut(context, accepted.value, timeoutMs.value, options.takeOver)
    : fail(context, accepted.error.problems, accepted.error.exit);
}

const refuse = (exit: ExitCode, ...problems: readonly Problem[]): Result<never, Refusal> =>
  err({ problems, exit });

async function acceptFile(
  context: Context,
  named: string | undefined,
  file: string,
  { yes, offline, skipHostsCheck }: ApplyOptions,
): Promise<Result<ManagedCluster, Refusal>> {
  const spec = await readSpecFile(context, file, named);
  if (!spec.ok) return refuse(EXIT.usage, ...spec.error);
  const cluster = context.ports.clusters.open(spec.value.name, spec.value);
  const refused = await acceptSpec(context, cluster, {
    spec: spec.value,
    command: 'quorate apply',
    again: `quorate apply -f ${file}`,
    yes,
    offline,
    skipHostsCheck,
    thenRuns: true,
  });
  return refused === undefined ? ok(cluster) : err(refused);
}

/** What it was last asked to be was accepted then; it is only carried to its end. */
async function acceptStored(
  context: Context,
  named: string | undefined,
  { skipHostsCheck }: ApplyOptions,
): Promise<Result<ManagedCluster, Refusal>> {
  const cluster = await chooseCluster(context, named);
  if (!cluster.ok) return refuse(EXIT.usage, cluster.error);
  const wish = await cluster.value.store.readWish();
  if (!wish.ok) return refuse(EXIT.failed, wish.error);
  const { name } = cluster.value;
  if (wish.value?.state === 'down') return refuse(EXIT.failed, clusterDown({ cluster: name }));
  if (wish.value?.paused === true) return refuse(EXIT.failed, clusterPaused({ cluster: name }));
  // Hosts of a change that was accepted where nobody carried it out.
  const record = await cluster.value.store.readRecord();
  if (!record.ok || record.value === undefined || wish.value === undefined) return cluster;
  const { spec } = wish.value;
  const unfit = await whyHostsUnfit(context, record.value, { spec, skip: skipHostsCheck });
  return unfit.length > 0 ? refuse(EXIT.blocked, ...unfit) : cluster;
}

async function carryOut(
  context: Context,
  cluster: ManagedCluster,
  timeoutMs: number,
  takeOver: string | undefined,
): Promise<ExitCode> {
  const steps: StepReport[] = [];
  const end = await pursue(context, cluster, {
    command: 'quorate apply',
    again: `quorate apply ${cluster.name}`,
    what: 'convergence',
    timeoutMs,
    takeOver,
    onEntry: (entry) => {
      if (entry.kind === 'decided') steps.push(stepReportOf(entry));
    },
  });
  if (end.kind !== 'reached') return failPursuit(context, end);
  const supervised = await cluster.supervise(AbortSignal.timeout(SUPERVISE_MS));
  await show(context, appliedView, {
    name: cluster.name,
    ...(end.moment?.record.clusterID === undefined ? {} : { id: end.moment.record.clusterID }),
    steps,
  });
  const { meetingPlace } = end.moment?.record ?? {};
  if (meetingPlace?.isOurs === true && steps.some(({ step }) => step.kind === 'record-birth')) {
    // Other births, and whoever runs `discovery serve`, may use it: it is not ours to take down.
    const place = `The members met at the cluster ${DISCOVERY_CLUSTER} of this machine, and need it no more.`;
    tell(context, `${place} If nobody else does:\n  quorate down ${DISCOVERY_CLUSTER}`);
  }
  return supervised.ok ? EXIT.done : fail(context, supervised.error);
}
