import { type Instant, type MemberID, instantOf } from '../../../src/base/index.js';
import type {
  ClusterRecord,
  ExitReason,
  HostName,
  HostSight,
  Observation,
  ProcessSight,
  StartFlags,
  Target,
} from '../../../src/core/cluster/index.js';
import {
  type World,
  type WorldHost,
  crash,
  observe,
  settle,
  ledSide,
} from '../../../src/core/model/index.js';
import type { Checks } from './checks.js';
import type { Disk } from './disk.js';
import type { Etcd } from './etcd.js';
import type { Run } from './run.js';
import { memberEnded } from './trouble.js';

/** What lies in the log of a leader reaches its quorum within so many milliseconds. */
const REPLICATES_MS = 20;
/** etcd elects, publishes and notices that it was removed within about this time. */
const SETTLES_MS = { soon: 20, late: 1500 };
/** A life shorter than this counts as a failed start, as the drivers count it. */
const SHORT_LIFE_MS = 10_000;

/** One cluster of the simulation: its world as it truly is, its disk, and what is under way in it. */
export class Site {
  world: World;
  /** Processes that were stopped by SIGSTOP or a hung disk: they run for the driver and answer nobody. */
  readonly hung = new Map<HostName, ProcessSight>();
  /** First starts that have not written their log yet. */
  readonly starting = new Set<HostName>();
  /** Hosts of which the driver cannot see anything, although the network reaches them. */
  readonly blind = new Set<HostName>();
  driverTrouble: 'none' | 'refuses' | 'dies-at-once' = 'none';
  readonly shortLives = new Map<HostName, number>();
  /** When a voter was last up, by the truth. */
  readonly lastUp = new Map<MemberID, number>();
  checks!: Checks;
  etcd!: Etcd;
  /** Another controller takes the lock at this very moment. */
  stealLock: () => void = () => undefined;
  #isSettling = false;
  #seen: { readonly world: World; readonly observation: Observation } | undefined;

  readonly run: Run;
  readonly name: string;
  readonly disk: Disk;

  constructor(run: Run, name: string, disk: Disk, world: World) {
    this.run = run;
    this.name = name;
    this.disk = disk;
    this.world = world;
  }

  now(): Instant {
    return this.run.clock.now();
  }

  /** The world as it is at this moment. */
  current(): World {
    const now = this.now();
    return this.world.now === now ? this.world : { ...this.world, now };
  }

  /** What is true from now on. What follows from it by itself comes a little later. */
  become(next: World): void {
    const before = this.world;
    this.world = next.now === this.now() ? next : { ...next, now: this.now() };
    this.checks.changed(before, this.world);
    const isRegained = ledSide(before) === undefined && ledSide(this.world) !== undefined;
    if (isRegained && before.leader === this.world.leader) {
      this.run.clock.after(this.run.dice.whole(1, REPLICATES_MS), () => this.etcd.regained());
    }
    this.settleSoon();
  }

  settleSoon(): void {
    if (this.#isSettling) return;
    this.#isSettling = true;
    const { run } = this;
    const ms = run.dice.chance(0.7)
      ? run.dice.whole(SETTLES_MS.soon, 200)
      : run.dice.whole(200, SETTLES_MS.late);
    run.clock.after(ms, () => {
      this.#isSettling = false;
      const before = this.current();
      const settled = settle(before);
      if (settled === before) return;
      const after = this.#withReasons(before, settled);
      if (after.leader !== before.leader) {
        run.say(this.name, () => `leader is now ${this.nameOf(after.leader)}`);
      }
      const elected = after.leader !== undefined && after.leader !== before.leader;
      this.become(after);
      if (elected) this.etcd.elected();
    });
  }

  /** A member that was removed ends by itself; the driver reads why in its log. */
  #withReasons(before: World, after: World): World {
    const hosts = after.hosts.map((host): WorldHost => {
      const was = before.hosts.find((other) => other.host === host.host);
      if (was?.process.kind !== 'running' || host.process.kind !== 'stopped') return host;
      this.run.say(this.name, () => `the process on ${host.host} ends: it was removed`);
      return { ...host, process: this.exitOf(was, 'removed') };
    });
    return { ...after, hosts };
  }

