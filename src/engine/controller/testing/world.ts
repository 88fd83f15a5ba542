/**
 * For tests only: a cluster of three as the ports show it, where everything can be made to hang, refuse or lie, and
 * which writes down in `log` what was done to it and in which order.
 */
import { vi } from 'vitest';
import {
  type ClusterID,
  type Instant,
  type MemberID,
  type Outcome,
  type Problem,
  type RaftIndex,
  type RaftTerm,
  type Result,
  applied,
  defineProblem,
  err,
  instantOf,
  ok,
  seededRandom,
  silentLogger,
  systemClock,
  unsafeBrand,
} from '../../../base/index.js';
import type {
  ClientURL,
  ClusterName,
  ClusterRecord,
  ClusterToken,
  EtcdVersion,
  HostAddresses,
  HostName,
  Member,
  MemberName,
  PeerSight,
  PeerURL,
  StatusSight,
  Target,
} from '../../../core/cluster/index.js';
import type { Launch, Plan, PlanInput, Step } from '../../../core/planner/index.js';
import type { ClusterSpec } from '../../../core/spec/index.js';
import type {
  ClusterStore,
  EtcdAdmin,
  HeldLock,
  HostDriver,
  HostFacts,
  JournalEntry,
  Wish,
} from '../../ports/index.js';
import { type Controller, type ControllerEvent, createController } from '../index.js';

export const CLUSTER = unsafeBrand<ClusterID>('c1');
export const OTHER_CLUSTER = unsafeBrand<ClusterID>('c2');
export const NAMES = ['m1', 'm2', 'm3'] as const;
export const hostOf = (name: string): HostName => unsafeBrand<HostName>(name);
export const idOf = (name: string): MemberID => unsafeBrand<MemberID>(`a${name.slice(1)}`);
export const peerURLOf = (name: string): PeerURL => unsafeBrand<PeerURL>(`http://peer.${name}:1`);
export const clientURLOf = (name: string): ClientURL =>
  unsafeBrand<ClientURL>(`http://client.${name}:1`);
export const forNever = <T>(): Promise<T> => new Promise<T>(() => undefined);
export const trouble = defineProblem('trouble', (_d: Record<string, never>) => ({
  summary: 'trouble',
  detail: '',
  hint: '',
}));

export const memberOf = (name: string, more: Partial<Member> = {}): Member => ({
  id: idOf(name),
  name: unsafeBrand<MemberName>(name),
  peerURLs: [peerURLOf(name)],
  clientURLs: [clientURLOf(name)],
  isLearner: false,
  ...more,
});

export const statusOf = (
  name: string,
  more: Partial<Extract<StatusSight, { kind: 'answered' }>> = {},
): Extract<StatusSight, { kind: 'answered' }> => ({
  kind: 'answered',
  memberID: idOf(name),
  clusterID: CLUSTER,
  leader: idOf('m1'),
  isLearner: false,
  version: unsafeBrand<EtcdVersion>('3.6.15'),
  raftTerm: unsafeBrand<RaftTerm>(2n),
  raftIndex: unsafeBrand<RaftIndex>(10n),
  raftAppliedIndex: unsafeBrand<RaftIndex>(10n),
  dbSizeBytes: 20_480,
  errors: [],
  ...more,
});

const addressesOf = (name: string): HostAddresses => ({
  peerURLs: [peerURLOf(name)],
  clientURLs: [clientURLOf(name)],
  listenPeerURLs: [peerURLOf(name)],
  listenClientURLs: [clientURLOf(name)],
  listenMetricsURLs: [],
  dataDir: `/data/${name}`,
});

export interface World {
  readonly log: string[];
  readonly journal: JournalEntry[];
  readonly events: ControllerEvent[];
  /** What plan() was given, newest last. */
  readonly inputs: PlanInput[];
  record: ClusterRecord | undefined;
  wish: Wish | undefined;
  lockHeld: boolean;
  members: readonly Member[];
  listClusterID: ClusterID;
  known: readonly HostName[];
  /** What the planner says; asked every turn. */
  plan: (input: PlanInput, turn: number) => Plan;
  observe: (name: string) => Promise<HostFacts>;
  peer: (name: string) => Promise<PeerSight>;
  status: (name: string) => Promise<StatusSight>;
  memberList: (
    endpoints: readonly string[],
  ) => Promise<Result<{ clusterID: ClusterID; members: readonly Member[] }>>;
  request: (what: string, signal: AbortSignal) => Promise<Outcome>;
  start: (host: HostName, launch: Launch) => Promise<Outcome>;
  writeFails: Problem | undefined;
  /** The journal cannot be read. */
  readFails: Problem | undefined;
  readonly driver: HostDriver;
  readonly admin: EtcdAdmin;
  readonly store: ClusterStore;
  readonly lock: HeldLock;
}

