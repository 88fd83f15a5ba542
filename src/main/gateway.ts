import { Resolver } from 'node:dns/promises';
import { type LogLevel, type Logger, type Result, ok } from '../base/index.js';
import type { TLSOptions } from '../etcd/index.js';
import type { Files, GatewaySettings, RunningGateway } from '../frontends/cli/index.js';
import {
  type BackendSource,
  type Gateway,
  createGateway,
  fixedBackends,
  memberBackends,
  parseListenAddress,
  srvBackends,
} from '../services/gateway/index.js';
import type { Machine } from './machine.js';

/** A gateway in this process; SIGHUP makes it read again whatever it was made from. */
export async function startGateway(
  { clock }: Pick<Machine, 'clock'>,
  files: Pick<Files, 'read'>,
  settings: GatewaySettings,
): Promise<Result<RunningGateway>> {
  const listen = allOf(settings.listen.map(parseListenAddress));
  if (!listen.ok) return listen;
  const metrics =
    settings.metrics === undefined ? ok(undefined) : parseListenAddress(settings.metrics);
  if (!metrics.ok) return metrics;
  const first = await readTLS(files, settings);
  if (!first.ok) return first;
  let certificates = first.value;
  const tls = () => certificates;
  const logger = telling(settings.tell);
  const { drainMs } = settings;
  const gateway = createGateway({
    listen: listen.value,
    metrics: metrics.value,
    backends: sourceOf(settings, { tls, clock, logger }),
    clock,
    logger,
    tls,
    limits: drainMs === undefined ? {} : { drainMs },
  });
  const started = await gateway.start();
  if (!started.ok) return started;

  const reload = async () => {
    const read = await readTLS(files, settings);
    if (read.ok) certificates = read.value;
    const problem = (await gateway.refresh()) ?? (read.ok ? undefined : read.error);
    settings.tell(
      problem === undefined
        ? 'SIGHUP: everything was read again'
        : `SIGHUP: ${problem.summary}. ${problem.detail} What was known before stays.`,
    );
  };
  const onHangUp = () => void reload();
  process.on('SIGHUP', onHangUp);
  return ok({
    report: () => reportOf(gateway),
    drain: async () => {
      process.off('SIGHUP', onHangUp);
      await gateway.drain();
    },
  });
}

function sourceOf(
  { backends, cacert, cert }: GatewaySettings,
  parts: {
    readonly tls: () => TLSOptions | undefined;
    readonly clock: Machine['clock'];
    readonly logger: Logger;
  },
): BackendSource {
  switch (backends.kind) {
    case 'list':
      return fixedBackends(backends.endpoints, cacert !== undefined || cert !== undefined);
    case 'members':
      return memberBackends({ ...parts, endpoints: backends.endpoints });
    case 'srv': {
      const resolver = new Resolver();
      const resolveSRV = (name: string) => resolver.resolveSrv(name);
      return srvBackends({ ...parts, domain: backends.domain, resolveSRV });
    }
  }
}

/** The certificates as they are in their files now; undefined when none were named. */
export async function readTLS(
  files: Pick<Files, 'read'>,
  paths: Pick<GatewaySettings, 'cacert' | 'cert' | 'key'>,
): Promise<Result<TLSOptions | undefined>> {
  const read = async (path: string | undefined): Promise<Result<string | undefined>> =>
    path === undefined ? ok(undefined) : await files.read(path);
  const [ca, cert, key] = await Promise.all([
    read(paths.cacert),
    read(paths.cert),
    read(paths.key),
  ]);
  if (!ca.ok) return ca;
  if (!cert.ok) return cert;
  if (!key.ok) return key;
  if (ca.value === undefined && cert.value === undefined) return ok(undefined);
  return ok({ ca: ca.value, cert: cert.value, key: key.value });
}

const reportOf = (gateway: Gateway): ReturnType<RunningGateway['report']> => {
  const { listening, metrics, backends } = gateway.state();
  return {
    listening,
    metrics,
    backends: backends.map(({ backend, isIn, condition, reason, isLeader }) => ({
      endpoint: backend.url,
      in: isIn,
      condition,
      reason,
      leader: isLeader,
    })),
  };
};

/** The gateway's log as lines for a person. */
const telling = (tell: (line: string) => void): Logger => ({
  log: (_level: LogLevel, message, data = {}) => {
    const { backend, because } = data;
    const subject = typeof backend === 'string' ? message.replace('backend', backend) : message;
    tell(typeof because === 'string' ? `${subject}: ${because}` : subject);
  },
});

function allOf<T>(results: readonly Result<T>[]): Result<readonly T[]> {
  const values: T[] = [];
  for (const result of results) {
    if (!result.ok) return result;
    values.push(result.value);
  }
  return ok(values);
}
