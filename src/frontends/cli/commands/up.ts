import { type Problem, type Result, err, ok, parseDurationMs } from '../../../base/index.js';
import { acceptSpec } from '../accept-spec.js';
import { DEFAULT_CLUSTER, readClusterName } from '../choose.js';
import { type Context, fail, show, tell } from '../context.js';
import { tellEvenSize } from '../even-size.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { ManagedCluster } from '../ports.js';
import { badValue } from '../problems.js';
import { type Moment, failPursuit, pursue } from '../pursue.js';
import { readSpecFile, specFromOptions, specWithOptions } from '../read-spec.js';
import { upView } from '../views/up.js';
import { hostSight, quorumOf } from '../../../core/cluster/index.js';
import type { ClusterSpec } from '../../../core/spec/index.js';

export interface UpOptions {
  readonly size?: string;
  readonly version?: string;
  readonly file?: string;
  readonly offline?: boolean;
  readonly skipHostsCheck?: boolean;
  readonly timeout: string;
  readonly yes?: string;
}

/** How long a supervisor may take to answer for itself. */
const SUPERVISE_MS = 10_000;

/**
 * A cluster on this machine that takes writes, whatever there was before: founded, started again, or already there.
 * Returns at the first acknowledged write; a supervisor goes on from there.
 */
export async function up(
  context: Context,
  named: string | undefined,
  options: UpOptions,
): Promise<ExitCode> {
  const startedMs = context.ports.clock.monotonicMs();
  const timeoutMs = readTimeout(options.timeout);
  if (!timeoutMs.ok) return fail(context, timeoutMs.error, EXIT.usage);
  const opened = await open(context, named, options);
  if (!opened.ok) return fail(context, opened.error, EXIT.usage);
  const { cluster, spec: wanted } = opened.value;

  const refused = await acceptSpec(context, cluster, {
    spec: wanted,
    command: 'quorate up',
    again: `quorate up${options.file === undefined ? '' : ` -f ${options.file}`}`,
    yes: options.yes,
    offline: options.offline,
    skipHostsCheck: options.skipHostsCheck,
  });
  if (refused !== undefined) return fail(context, refused.problems, refused.exit);
  return untilItTakesWrites(context, cluster, timeoutMs.value, startedMs);
}

interface Opened {
  readonly cluster: ManagedCluster;
  readonly spec: ClusterSpec;
}

/** Which cluster, and what it should be: by file, by options, or as it was. */
async function open(
  context: Context,
  named: string | undefined,
  options: UpOptions,
): Promise<Result<Opened, readonly Problem[]>> {
  const { clusters } = context.ports;
  const fromFile =
    options.file === undefined ? undefined : await readSpecFile(context, options.file, named);
  if (fromFile !== undefined && !fromFile.ok) return fromFile;
  const name = readClusterName(
    fromFile?.value.name ?? named ?? context.cluster ?? (await onlyCluster(context)),
  );
  if (!name.ok) return err([name.error]);
  const cluster = clusters.open(name.value);
  const wish = (await clusters.list()).includes(name.value)
    ? await cluster.store.readWish()
    : ok(undefined);
  if (!wish.ok) return err([wish.error]);
  const before = wish.value?.spec;
  const spec =
    fromFile !== undefined
      ? fromFile
      : before === undefined
        ? await specFromOptions(name.value, options)
        : await specWithOptions(before, options);
  if (spec.ok && fromFile === undefined) tellEvenSize(context, before, spec.value);
  if (!spec.ok) return err(Array.isArray(spec.error) ? spec.error : [spec.error as Problem]);
  return ok({ cluster, spec: spec.value });
}

/** Without a name: the only cluster there is, else the one called `default`. */
async function onlyCluster({ ports }: Context): Promise<string> {
  const [only, ...others] = await ports.clusters.list();
  return only !== undefined && others.length === 0 ? only : DEFAULT_CLUSTER;
}

async function untilItTakesWrites(
  context: Context,
  cluster: ManagedCluster,
  timeoutMs: number,
  startedMs: number,
): Promise<ExitCode> {
  const { clock } = context.ports;
  const written = new AbortController();
  const ended = new AbortController();
  const signal = AbortSignal.any([context.interrupt, ended.signal]);
  let seen: Moment | undefined;
  const first = cluster
    .firstWrite(() => (seen === undefined ? [] : mayTakeWrites(seen)), signal)
    .then(({ endpoint }) => {
      written.abort();
      return endpoint;
    })
    .catch(() => undefined);
  const end = await pursue(context, cluster, {
    command: 'quorate up',
    what: 'a write that is acknowledged',
    timeoutMs,
    enough: written.signal,
    reached: (moment) => {
      seen = moment;
      return false;
    },
  });
  // A blocked plan need not keep a cluster from taking writes: a moment more tells.
  if (end.kind === 'blocked') await clock.sleep(500, context.interrupt).catch(() => undefined);
  const takesWrites = written.signal.aborted;
  ended.abort();
  await first;
  if (!takesWrites) {
    if (end.kind !== 'reached') return failPursuit(context, end);
    return EXIT.failed;
  }
  const tookMs = clock.monotonicMs() - startedMs;
  const supervised = await cluster.supervise(AbortSignal.timeout(SUPERVISE_MS));
  await show(context, upView, {
    name: cluster.name,
    ...(seen?.record.clusterID === undefined ? {} : { id: seen.record.clusterID }),
    version: seen?.target.version ?? '',
    endpoints: seen?.target.members.flatMap(({ clientURLs }) => clientURLs) ?? [],
    tookMs,
  });
  if (!supervised.ok) return fail(context, supervised.error);
  if (end.kind === 'blocked') {
    tell(context, 'It takes writes, and its plan is blocked:');
    return failPursuit(context, end);
  }
  return EXIT.done;
}

/**
 * Whom it makes sense to ask for a write: the members that may run, and nobody while they are too few for a quorum. A
 * refused connection costs as much processor time as the members need to come up.
 */
function mayTakeWrites({ target, observation }: Moment): readonly string[] {
  const running = target.members.filter(
    ({ host }) => hostSight(observation, host)?.process.kind !== 'stopped',
  );
  return running.length < quorumOf(target.members.length)
    ? []
    : running.flatMap(({ clientURLs }) => clientURLs);
}

/** `2m`, `30s`. */
export function readTimeout(text: string): Result<number> {
  const ms = parseDurationMs(text);
  if (ms !== undefined && ms > 0) return ok(ms);
  const allowed = 'a duration such as 30s, 2m or 1h';
  return err(badValue({ what: 'The timeout', found: text, allowed, nearest: '' }));
}
