import {
  type Problem,
  type Result,
  err,
  ok,
  parseDurationMs,
  parseSizeBytes,
  silentLogger,
  unsafeBrand,
} from '../base/index.js';
import type { ClusterRecord, HostAddresses, HostName } from '../core/cluster/index.js';
import type { ClusterSpec } from '../core/spec/index.js';
import { clusterDirectory, stateHome } from '../drivers/local/index.js';
import { createSSHShell } from '../drivers/shell/index.js';
import type { HostShell } from '../engine/ports/index.js';
import { type HostsPorts, type HostsReport, cliProblems } from '../frontends/cli/index.js';
import {
  DEFAULT_HEARTBEAT_MS,
  DEFAULT_QUOTA_BYTES,
  type PreflightHost,
  type PreflightReport,
  type PreflightWish,
  checkHosts,
  partsOfURL,
  problemsIn,
  preflightProblems,
  shellOfThisMachine,
} from '../services/preflight/index.js';
import type { Machine } from './machine.js';

export interface HostsCheck {
  readonly shell: HostShell;
  readonly spec: ClusterSpec;
  /** Absent: the cluster does not exist yet. */
  readonly record: ClusterRecord | undefined;
  /** Only these; absent: all. */
  readonly only?: readonly HostName[] | undefined;
  readonly signal: AbortSignal;
}

/** Whether the hosts of a spec are fit for its members, over any shell. */
export async function hostsCheckOf(
  { clock, random, env }: Machine,
  { shell, spec, record, only, signal }: HostsCheck,
): Promise<PreflightReport> {
  const wish = wishOf(spec, record, clusterDirectory(stateHome(env), spec.name));
  const options = only === undefined ? { signal } : { only, signal };
  return await checkHosts({ shell, clock, random }, wish, options);
}

/** Why no cluster is to be founded on these hosts; undefined: nothing is in its way, though there may be warnings. */
export function whyUnfit(cluster: string, report: PreflightReport): Problem | undefined {
  const found = problemsIn(report);
  if (found.length === 0) return undefined;
  const problems = found.map(
    ({ host, to, summary }) => `${to === undefined ? host : `${host} → ${to}`}: ${summary}`,
  );
  return preflightProblems.hostsUnfit({ cluster, problems });
}

/** What `quorate hosts` needs, made of this machine. */
export const hostsPorts = (machine: Machine): HostsPorts => ({
  check: async (settings): Promise<Result<HostsReport, readonly Problem[]>> => {
    const { driver, name } = settings.spec;
    switch (driver.kind) {
      case 'local':
        return ok(await hostsCheckOf(machine, { ...settings, shell: shellOfThisMachine() }));
      case 'ssh': {
        const { clock, random } = machine;
        const logger = silentLogger;
        const shell = createSSHShell({ ssh: driver.options, clock, random, logger });
        try {
          return ok(await hostsCheckOf(machine, { ...settings, shell }));
        } finally {
          await shell.close();
        }
      }
      case 'kubernetes':
        return err([cliProblems.driverNotHere({ driver: driver.kind, cluster: name })]);
    }
  },
});

/** Who runs etcd on a host, and where a cluster's data are there. */
const ETCD_USER = 'etcd';
const HOST_DATA = '/var/lib/etcd';
const CLIENT_PORT = 2379;
const PEER_PORT = 2380;
const METRICS_URL = 'http://127.0.0.1:2381';
/** In place of all the hosts of a cluster on this machine. */
const HERE = unsafeBrand<HostName>('this machine');

