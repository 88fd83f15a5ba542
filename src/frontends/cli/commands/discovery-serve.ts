import { type Result, err, ok } from '../../../base/index.js';
import type { ClusterSpec } from '../../../core/spec/index.js';
import { acceptSpec } from '../accept-spec.js';
import { type Context, fail, show, tell } from '../context.js';
import { DISCOVERY_FLAGS, type DiscoveryStorage } from '../discovery-ports.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { ManagedCluster } from '../ports.js';
import { usage } from '../problems.js';
import { failPursuit, pursue } from '../pursue.js';
import { specFromOptions } from '../read-spec.js';
import { discoveryServiceView } from '../views/discovery.js';
import {
  type StorageOptions,
  discoveryCluster,
  namedStorage,
  storageOf,
} from './discovery-storage.js';
import { readTimeout } from './up.js';

export interface DiscoveryServeOptions extends StorageOptions {
  readonly listen: string;
  readonly advertise?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly insecure?: boolean;
  readonly offline?: boolean;
  readonly timeout: string;
}

/** How long a supervisor may take to answer for itself. */
const SUPERVISE_MS = 10_000;

/** What was typed cannot be used, as the service itself found out. */
const MISTYPED: ReadonlySet<string> = new Set(['discovery-bad-address', 'discovery-plain-text']);

/** A discovery service in the foreground until Ctrl-C. Its etcd stays behind, and so does every token. */
export async function discoveryServe(
  context: Context,
  options: DiscoveryServeOptions,
): Promise<ExitCode> {
  const { tlsCert, tlsKey } = options;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    const message = '--tls-cert and --tls-key belong together';
    return fail(context, usage({ message, hint: 'Give both or none.' }), EXIT.usage);
  }
  const named = namedStorage(options);
  if (!named.ok) return fail(context, named.error, EXIT.usage);
  const storage = named.value === undefined ? await ownStorage(context, options) : ok(named.value);
  if (!storage.ok) return storage.error;
  const discovery = await context.ports.discovery();
  const started = await discovery.serve({
    storage: storage.value,
    listen: options.listen,
    advertise: options.advertise,
    tlsCert,
    tlsKey,
    insecure: options.insecure === true,
    tell: (line) => tell(context, line),
  });
  if (!started.ok) {
    const isTyped = MISTYPED.has(started.error.code);
    return fail(context, started.error, isTyped ? EXIT.usage : EXIT.failed);
  }
  const { url } = started.value;
  await show(context, discoveryServiceView, { url, endpoints: storage.value.endpoints });
  await untilAborted(context.interrupt);
  tell(context, 'taking no new requests; members that wait will ask again');
  await started.value.drain();
  return EXIT.done;
}

/** A cluster of one member on this machine, founded or brought up again, with a supervisor that stays. */
async function ownStorage(
  context: Context,
  options: DiscoveryServeOptions,
): Promise<Result<DiscoveryStorage, ExitCode>> {
  const failed = async (exit: Promise<ExitCode>): Promise<Result<never, ExitCode>> =>
    err(await exit);
  const timeoutMs = readTimeout(options.timeout);
  if (!timeoutMs.ok) return failed(fail(context, timeoutMs.error, EXIT.usage));
  const cluster = discoveryCluster(context);
  if (!cluster.ok) return failed(fail(context, cluster.error, EXIT.usage));
  const { store, name } = cluster.value;
  const command = 'quorate discovery serve';
  const before = (await context.ports.clusters.list()).includes(name)
    ? await store.readWish()
    : ok(undefined);
  if (!before.ok) return failed(fail(context, before.error));
  const spec = before.value === undefined ? await ownSpec(name) : ok(before.value.spec);
  if (!spec.ok) return failed(fail(context, spec.error, EXIT.usage));
  const { offline } = options;
  const refused = await acceptSpec(context, cluster.value, {
    spec: spec.value,
    command,
    again: command,
    offline,
  });
  if (refused !== undefined) return failed(fail(context, refused.problems, refused.exit));
  const end = await pursue(context, cluster.value, {
    command,
    what: 'its etcd to be ready',
    timeoutMs: timeoutMs.value,
  });
  if (end.kind !== 'reached') return failed(failPursuit(context, end));
  const supervised = await cluster.value.supervise(AbortSignal.timeout(SUPERVISE_MS));
  if (!supervised.ok) return failed(fail(context, supervised.error));
  const storage = await storageOf(cluster.value);
  return storage.ok ? storage : failed(fail(context, storage.error));
}

async function ownSpec(name: ManagedCluster['name']): Promise<Result<ClusterSpec>> {
  const spec = await specFromOptions(name, { size: '1' });
  return spec.ok ? ok({ ...spec.value, etcd: DISCOVERY_FLAGS }) : spec;
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
