import { isDeepStrictEqual } from 'node:util';
import { type Problem, assert, err, ok, silentLogger, unsafeBrand } from '../base/index.js';
import type { ClusterName, ClusterRecord, EtcdVersion, HostName } from '../core/cluster/index.js';
import type { JoinedLooks, SSHShell } from '../drivers/shell/index.js';
import type { AdoptedMember, SSHDriver } from '../drivers/ssh/index.js';
import { localKeeping } from './local-keeping.js';
import type { ControllerTimings } from '../engine/controller/index.js';
import type { ClusterStore } from '../engine/ports/index.js';
import { consumersLater } from './consumers.js';
import type { Keeping } from './keeping.js';
import { hostsStoreLater } from './hosts-store.js';
import {
  type LendPort,
  type Machine,
  type Parts,
  etcdOf,
  pkiDirectory,
  seatFilesOf,
  tlsOf,
} from './machine.js';
import { targetResolver } from './resolve.js';
import { type SeatFile, sameDriver, seatFor, writeSeat } from './seat-file.js';
import { joinedLooksOver, shellWith } from './shells.js';

/**
 * Over SSH a look takes tens of milliseconds, and the first one to a host opens a connection: a fifth of a second, more
 * where the way is long. Members answer over the network as they do everywhere.
 */
const HOSTS_TIMINGS: Partial<ControllerTimings> = {
  hostMs: 5000,
  // An API server that hangs says so only after 5 s.
  consumerMs: 8000,
  headStartMs: 5000,
  leaderlessProbeMs: 250,
  formingProbeMs: 100,
  formingPollMs: 20,
  steadyPollMs: 2000,
  // What a turn reads anyway is not read in between.
  wishPollMs: 2000,
};

/** All hosts at once; deleting a large database takes its time. */
const MOVE_AWAY_MS = 90_000;

export interface HostsCluster {
  readonly name: ClusterName;
  /** Of this seat: how the hosts are reached. The cluster's own state is on the hosts. */
  readonly stateDir: string;
  readonly seat: SeatFile;
}

/** A cluster on Linux hosts, of which this machine is a seat. */
export function hostsKeeping(machine: Machine, cluster: HostsCluster): Keeping {
  const { name, stateDir } = cluster;
  let { seat } = cluster;
  let hears: (problem: Problem) => void = () => undefined;
  let joined: Promise<JoinedLooks> | undefined;
  const looks = () => (joined ??= joinedLooksOver(machine, seat.ssh));
  const store = hostsStoreLater(machine, {
    name,
    seat: () => seat,
    looks,
    tell: (problem) => hears(problem),
  });
  const parts = async (record?: ClusterRecord): Promise<Parts> => {
    const read = record === undefined ? await store.readRecord() : ok(record);
    const known = read.ok ? read.value : undefined;
    const pki = pkiDirectory(stateDir);
    return partsOf(machine, { name, store, pki, seat, record: known, looks: await looks() });
  };
  return {
    place: `/var/lib/quorate/${name} and /var/lib/etcd/${name} on ${seat.hosts.join(', ')}`,
    store,
    pki: pkiDirectory(stateDir),
    exists: async () => {
      const record = await store.readRecord();
      return record.ok ? ok(record.value !== undefined) : record;
    },
    parts,
    accept: async (spec) => {
      const same = sameDriver(name, 'ssh', spec);
      if (!same.ok) return same;
      const before = seat.ssh;
      seat = seatFor(spec, seat) ?? seat;
      if (!isDeepStrictEqual(seat.ssh, before)) joined = undefined;
      return writeSeat(stateDir, seat);
    },
    hear: (listener) => {
      hears = listener;
    },
    supervise: async () => ok(undefined),
    moveAway: async ({ deleteData }) => {
      const record = await store.readRecord();
      const known = record.ok ? record.value : undefined;
      const { driver } = await openDriver(machine, {
        name,
        seat,
        record: known,
        looks: await looks(),
      });
      const stamp = String(machine.clock.now());
      const signal = AbortSignal.timeout(MOVE_AWAY_MS);
      const ends = await Promise.all(
        seat.hosts.map((host) => driver.moveAway(host, { stamp, deleteData }, signal)),
      );
      const failed = ends.find((end) => end.kind !== 'applied');
      if (failed !== undefined) return err(failed.problem);
      // Last: as long as a host is left, this seat knows how to reach it.
      const own = await localKeeping(machine, name, stateDir).moveAway({ deleteData });
      if (!own.ok || deleteData) return own;
      const there = `/var/lib/quorate.destroyed/${name}-${stamp} and /var/lib/etcd/${name}.destroyed-${stamp}`;
      return ok({ movedTo: `${there} on the hosts` });
    },
  };
}