/** Three healthy voters, m1 leads, nothing to do. */
export function healthyWorld(): World {
  const log: string[] = [];
  const journal: JournalEntry[] = [];
  const nameIn = (url: string) => /\.(\w+):/.exec(url)?.[1] ?? url;
  const request = (what: string, signal: AbortSignal) => {
    log.push(what);
    return world.request(what, signal);
  };
  const world: World = {
    log,
    journal,
    events: [],
    inputs: [],
    record: {
      formatVersion: 1,
      name: unsafeBrand<ClusterName>('prod'),
      token: unsafeBrand<ClusterToken>('prod-1'),
      clusterID: CLUSTER,
      version: unsafeBrand<EtcdVersion>('3.6.15'),
      issuedNew: [],
      addresses: Object.fromEntries(NAMES.map((name) => [name, addressesOf(name)])),
      retire: [],
    },
    wish: wishFor(...NAMES),
    lockHeld: true,
    members: NAMES.map((name) => memberOf(name)),
    listClusterID: CLUSTER,
    known: NAMES.map(hostOf),
    plan: () => ({ kind: 'converged' }),
    observe: (name) =>
      Promise.resolve({
        process: { kind: 'running', startedAt: instantOf(0), flags: {} },
        data: { kind: 'present', clusterID: CLUSTER, memberID: idOf(name) },
      }),
    peer: () => Promise.resolve({ kind: 'answered', clusterID: CLUSTER, members: world.members }),
    status: (name) => Promise.resolve(statusOf(name)),
    memberList: () =>
      Promise.resolve(ok({ clusterID: world.listClusterID, members: world.members })),
    request: () => Promise.resolve(applied()),
    start: () => Promise.resolve(applied()),
    writeFails: undefined,
    readFails: undefined,
    driver: {
      kind: 'local',
      firstLife: 'plain',
      observe: (host) => world.observe(host),
      start: (host, launch) => {
        log.push(`start ${host}`);
        return world.start(host, launch);
      },
      stop: (host) => {
        log.push(`stop ${host}`);
        return Promise.resolve(applied());
      },
      startGateway: () => Promise.resolve(applied()),
      stopGateway: () => Promise.resolve(applied()),
      setAsideData: () => Promise.resolve(applied({ movedTo: '/data/aside' })),
      allocate: (wanted) => {
        log.push(`allocate ${wanted.map(({ host }) => host).join()}`);
        return Promise.resolve(
          ok(Object.fromEntries(wanted.map(({ host }) => [host, addressesOf(host)]))),
        );
      },
      logTail: () => Promise.resolve([]),
      knownHosts: () => Promise.resolve(world.known),
    },
    admin: {
      peer: (url) => world.peer(nameIn(url)),
      status: (url) => world.status(nameIn(url)),
      memberList: (endpoints) => world.memberList(endpoints.map(nameIn)),
      addMember: async (endpoints, peerURLs, _options, signal) => {
        const end = await request(
          `add ${peerURLs.map(nameIn)} at ${endpoints.map(nameIn)}`,
          signal,
        );
        if (end.kind !== 'applied') return end;
        const added = memberOf(nameIn(peerURLs.join()), {
          name: '',
          isLearner: true,
          clientURLs: [],
        });
        world.members = [...world.members, added];
        return applied({ memberID: added.id, members: world.members });
      },
      promote: (endpoints, id, signal) =>
        request(`promote ${id} at ${endpoints.map(nameIn)}`, signal),
      remove: (endpoints, id, signal) =>
        request(`remove ${id} at ${endpoints.map(nameIn)}`, signal),
      updatePeerURLs: (endpoints, id, _urls, signal) =>
        request(`update ${id} at ${endpoints.map(nameIn)}`, signal),
      moveLeader: (endpoint, to, signal) => request(`move to ${to} at ${nameIn(endpoint)}`, signal),
      close: () => Promise.resolve(),
    },
    store: {
      readRecord: () => Promise.resolve(ok(world.record)),
      writeRecord: (record) => {
        if (world.writeFails !== undefined) return Promise.resolve(err(world.writeFails));
        log.push('write record');
        world.record = record;
        return Promise.resolve(ok(undefined));
      },
      readWish: () => Promise.resolve(ok(world.wish)),
      writeWish: (wish, basedOn) => {
        if (world.wish?.generation !== basedOn) return Promise.resolve(err(trouble({})));
        world.wish = { ...wish, generation: basedOn + 1 };
        return Promise.resolve(ok(world.wish));
      },
      appendJournal: (entry, { durable }) => {
        if (world.writeFails !== undefined) return Promise.resolve(err(world.writeFails));
        log.push(`journal ${entry.kind}${durable ? ', durable' : ''}`);
        journal.push(entry);
        return Promise.resolve(ok(undefined));
      },
      readJournal: (count) =>
        Promise.resolve(
          world.readFails === undefined ? ok(journal.slice(-count)) : err(world.readFails),
        ),
      lock: () => Promise.resolve(ok(world.lock)),
      lockHolder: () => Promise.resolve(undefined),
    },
    lock: {
      stillHeld: () => Promise.resolve(world.lockHeld),
      release: () => Promise.resolve(),
    },
  };
  return world;
}

