import { type Problem, type Result, err, nearest, ok } from '../../../base/index.js';
import type { ClusterRecord, HostName } from '../../../core/cluster/index.js';
import type { ClusterSpec } from '../../../core/spec/index.js';
import { chooseCluster } from '../choose.js';
import { type Context, fail, show, tell } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { badValue, namesDiffer, usage } from '../problems.js';
import { specFileFor } from '../read-spec.js';
import { hostsCheckView } from '../views/hosts-check.js';

export interface HostsCheckOptions {
  readonly file?: string;
  readonly host: readonly string[];
}

/**
 * Whether the hosts are fit for members: each on its own, and every way between them. Changes nothing. Exit code 1: something
 * would keep members from starting, from finding each other or from keeping their promise.
 */
export async function hostsCheck(
  context: Context,
  named: string | undefined,
  options: HostsCheckOptions,
): Promise<ExitCode> {
  const file = await specFileFor(context, options.file, named);
  const known =
    file === undefined ? await ofCluster(context, named) : await ofFile(context, file, named);
  if (!known.ok) return fail(context, known.error, EXIT.usage);
  const { spec, record } = known.value;
  const only = hostsOf(spec, options.host);
  if (!only.ok) return fail(context, only.error, EXIT.usage);
  tell(context, 'looking at the hosts');
  const ports = await context.ports.hosts();
  const signal = context.interrupt;
  const report = await ports.check({ spec, record, only: only.value, signal });
  if (!report.ok) return fail(context, report.error);
  const { verdicts } = report.value;
  await show(context, hostsCheckView, { cluster: spec.name, verdicts });
  return verdicts.some(({ standing }) => standing === 'problem') ? EXIT.failed : EXIT.done;
}

interface Known {
  readonly spec: ClusterSpec;
  readonly record: ClusterRecord | undefined;
}

async function ofCluster(
  context: Context,
  named: string | undefined,
): Promise<Result<Known, readonly Problem[]>> {
  const chosen = await chooseCluster(context, named);
  if (!chosen.ok) return err([chosen.error]);
  const { store, name } = chosen.value;
  const [wish, record] = await Promise.all([store.readWish(), store.readRecord()]);
  if (!wish.ok) return err([wish.error]);
  if (!record.ok) return err([record.error]);
  if (wish.value === undefined) {
    const message = `${name} has no spec yet`;
    return err([usage({ message, hint: `Start it:\n  quorate up ${name}` })]);
  }
  return ok({ spec: wish.value.spec, record: record.value });
}

/** Takes any section of a spec: hosts are looked at whatever else it asks for. */
async function ofFile(
  context: Context,
  file: string,
  named: string | undefined,
): Promise<Result<Known, readonly Problem[]>> {
  const { files, clusters } = context.ports;
  const text = await files.read(file);
  if (!text.ok) return err([text.error]);
  const { parseSpec } = await import('../../../core/spec-text/index.js');
  const parsed = parseSpec(text.value);
  if (!parsed.ok) return parsed;
  const { spec, warnings } = parsed.value;
  for (const { summary, detail } of warnings) tell(context, `note: ${summary}. ${detail}`);
  const asked = named ?? context.cluster;
  if (asked !== undefined && asked !== spec.name) {
    return err([namesDiffer({ inFile: spec.name, asked, file })]);
  }
  // Hosts that cannot be reached have no record to read, and that is for the check to say.
  const record = await clusters.open(spec.name, spec).store.readRecord();
  return ok({ spec, record: record.ok ? record.value : undefined });
}

/** Undefined: all of them. */
function hostsOf(
  { members, proxies, driver }: ClusterSpec,
  asked: readonly string[],
): Result<readonly HostName[] | undefined> {
  if (asked.length === 0) return ok(undefined);
  const known = [...members, ...proxies];
  const found: HostName[] = [];
  for (const each of asked) {
    const match = known.find(({ host, name }) => host === each || name === each);
    if (match === undefined || driver.kind === 'local') {
      const hosts = known.map(({ host }) => host);
      const allowed =
        driver.kind === 'local' ? 'nothing: all of it is on this machine' : hosts.join(', ');
      const near = driver.kind === 'local' ? '' : (nearest(each, hosts) ?? '');
      return err(badValue({ what: 'The host', found: each, allowed, nearest: near }));
    }
    found.push(match.host);
  }
  return ok(found);
}