  hostOf(name: HostName): WorldHost | undefined {
    return this.world.hosts.find(({ host }) => host === name);
  }

  change(name: HostName, how: (host: WorldHost) => WorldHost): void {
    this.become({
      ...this.world,
      hosts: this.world.hosts.map((host) => (host.host === name ? how(host) : host)),
    });
  }

  /** What anybody without trouble of his own would see of a host. */
  sightOf(name: HostName): HostSight | undefined {
    if (this.#seen?.world !== this.world) {
      this.#seen = { world: this.world, observation: observe(this.world) };
    }
    const sight = this.#seen.observation.hosts.find(({ host }) => host === name);
    const hung = this.hung.get(name);
    if (sight === undefined || hung === undefined) return sight;
    return sight.process.kind === 'unseen' ? sight : { ...sight, process: hung };
  }

  /** The host whose running process listens at, or advertises, this URL. */
  hostAt(flag: 'listen-peer-urls' | 'advertise-client-urls', url: string): HostName | undefined {
    for (const { host, process } of this.world.hosts) {
      const running = this.hung.get(host) ?? process;
      if (running.kind === 'running' && listens(running.flags, flag, url)) return host;
    }
    return undefined;
  }

  /** A process ends, and the driver will find out why. */
  ends(name: HostName, reason: ExitReason): void {
    const was = this.hostOf(name);
    if (was === undefined) return;
    const process = this.exitOf(was, reason);
    this.hung.delete(name);
    this.starting.delete(name);
    const next = crash(this.world, name);
    this.become({
      ...next,
      hosts: next.hosts.map((host) => (host.host === name ? { ...host, process } : host)),
    });
  }

  exitOf({ host, process, data }: WorldHost, reason: ExitReason): ProcessSight {
    const running = this.hung.get(host) ?? process;
    const now = this.now();
    const livedMs = running.kind === 'running' ? now - running.startedAt : SHORT_LIFE_MS;
    const isShort = reason !== 'asked' && livedMs < SHORT_LIFE_MS;
    const inARow = isShort ? (this.shortLives.get(host) ?? 0) + 1 : 0;
    this.shortLives.set(host, inARow);
    return {
      kind: 'stopped',
      lastExit: {
        at: instantOf(now),
        reason,
        inARow,
        // Proven by its log, and only when it never came as far as its data.
        beforeRaft: data.kind === 'empty' && this.starting.has(host) && this.run.dice.chance(0.8),
        problem: memberEnded({ host, reason }),
      },
    };
  }

  setRecord(record: ClusterRecord): void {
    this.disk.record = record;
    this.world = { ...this.world, record };
  }

  /** A birth of which nothing is left anywhere never was. */
  forgetStillborn(): void {
    if (this.disk.record?.clusterID !== undefined) return;
    if (this.world.hosts.some(({ data }) => data.kind === 'present')) return;
    this.checks.forget();
    this.become({ ...this.world, members: [], clusterID: undefined, leader: undefined });
  }

  /** Hosts that somebody has given addresses appear, empty. */
  addHosts(names: readonly HostName[]): void {
    const missing = names.filter((name) => this.hostOf(name) === undefined);
    if (missing.length === 0) return;
    const added = missing.map((host): WorldHost => ({
      host,
      process: { kind: 'stopped' },
      data: { kind: 'empty' },
    }));
    this.world = { ...this.world, hosts: [...this.world.hosts, ...added] };
  }

  /** The members that a start refers to: those of the plan; during a birth, those that the birth began with. */
  aimAt(target: Target, isBirth: boolean): void {
    const isBearing =
      isBirth &&
      this.world.members.length === 0 &&
      this.world.hosts.some(({ host, data }) => data.kind === 'present' || this.starting.has(host));
    if (!isBearing) this.world = { ...this.world, target };
  }

  nameOf(id: MemberID | undefined): string {
    if (id === undefined) return 'nobody';
    const host = this.world.hosts.find(
      ({ data }) => data.kind === 'present' && data.memberID === id,
    );
    return host?.host ?? id;
  }
}

const listens = (flags: StartFlags, flag: string, url: string): boolean =>
  (flags[flag] ?? '').split(',').includes(url);
