import {
  type Problem,
  type Result,
  err,
  ok,
  parseDurationMs,
  parseSizeBytes,
  unsafeBrand,
} from '../base/index.js';
import { addressesUnder } from '../core/bootstrap/index.js';
import type { ClusterRecord, HostAddresses, HostName } from '../core/cluster/index.js';
import type { ClusterSpec } from '../core/spec/index.js';
import { clusterDirectory, stateHome } from '../drivers/local/index.js';
import { allocateAddresses, hostPaths } from '../drivers/ssh/index.js';
import { hostsWithoutAddresses } from '../engine/controller/index.js';
import type { HostShell } from '../engine/ports/index.js';
import { type HostsPorts, type HostsReport, cliProblems } from '../frontends/cli/index.js';
import {
  DEFAULT_HEARTBEAT_MS,
  DEFAULT_QUOTA_BYTES,
  type PreflightHost,
  type PreflightReport,
  type PreflightWish,
  type Verdict,
  checkHosts,
  partsOfURL,
  inTheWayOf,
  preflightProblems,
  shellOfThisMachine,
} from '../services/preflight/index.js';
import type { Machine } from './machine.js';
import { shellWith } from './shells.js';

export interface HostsCheck {
  readonly shell: HostShell;
  readonly spec: ClusterSpec;
  /** Absent: the cluster does not exist yet. */
  readonly record: ClusterRecord | undefined;
  /** Only these; absent: all. */
  readonly only?: readonly HostName[] | undefined;
  /** Somebody waits for it; absent: nobody does. */
  readonly isBrief?: boolean;
  readonly signal: AbortSignal;
}

/** Whether the hosts of a spec are fit for its members, over any shell. */
export async function hostsCheckOf(
  { clock, random, env }: Machine,
  { shell, spec, record, only, isBrief = false, signal }: HostsCheck,
): Promise<PreflightReport> {
  const wish = wishOf(spec, record, clusterDirectory(stateHome(env), spec.name));
  const options = { isBrief, signal, ...(only === undefined ? {} : { only }) };
  return await checkHosts({ shell, clock, random }, wish, options);
}

/** What `quorate hosts` needs, made of this machine. */
export const hostsPorts = (machine: Machine): HostsPorts => ({
  check: async (settings): Promise<Result<HostsReport, readonly Problem[]>> => {
    const shell = await shellOf(machine, settings.spec);
    return shell.ok ? ok(await hostsCheckOf(machine, { ...settings, shell: shell.value })) : shell;
  },
  fitness: async ({ spec, record, hosts, signal }) => {
    const shell = await shellOf(machine, spec);
    if (!shell.ok) return { verdicts: [], problems: shell.error };
    const look = (only: readonly HostName[], isBrief: boolean) =>
      hostsCheckOf(machine, { shell: shell.value, spec, record, only, isBrief, signal });
    const report = await withoutBursts(await look(hosts, true), hosts, (slow) => look(slow, false));
    const found = inTheWayOf(hosts, report);
    const isBorn = record?.clusterID !== undefined;
    const problems = found.map(textOf);
    const unfit = preflightProblems.hostsUnfit({ cluster: spec.name, isBorn, problems, hosts });
    return { verdicts: report.verdicts, problems: found.length === 0 ? [] : [unfit] };
  },
});

async function shellOf(
  machine: Machine,
  { driver, name }: ClusterSpec,
): Promise<Result<HostShell, readonly Problem[]>> {
  switch (driver.kind) {
    case 'local':
      return ok(shellOfThisMachine());
    case 'ssh':
      return ok(await shellWith(machine, driver.options));
    case 'kubernetes':
      return err([cliProblems.driverNotHere({ driver: driver.kind, cluster: name })]);
  }
}

/**
 * Seconds in which somebody else writes much make a good disk look bad, and a bad one is bad a second time too. Where
 * that is all that is in the way, the disks are timed once more.
 */
async function withoutBursts(
  report: PreflightReport,
  hosts: readonly HostName[],
  look: (only: readonly HostName[]) => Promise<PreflightReport>,
): Promise<PreflightReport> {
  const found = inTheWayOf(hosts, report);
  if (found.length === 0 || !found.every(({ check }) => check === 'disk-latency')) return report;
  const slow = hosts.filter((host) => found.some((each) => each.host === host));
  const { verdicts } = await look(slow);
  const again = verdicts.filter(({ check }) => check === 'disk-latency');
  const isTimedAgain = ({ check, host }: Verdict): boolean =>
    check === 'disk-latency' && again.some((each) => each.host === host);
  return {
    ...report,
    verdicts: [...report.verdicts.filter((each) => !isTimedAgain(each)), ...again],
  };
}

/** A verdict as lines of a problem: what was seen, and below it the host's words and what to do. */
function textOf({ host, to, summary, detail, hint }: Verdict): string {
  const below = [detail, hint].filter((text) => text !== '').flatMap((text) => text.split('\n'));
  const ends = to === undefined ? host : `${host} → ${to}`;
  return [`${ends}: ${summary}`, ...below.map((line) => `  ${line}`)].join('\n');
}

/** Who runs etcd on a host. */
const ETCD_USER = 'etcd';
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
    ownUnits: [
      `etcd-${name}.service`,
      `etcd-${name}.gateway.service`,
      ...Object.values(record?.addresses ?? {}).flatMap(({ adopted }) => adopted?.unit ?? []),
    ],
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

/** Those on which Quorate starts something; what a person starts by hand need not be in our reach. */
function remoteHosts(
  spec: ClusterSpec,
  record: ClusterRecord | undefined,
): readonly PreflightHost[] {
  const addresses = addressesFor(spec, record);
  const members = spec.members.flatMap(({ host, start }): readonly PreflightHost[] => {
    const own = addresses[host];
    if (own === undefined || start === 'by-hand') return [];
    const dialled = [...dialledOf('peer', own.peerURLs), ...dialledOf('client', own.clientURLs)];
    return [{ host, listens: listensOf(own), dialled, dataDirs: [own.dataDir] }];
  });
  const proxies = spec.proxies.flatMap(({ host }): readonly PreflightHost[] => {
    const own = addresses[host];
    if (own === undefined) return [];
    const listens = listensAt('client', own.listenClientURLs);
    return [{ host, listens, dialled: dialledOf('client', own.clientURLs), dataDirs: [] }];
  });
  return [...members, ...proxies];
}

/** Those of the record, and for hosts that it does not know those that they will be given. */
function addressesFor(
  spec: ClusterSpec,
  record: ClusterRecord | undefined,
): Readonly<Record<string, HostAddresses>> {
  const known = record?.addresses ?? {};
  const missing = hostsWithoutAddresses({ spec }, { addresses: known });
  const { dataDir } = hostPaths(spec.name);
  const found = allocateAddresses(missing, known, { scheme: 'http', dataDir });
  const all = found.ok ? { ...found.value, ...known } : known;
  return Object.fromEntries(
    Object.entries(all).map(([host, each]) => [host, addressesUnder(spec.tls, each)]),
  );
}

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