async function openDriver(
  machine: Machine,
  cluster: {
    readonly name: ClusterName;
    readonly seat: SeatFile;
    readonly record: ClusterRecord | undefined;
    readonly looks: JoinedLooks;
  },
): Promise<{ readonly driver: SSHDriver; readonly shell: SSHShell }> {
  const { clock, random } = machine;
  const { name, seat, record, looks } = cluster;
  const [{ createSSHDriver }, shell] = await Promise.all([
    import('../drivers/ssh/index.js'),
    shellWith(machine, seat.ssh),
  ]);
  const driver = createSSHDriver({
    cluster: name,
    shell: looks.acting,
    lookShell: looks.looking,
    loginTo: (host) => shell.loginTo(host),
    candidates: () => [...seat.hosts, ...hostsOf(record)],
    binaryFor: (version, signal) => etcdOf(machine, version, { offline: false, signal }),
    ...(seat.ssh.binaries === 'fetched' ? { archiveFor: archivesFor(machine) } : {}),
    gatewayVersion: () => versionOf(record),
    scheme: 'http',
    adopted: (host) => adoptedOn(host, record),
    clock,
    random,
    logger: silentLogger,
  });
  return { driver, shell };
}

const archivesFor =
  ({ env }: Machine) =>
  async (version: EtcdVersion, kind: string, signal: AbortSignal) => {
    const { archOf, releaseArchive } = await import('../services/binaries/index.js');
    return await releaseArchive({ env }, version, archOf(kind), signal);
  };

async function partsOf(
  machine: Machine,
  cluster: {
    readonly name: ClusterName;
    readonly store: ClusterStore;
    readonly pki: string;
    readonly seat: SeatFile;
    readonly record: ClusterRecord | undefined;
    readonly looks: JoinedLooks;
  },
): Promise<Parts> {
  const { clock, random, between } = machine;
  const { name, store, pki, seat, record, looks } = cluster;
  const [{ createEtcdAdmin }, { createCertificates }, { driver, shell }] = await Promise.all([
    import('../services/admin/index.js'),
    import('../services/certificates/index.js'),
    openDriver(machine, { name, seat, record, looks }),
  ]);
  const files = await seatFilesOf(pki);
  const admin = createEtcdAdmin({
    clock,
    tls: tlsOf(files.client),
    peerTLS: tlsOf(files.peer),
  });
  const certificates = createCertificates({ directory: pki, clock, random });
  return {
    timings: HOSTS_TIMINGS,
    driver: between?.driver(driver) ?? driver,
    store,
    admin: between?.admin(admin) ?? admin,
    certificates: between?.certificates(certificates) ?? certificates,
    resolveTarget: targetResolver(driver.firstLife),
    looks: looks.window,
    consumers: consumersLater(machine, name, shell),
    bringEtcd: driver.prepare,
    lend: lendTo(shell, seat.hosts),
  };
}

/** To all of them at once; the first that refuses is told. */
const lendTo =
  (shell: SSHShell, hosts: readonly HostName[]): LendPort =>
  async (port, signal) => {
    const lent = await Promise.all(hosts.map((host) => shell.forward(host, port, signal)));
    return lent.find(({ ok: isLent }) => !isLent) ?? ok(undefined);
  };

/** A member that a person made, where the record has it. */
function adoptedOn(host: HostName, record: ClusterRecord | undefined): AdoptedMember | undefined {
  const addresses = record?.addresses ?? {};
  const known = Object.hasOwn(addresses, host) ? addresses[host] : undefined;
  if (record === undefined || known?.adopted === undefined) return undefined;
  return { unit: known.adopted.unit, dataDir: known.dataDir, version: record.version };
}

const hostsOf = (record: ClusterRecord | undefined): readonly HostName[] =>
  Object.keys(record?.addresses ?? {}).map((host) => unsafeBrand<HostName>(host));

function versionOf(record: ClusterRecord | undefined): EtcdVersion {
  assert(record !== undefined, 'a gateway was started for a cluster that has no record');
  return record.version;
}
