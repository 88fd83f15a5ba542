import { access, constants } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  type Clock,
  type Logger,
  type Outcome,
  type Random,
  type Result,
  ok,
  silentLogger,
  systemClock,
  systemRandom,
} from '../base/index.js';
import type { ClusterName, EtcdVersion, HostName } from '../core/cluster/index.js';
import { createLocalDriver, createLocalStore } from '../drivers/local/index.js';
import type { ControllerTimings, ResolveTarget } from '../engine/controller/index.js';
import type {
  Certificates,
  ClusterStore,
  Consumers,
  EtcdAdmin,
  HostDriver,
  LookWindow,
} from '../engine/ports/index.js';
import type { TLSOptions } from '../etcd/index.js';
import type { BinaryProgress } from '../services/binaries/index.js';
import { createAddressBook } from './address-book.js';
import type { SeatFiles } from '../services/certificates/index.js';
import { targetResolver } from './resolve.js';

/** This machine's clock, environment and randomness: the one place that takes them from the platform. */
export interface Machine {
  readonly clock: Clock;
  readonly random: Random;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What stands between a controller and its ports, for a proof that counts or cuts their calls. Absent: nothing. */
  readonly between?: Between;
}

/** Each answers what is used in the port's place. */
export interface Between {
  readonly driver: (driver: HostDriver) => HostDriver;
  readonly store: (store: ClusterStore) => ClusterStore;
  readonly admin: (admin: EtcdAdmin) => EtcdAdmin;
  readonly certificates: (certificates: Certificates) => Certificates;
}

export const thisMachine = (): Machine => ({
  clock: systemClock,
  random: systemRandom,
  env: process.env,
});

/**
 * On one machine an answer takes a millisecond, and in a birth the next thing to do comes every few. What a process sent
 * before it died has arrived, and only a dead one loses its lock.
 */
const LOCAL_TIMINGS: Partial<ControllerTimings> = {
  formingProbeMs: 5,
  formingPollMs: 5,
  underWayMs: 0,
};

export type LendPort = (port: number, signal: AbortSignal) => Promise<Result<void>>;

/** One cluster, put together. */
export interface Parts {
  readonly timings: Partial<ControllerTimings>;
  readonly driver: HostDriver;
  readonly store: ClusterStore;
  readonly admin: EtcdAdmin;
  readonly certificates: Certificates;
  readonly resolveTarget: ResolveTarget;
  /** Absent: a look at a host is no round trip worth sharing. */
  readonly looks?: LookWindow;
  /** Absent: no host but this one is reached. */
  readonly consumers?: Consumers;
  /**
   * Makes a port of this machine's loopback be found at the same place on every host. Absent where the hosts are this
   * machine.
   */
  readonly lend?: LendPort;
  /** Brings etcd to a host before it is needed there. Absent where every host has this machine's. */
  readonly bringEtcd?: (
    host: HostName,
    version: EtcdVersion,
    signal: AbortSignal,
    copying: () => void,
  ) => Promise<Outcome>;
}

export async function localParts(
  machine: Machine,
  cluster: { readonly name: ClusterName; readonly stateDir: string; readonly logger?: Logger },
): Promise<Parts> {
  const { clock, random, between } = machine;
  const { stateDir, logger = silentLogger } = cluster;
  const { createEtcdAdmin } = await import('../services/admin/index.js');
  const { createCertificates } = await import('../services/certificates/index.js');
  const pki = pkiDirectory(stateDir);
  const seat = await seatFilesOf(pki);
  const certificates = createCertificates({ directory: pki, clock, random });
  const book = createAddressBook();
  const admin = createEtcdAdmin({
    clock,
    addressOf: book.addressOf,
    tls: tlsOf(seat.client),
    peerTLS: tlsOf(seat.peer),
  });
  const driver = createLocalDriver({
    stateDir,
    clock,
    random,
    logger,
    gatewayCommand: [
      process.execPath,
      fileURLToPath(new URL('./quorate.js', import.meta.url)),
      'gateway',
    ],
    gatewayTLS: seat.client,
    binaryFor: (version, signal) => etcdOf(machine, version, { offline: false, signal }),
  });
  return {
    timings: LOCAL_TIMINGS,
    driver: between?.driver(driver) ?? driver,
    store: book.noting(localStore(machine, stateDir)),
    admin: between?.admin(admin) ?? admin,
    certificates: between?.certificates(certificates) ?? certificates,
    resolveTarget: targetResolver(driver.firstLife),
  };
}

/** What this seat keeps of a cluster's certificates. */
export const pkiDirectory = (stateDir: string): string => join(stateDir, 'pki');

export const seatFilesOf = async (pki: string) =>
  (await import('../services/certificates/index.js')).seatFiles(pki);

/** Read at each dial, so that what the controller renews is used by whoever has them open. */
export const tlsOf = ({ own, trust }: SeatFiles): TLSOptions => ({
  caFile: trust,
  certFile: own,
  keyFile: own,
});

/** The record, wish, journal and lock of one local cluster. */
export function localStore({ clock, between }: Machine, stateDir: string): ClusterStore {
  const store = createLocalStore({ stateDir, clock });
  return between?.store(store) ?? store;
}

export interface EtcdWish {
  readonly offline: boolean;
  readonly signal: AbortSignal;
  readonly sources?: readonly string[] | undefined;
  readonly progress?: (line: string) => void;
}

/** What this process has resolved already: a member is started in the moment that somebody waits for it. */
const resolved = new Map<string, string>();

/** Remembers where a proven etcd is. */
export function rememberEtcd(version: string, path: string): void {
  resolved.set(version, path);
}

/** The path of a proven etcd of exactly this version; fetched when it is not at hand. */
export async function etcdOf(
  machine: Machine,
  version: EtcdVersion,
  wish: EtcdWish,
): Promise<Result<string>> {
  const known = resolved.get(version);
  if (known !== undefined && (await isThere(known))) return ok(known);
  const found = await (await binariesFor(machine, wish)).resolve('etcd', version, wish.signal);
  if (!found.ok) return found;
  rememberEtcd(version, found.value.path);
  return ok(found.value.path);
}

const isThere = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );

export async function binariesFor(machine: Machine, wish: Omit<EtcdWish, 'signal'>) {
  const { SOURCE_ORDER, createBinaries, defaultCacheDir } =
    await import('../services/binaries/index.js');
  const { sources, progress } = wish;
  return createBinaries({
    cacheDir: defaultCacheDir(machine.env),
    env: machine.env,
    clock: machine.clock,
    offline: wish.offline,
    ...(sources === undefined
      ? {}
      : { sources: SOURCE_ORDER.filter((name) => name === 'cache' || sources.includes(name)) }),
    ...(progress === undefined ? {} : { progress: (event) => tellProgress(event, progress) }),
  });
}

/** What takes long or went wrong is worth a line; what was at hand is not. */
function tellProgress(event: BinaryProgress, tell: (line: string) => void): void {
  switch (event.kind) {
    case 'fetching':
      if (event.receivedBytes === undefined) {
        tell(`fetching ${event.name} ${event.version} from source "${event.source}"`);
      }
      return;
    case 'building':
      tell(`building ${event.name} ${event.version} from source "${event.source}": about a minute`);
      return;
    case 'waiting':
      tell(`waiting for process ${event.pid}, which fetches ${event.name} ${event.version}`);
      return;
    case 'ready':
      if (event.source !== 'cache' && event.source !== 'path') {
        tell(`have ${event.name} ${event.version} from source "${event.source}"`);
      }
      return;
    case 'probing':
    case 'verifying':
    case 'skipped':
      return;
  }
}