export function wishOf(
  spec: ClusterSpec,
  record: ClusterRecord | undefined,
  stateDir: string,
): PreflightWish {
  const { name, driver, etcd } = spec;
  const quota = etcd['quota-backend-bytes'];
  const quotaBytes = typeof quota === 'number' ? quota : parseSizeBytes(String(quota ?? ''));
  const heartbeat = etcd['heartbeat-interval'];
  const heartbeatMs =
    typeof heartbeat === 'number' ? heartbeat : parseDurationMs(String(heartbeat ?? ''));
  return {
    cluster: name,
    hosts: driver.kind === 'local' ? [thisMachine(record, stateDir)] : remoteHosts(spec, record),
    isBorn: record?.clusterID !== undefined || (record?.issuedNew.length ?? 0) > 0,
    keptBy: driver.kind === 'local' ? 'process' : 'systemd',
    ownUnits: [`etcd-${name}.service`, `etcd-${name}.gateway.service`],
    user: ETCD_USER,
    quotaBytes: quotaBytes ?? DEFAULT_QUOTA_BYTES,
    heartbeatMs: heartbeatMs ?? DEFAULT_HEARTBEAT_MS,
  };
}

/** All members of a local cluster, with the ports that they were given; before that, its place alone. */
function thisMachine(record: ClusterRecord | undefined, stateDir: string): PreflightHost {
  const addresses = Object.values(record?.addresses ?? {});
  return {
    host: HERE,
    listens: addresses.flatMap(listensOf),
    dialled: [],
    dataDirs: addresses.length === 0 ? [stateDir] : addresses.map(({ dataDir }) => dataDir),
  };
}

function remoteHosts(
  spec: ClusterSpec,
  record: ClusterRecord | undefined,
): readonly PreflightHost[] {
  const addressesOf = (host: HostName): HostAddresses =>
    record?.addresses[host] ?? usualAddresses(spec, host);
  const members = spec.members.map(({ host }): PreflightHost => {
    const addresses = addressesOf(host);
    return {
      host,
      listens: listensOf(addresses),
      dialled: [
        ...dialledOf('peer', addresses.peerURLs),
        ...dialledOf('client', addresses.clientURLs),
      ],
      dataDirs: [addresses.dataDir],
    };
  });
  const proxies = spec.proxies.map(({ host }): PreflightHost => {
    const { clientURLs, listenClientURLs } = addressesOf(host);
    return {
      host,
      listens: listensAt('client', listenClientURLs),
      dialled: dialledOf('client', clientURLs),
      dataDirs: [],
    };
  });
  return [...members, ...proxies];
}

/** What a host is given that has no addresses yet: those that its entry names, else etcd's usual ports. */
function usualAddresses({ name, members, tls }: ClusterSpec, host: HostName): HostAddresses {
  const scheme = tls.kind === 'off' ? 'http' : 'https';
  const at = host.includes(':') ? `[${host}]` : host;
  const entry = members.find((each) => each.host === host);
  const peerURLs = entry?.peerURLs ?? [unsafeBrand(`${scheme}://${at}:${PEER_PORT}`)];
  const clientURLs = entry?.clientURLs ?? [unsafeBrand(`${scheme}://${at}:${CLIENT_PORT}`)];
  return {
    peerURLs,
    clientURLs,
    listenPeerURLs: peerURLs.map(listenURL),
    listenClientURLs: clientURLs.map(listenURL),
    listenMetricsURLs: [METRICS_URL],
    dataDir: `${HOST_DATA}/${name}`,
  };
}

/** etcd binds addresses: a name means every address of its host. */
const listenURL = (url: string): string =>
  /:\/\/([\d.]+|\[[^\]]*\]):\d+$/.test(url) ? url : url.replace(/:\/\/.+(:\d+)$/, '://0.0.0.0$1');

const listensOf = (addresses: HostAddresses): PreflightHost['listens'] => [
  ...listensAt('peer', addresses.listenPeerURLs),
  ...listensAt('client', addresses.listenClientURLs),
  ...listensAt('metrics', addresses.listenMetricsURLs),
];

const listensAt = (
  plane: PreflightHost['listens'][number]['plane'],
  urls: readonly string[],
): PreflightHost['listens'] =>
  urls.flatMap((url) => {
    const parts = partsOfURL(url);
    return parts === undefined ? [] : [{ plane, address: parts.name, port: parts.port }];
  });

const dialledOf = (plane: 'peer' | 'client', urls: readonly string[]): PreflightHost['dialled'] =>
  urls.flatMap((url) => {
    const parts = partsOfURL(url);
    return parts === undefined ? [] : [{ plane, ...parts }];
  });
