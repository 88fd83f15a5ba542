import { setMaxListeners } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  ok,
  silentLogger,
  systemClock,
  systemRandom,
  unsafeBrand,
} from '../../../src/base/index.js';
import { finalFlags } from '../../../src/core/bootstrap/index.js';
import {
  type ClusterName,
  type ClusterRecord,
  type HostAddresses,
  type HostName,
  type MemberName,
  type Observation,
  type PeerURL,
  type Target,
  type TargetMember,
  parseClusterName,
} from '../../../src/core/cluster/index.js';
import type { ClusterSpec } from '../../../src/core/spec/index.js';
import { clusterDirectory, createLocalDriver } from '../../../src/drivers/local/index.js';
import { NO_CERTIFICATES } from '../../../src/engine/controller/authorities.js';
import { type Sighting, observe } from '../../../src/engine/controller/observe.js';
import { DEFAULT_TIMINGS } from '../../../src/engine/controller/timings.js';
import type { EtcdAdmin, HostDriver } from '../../../src/engine/ports/index.js';
import { createEtcdAdmin } from '../../../src/services/admin/index.js';
import { killHard, processesOf } from '../../lab/processes.js';
import type { RealEtcd } from '../real/etcd.js';
import { endProcesses } from '../real/scratch.js';

const NEVER = new AbortController().signal;
// Every question of a story listens to it.
setMaxListeners(0, NEVER);
const LOOK_MS = 1000;

/** Real members of one etcd version on this machine, started by the local driver and asked through the admin service. */
export class RealCluster {
  readonly name: ClusterName;
  readonly etcd: RealEtcd;
  readonly driver: HostDriver;
  readonly admin: EtcdAdmin;
  readonly #directory: string;
  #addresses: Readonly<Record<string, HostAddresses>> = {};

  readonly #flags: ClusterSpec['etcd'];

  constructor(base: string, name: string, etcd: RealEtcd, flags: ClusterSpec['etcd'] = {}) {
    const parsed = parseClusterName(name);
    if (!parsed.ok) throw new Error(`${name} is no cluster's name: ${parsed.error}`);
    this.name = parsed.value;
    this.etcd = etcd;
    this.#flags = flags;
    this.#directory = clusterDirectory(base, parsed.value);
    this.driver = createLocalDriver({
      gatewayCommand: [],
      stateDir: this.#directory,
      binaryFor: async () => ok(etcd.path),
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    this.admin = createEtcdAdmin({ clock: systemClock });
  }

  /** The members of these hosts with addresses of their own; those that have some keep them. */
  async membersOn(hosts: readonly string[]): Promise<readonly TargetMember[]> {
    const wanted = hosts
      .filter((host) => this.#addresses[host] === undefined)
      .map((host) => ({
        host: unsafeBrand<HostName>(host),
        name: unsafeBrand<MemberName>(host),
      }));
    const found = await this.driver.allocate(wanted, this.#addresses, NEVER);
    if (!found.ok) throw new Error(found.error[0]?.summary ?? 'no addresses');
    this.#addresses = found.value;
    return hosts.map((host) => this.#member(host));
  }

  /** The member of a host, at other peer URLs. */
  moved(host: string, peerURLs: readonly PeerURL[]): TargetMember {
    const addresses = this.#addresses[host];
    if (addresses === undefined) throw new Error(`${host} has no addresses`);
    const at = { ...addresses, peerURLs, listenPeerURLs: peerURLs };
    this.#addresses = { ...this.#addresses, [host]: at };
    return this.#member(host);
  }

  get addresses(): Readonly<Record<string, HostAddresses>> {
    return this.#addresses;
  }

  #member(host: string): TargetMember {
    const addresses = this.#addresses[host];
    if (addresses === undefined) throw new Error(`${host} has no addresses`);
    const name = unsafeBrand<MemberName>(host);
    const flags = finalFlags({
      member: { name },
      addresses,
      etcd: this.#flags,
      version: this.etcd.version,
    });
    if (!flags.ok) throw new Error(flags.error[0]?.summary ?? 'no flags');
    return {
      name,
      host: unsafeBrand<HostName>(host),
      byHand: false,
      peerURLs: addresses.peerURLs,
      clientURLs: addresses.clientURLs,
      flags: flags.value,
    };
  }

  /** What the product's own controller sees. */
  async observe(target: Target, record: ClusterRecord): Promise<Observation> {
    return (await this.sight(target, record)).observation;
  }

  async sight(target: Target, record: ClusterRecord): Promise<Sighting> {
    const eyes = {
      driver: this.driver,
      admin: this.admin,
      certificates: NO_CERTIFICATES,
      clock: systemClock,
      logger: silentLogger,
      timings: { ...DEFAULT_TIMINGS, leaderlessProbeMs: LOOK_MS },
    };
    return observe(eyes, target, record, LOOK_MS, NEVER);
  }

  async crash(host: string): Promise<void> {
    for (const { pid, flags } of await processesOf(this.#directory)) {
      if (flags['data-dir'] === this.dataDirectory(host)) await killHard(pid);
    }
  }

  /** The disk is gone, and the process with it. */
  async loseData(host: string): Promise<void> {
    const data = this.dataDirectory(host);
    const gone = join(this.#directory, `gone-${host}`);
    await rename(data, gone).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
    await this.crash(host);
    await rm(gone, { recursive: true, force: true });
  }

  dataDirectory(host: string): string {
    return join(this.#directory, 'members', host, 'data');
  }

  async close(): Promise<void> {
    await this.admin.close();
    await endProcesses(this.#directory);
    await rm(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }
}
