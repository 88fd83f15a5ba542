import { type Result, err, ok, parseDurationMs } from '../../../base/index.js';
import { chooseCluster } from '../choose.js';
import { type Context, fail, show, tell } from '../context.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { GatewayBackends } from '../ports.js';
import { badValue, usage } from '../problems.js';
import { gatewayView } from '../views/gateway.js';
import { untilAborted } from './until-aborted.js';

export interface GatewayOptions {
  readonly listen: readonly string[];
  readonly endpoints?: string;
  readonly follow?: boolean;
  readonly discoverySrv?: string;
  readonly metrics?: string;
  readonly cacert?: string;
  readonly cert?: string;
  readonly key?: string;
  readonly drain: string;
}

/** As `etcd gateway`. */
const DEFAULT_LISTEN = '127.0.0.1:23790';

/** What was typed cannot be read, as the gateway itself found out. */
const MISTYPED: ReadonlySet<string> = new Set(['gateway-bad-address', 'gateway-bad-endpoint']);

/** A gateway in the foreground until Ctrl-C; then what is under way may finish. */
export async function gateway(context: Context, options: GatewayOptions): Promise<ExitCode> {
  const drainMs = parseDurationMs(options.drain);
  if (drainMs === undefined) {
    const allowed = 'a duration such as 500ms, 10s, 2m';
    const found = options.drain;
    const problem = badValue({ what: 'The drain time', found, allowed, nearest: '' });
    return fail(context, problem, EXIT.usage);
  }
  const backends = await backendsOf(context, options);
  if (!backends.ok) return fail(context, backends.error, EXIT.usage);
  const { listen, metrics, cacert, cert, key } = options;
  const started = await context.ports.gateway({
    listen: listen.length === 0 ? [DEFAULT_LISTEN] : listen,
    backends: backends.value,
    metrics,
    cacert,
    cert,
    key,
    drainMs,
    tell: (line) => tell(context, line),
  });
  if (!started.ok) {
    const isTyped = MISTYPED.has(started.error.code);
    return fail(context, started.error, isTyped ? EXIT.usage : EXIT.failed);
  }
  await show(context, gatewayView, started.value.report());
  await untilAborted(context.interrupt);
  tell(context, 'taking no new connections; those that are open may finish');
  await started.value.drain();
  return EXIT.done;
}

async function backendsOf(
  context: Context,
  { endpoints, follow, discoverySrv, cert, key }: GatewayOptions,
): Promise<Result<GatewayBackends>> {
  if ((cert === undefined) !== (key === undefined)) {
    return misuse('--cert and --key belong together', 'Give both or none.');
  }
  if (follow === true && endpoints === undefined) {
    return misuse('--follow needs --endpoints', 'With --cluster members are followed anyway.');
  }
  if (endpoints !== undefined && discoverySrv !== undefined) {
    return misuse(
      '--endpoints and --discovery-srv exclude each other',
      'Name members in one way: --endpoints, --discovery-srv or --cluster.',
    );
  }
  if (discoverySrv !== undefined) return ok({ kind: 'srv', domain: discoverySrv });
  if (endpoints !== undefined) {
    const list = endpoints
      .split(',')
      .map((each) => each.trim())
      .filter((each) => each !== '');
    return ok({ kind: follow === true ? 'members' : 'list', endpoints: list });
  }
  const cluster = await chooseCluster(context);
  if (!cluster.ok) return cluster;
  const record = await cluster.value.store.readRecord();
  if (!record.ok) return record;
  const urls = Object.values(record.value?.addresses ?? {}).flatMap(({ clientURLs }) => clientURLs);
  return urls.length > 0
    ? ok({ kind: 'members', endpoints: urls })
    : misuse(
        `${cluster.value.name} has no member yet`,
        `Start it:\n  quorate up ${cluster.value.name}`,
      );
}

const misuse = (message: string, hint: string): Result<never> => err(usage({ message, hint }));