export const wishFor = (...names: readonly string[]): Wish => ({
  generation: 1,
  spec: {
    name: unsafeBrand<ClusterName>('prod'),
    version: '3.6',
    bootstrap: { kind: 'static' },
    driver: { kind: 'local' },
    members: names.map((name) => ({
      name: unsafeBrand<MemberName>(name),
      host: hostOf(name),
      start: 'quorate',
    })),
    etcd: {},
    tls: { kind: 'off' },
    proxies: [],
    consumers: [],
  } satisfies ClusterSpec,
  state: 'up',
  paused: false,
  retire: [],
});

/** As core/bootstrap would, without flags. A by-hand member keeps what the spec says. */
export const resolveTarget = (wish: Wish, record: ClusterRecord): Result<Target, Problem[]> =>
  ok({
    name: record.name,
    token: record.token,
    birth: { kind: 'static' },
    version: record.version,
    state: wish.state,
    firstLife: 'plain',
    retire: wish.retire,
    proxies: [],
    members: wish.spec.members.map(({ name, host, start, peerURLs, clientURLs }) => ({
      name,
      host,
      byHand: start === 'by-hand',
      peerURLs: peerURLs ?? record.addresses[host]?.peerURLs ?? [],
      clientURLs: clientURLs ?? record.addresses[host]?.clientURLs ?? [],
      flags: {},
    })),
  });

/** A new controller over the world, as after a restart of the program. */
export const controllerOf = (
  world: World,
  more: Partial<Parameters<typeof createController>[0]> = {},
): Controller =>
  createController({
    driver: world.driver,
    admin: world.admin,
    store: world.store,
    lock: world.lock,
    clock: systemClock,
    random: seededRandom(1),
    logger: silentLogger,
    resolveTarget,
    plan: (input) => {
      world.inputs.push(input);
      return world.plan(input, world.inputs.length);
    },
    onEvent: (event) => world.events.push(event),
    ...more,
  });

const MARGIN = {
  before: 1,
  after: 1,
  votersBefore: 3,
  healthyBefore: 3,
  votersAfter: 3,
  healthyAfter: 3,
};
export const stepPlan = (step: Step): Plan => ({
  kind: 'step',
  step,
  because: 'below-wanted-size',
  margin: MARGIN,
});
export const ADD_M4: Step = {
  kind: 'add-learner',
  name: unsafeBrand<MemberName>('m4'),
  host: hostOf('m4'),
  peerURLs: [peerURLOf('m4')],
};
export const startOf = (name: string, purpose: Launch['purpose'] = 'restart'): Step => ({
  kind: 'start-member',
  host: hostOf(name),
  name: unsafeBrand<MemberName>(name),
  launch: { purpose, version: unsafeBrand<EtcdVersion>('3.6.15'), flags: {} },
});

/** Lets virtual time pass until the promise settles; fails loudly when it does not within `limitMs`. */
export async function settled<T>(promise: Promise<T>, limitMs = 60_000): Promise<T> {
  let done = false;
  const end = promise.finally(() => (done = true));
  end.catch(() => undefined);
  for (let spentMs = 0; !done && spentMs <= limitMs; spentMs += 5) {
    await vi.advanceTimersByTimeAsync(5);
  }
  if (!done) throw new Error(`not settled within ${limitMs} ms of virtual time`);
  return end;
}

/** Virtual milliseconds since the test's start. */
export const nowMs = (): Instant => systemClock.now();
