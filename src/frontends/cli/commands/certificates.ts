import { type Result, err, ok, parseDurationMs } from '../../../base/index.js';
import type { CertificatePorts, KnownAuthorities } from '../certificate-ports.js';
import { meantCluster } from '../choose.js';
import { type Context, fail, show, tell } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { ManagedCluster } from '../ports.js';
import { badValue, notOurCertificates } from '../problems.js';
import { type Moment, failPursuit, pursue } from '../pursue.js';
import { leafReports } from '../reports/certificate-report.js';
import { type StepReport, stepReportOf } from '../reports/plan-report.js';
import { rotationReportOf } from '../reports/rotation-report.js';
import { appliedView } from '../views/applied.js';
import { certificatesView, dateText, iso } from '../views/certificates.js';
import { rotationText } from '../views/rotation.js';
import { wordView } from '../views/word.js';
import { type Kept, SUPERVISE_MS, changeableCluster, keptCluster } from './member-common.js';
import { type Stop, failStop, stop } from '../stop.js';
import { readTimeout } from './up.js';

/** Whose certificates hosts hold, until when, and who issued them. */
export async function certificatesList(context: Context): Promise<ExitCode> {
  const kept = await keptCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const { cluster, look } = kept.value;
  const known = await knownOf(cluster);
  if (!known.ok) return failStop(context, known.error);
  await show(context, certificatesView, {
    cluster: cluster.name,
    now: context.ports.clock.now(),
    known: known.value.known,
    leafs: leafReports(look.input),
  });
  return EXIT.done;
}

interface Ours {
  readonly ports: CertificatePorts;
  readonly known: KnownAuthorities;
}

async function knownOf(cluster: ManagedCluster): Promise<Result<Ours, Stop>> {
  const ports = await cluster.certificates();
  const known = await ports.read();
  if (!known.ok) return stop(EXIT.failed, known.error);
  return known.value === undefined
    ? stop(EXIT.failed, notOurCertificates({ cluster: cluster.name }))
    : ok({ ports, known: known.value });
}

export interface CertificatesChangeOptions {
  readonly timeout: string;
}

/** The same authorities, new leafs: host by host, without a restart. */
export const certificatesRenew = (
  context: Context,
  options: CertificatesChangeOptions,
): Promise<ExitCode> =>
  change(context, options, 'quorate certificates renew', async (_, { ports }) => {
    const asked = await ports.askForRenewal();
    return asked.ok ? ok(isConverged) : stop(EXIT.failed, asked.error);
  });

export interface RotateOptions extends CertificatesChangeOptions {
  readonly finish?: boolean;
}

/** New authorities, in three phases, of which two restart every member, one after the other. */
export const certificatesRotate = (context: Context, options: RotateOptions): Promise<ExitCode> =>
  change(context, options, 'quorate certificates rotate-ca', async ({ look, cluster }, ours) => {
    const { ports, known } = ours;
    if (options.finish === true) {
      const asked = await ports.askToFinish();
      return asked.ok ? ok(isConverged) : stop(EXIT.failed, asked.error);
    }
    const { tls } = look.wish.spec;
    if (tls.kind === 'auto' && tls.ca !== undefined) {
      return stop(EXIT.usage, notOurCertificates({ cluster: cluster.name }));
    }
    const asked = await ports.askForRotation();
    if (!asked.ok) return stop(EXIT.failed, asked.error);
    const old = new Set(known.authorities.map(({ fingerprint }) => fingerprint));
    // Whoever acts begins it a moment later: until then nothing is to be done.
    return ok((moment: Moment) => {
      const planes = moment.target.authorities?.planes;
      const isBegun = planes?.client.trusted.some((fingerprint) => !old.has(fingerprint));
      return isConverged(moment) && isBegun === true;
    });
  });

const isConverged = ({ plan }: Moment): boolean => plan.kind === 'converged';

async function change(
  context: Context,
  { timeout }: CertificatesChangeOptions,
  command: string,
  ask: (kept: Kept, ours: Ours) => Promise<Result<(moment: Moment) => boolean, Stop>>,
): Promise<ExitCode> {
  const timeoutMs = readTimeout(timeout);
  if (!timeoutMs.ok) return fail(context, timeoutMs.error, EXIT.usage);
  const kept = await changeableCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const { cluster } = kept.value;
  const ours = await knownOf(cluster);
  if (!ours.ok) return failStop(context, ours.error);
  const reached = await ask(kept.value, ours.value);
  if (!reached.ok) return failStop(context, reached.error);
  const steps: StepReport[] = [];
  const end = await pursue(context, cluster, {
    command,
    what: 'convergence',
    timeoutMs: timeoutMs.value,
    reached: reached.value,
    onEntry: (entry) => {
      if (entry.kind === 'decided') steps.push(stepReportOf(entry));
    },
  });
  if (end.kind !== 'reached') return failPursuit(context, end);
  const supervised = await cluster.supervise(AbortSignal.timeout(SUPERVISE_MS));
  const id = end.moment?.record.clusterID;
  await show(context, appliedView, {
    name: cluster.name,
    ...(id === undefined ? {} : { id }),
    steps,
  });
  const rotation = end.moment === undefined ? undefined : rotationReportOf(end.moment);
  if (rotation !== undefined) tell(context, rotationText(rotation));
  return supervised.ok ? EXIT.done : fail(context, supervised.error);
}

export interface IssueOptions {
  readonly to: string;
  readonly validity: string;
  readonly replace?: boolean;
}

/** A certificate for a person or a program, as files in a directory. */
export async function certificatesIssue(
  context: Context,
  name: string,
  options: IssueOptions,
): Promise<ExitCode> {
  const cluster = await meantCluster(context);
  if (!cluster.ok) return failStop(context, cluster.error);
  const validityMs = readValidity(options.validity);
  if (!validityMs.ok) return fail(context, validityMs.error, EXIT.usage);
  const ports = await cluster.value.certificates();
  const known = ports.parseClientName(name);
  if (!known.ok) {
    const what = 'The name of a client';
    const problem = badValue({ what, found: name, allowed: known.error, nearest: '' });
    return fail(context, problem, EXIT.usage);
  }
  const issued = await ports.issue({
    name,
    validityMs: validityMs.value,
    directory: options.to,
    replace: options.replace === true,
  });
  if (!issued.ok) return fail(context, issued.error);
  const { certificate, key, ca, notAfter } = issued.value;
  const until = dateText(notAfter, context.ports.clock.now());
  await show(context, wordView, {
    text: `${name} until ${until}\n  --cert ${certificate} --key ${key} --cacert ${ca}\n`,
    data: { client: name, certificate, key, ca, notAfter: iso(notAfter) },
  });
  return EXIT.done;
}

function readValidity(text: string): Result<number> {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms >= 60_000) return ok(ms);
  const what = 'How long a certificate is valid';
  const allowed = 'a duration of a minute or more, such as 90d';
  return err(badValue({ what, found: text, allowed, nearest: '' }));
}
