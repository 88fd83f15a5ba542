/**
 * For tests only: a target of `count` members m1…, the world before its birth, and a loop that carries out what the
 * planner says against the model. Nothing here is reachable from `main`.
 */
import { type Instant, instantOf, unsafeBrand } from '../../../base/index.js';
import type {
  ClientURL,
  ClusterName,
  ClusterRecord,
  ClusterToken,
  EtcdVersion,
  HostAddresses,
  HostName,
  MemberName,
  PeerURL,
  Target,
  TargetMember,
} from '../../cluster/index.js';
import { type World, type WorldHost, applyStep, observe, settle } from '../../model/index.js';
import { type Plan, type PlanInput, type Step, plan as planNext } from '../index.js';

export const START: Instant = instantOf(1_000_000_000);

export function memberNamed(name: string, port = portOf(name)): TargetMember {
  const peerURLs = [unsafeBrand<PeerURL>(`http://127.0.0.1:${port + 1}`)];
  const clientURLs = [unsafeBrand<ClientURL>(`http://127.0.0.1:${port}`)];
  return {
    name: unsafeBrand<MemberName>(name),
    host: unsafeBrand<HostName>(name),
    byHand: false,
    peerURLs,
    clientURLs,
    flags: {
      name,
      'data-dir': `/data/${name}`,
      'listen-peer-urls': peerURLs.join(),
      'listen-client-urls': clientURLs.join(),
      'advertise-client-urls': clientURLs.join(),
    },
  };
}

const portOf = (name: string): number => 21_000 + 10 * Number(name.replace(/\D/g, '') || 99);

export const targetOf = (...names: readonly string[]): Target => ({
  name: unsafeBrand<ClusterName>('prod'),
  token: unsafeBrand<ClusterToken>('prod-1'),
  birth: { kind: 'static' },
  version: unsafeBrand<EtcdVersion>('3.6.15'),
  members: names.map((name) => memberNamed(name)),
  proxies: [],
  state: 'up',
  firstLife: 'plain',
  retire: [],
});

export const recordOf = (target: Target): ClusterRecord => ({
  formatVersion: 1,
  name: target.name,
  token: target.token,
  version: target.version,
  issuedNew: [],
  addresses: Object.fromEntries(
    target.members.map((member): [string, HostAddresses] => [
      member.host,
      {
        peerURLs: member.peerURLs,
        clientURLs: member.clientURLs,
        listenPeerURLs: member.peerURLs,
        listenClientURLs: member.clientURLs,
        listenMetricsURLs: [],
        dataDir: member.flags['data-dir'] ?? '',
      },
    ]),
  ),
  retire: [],
});

export const unborn = (target: Target): World => ({
  now: START,
  target,
  record: recordOf(target),
  members: [],
  clusterID: undefined,
  leader: undefined,
  term: 1n,
  hosts: target.members.map(({ host }): WorldHost => ({
    host,
    process: { kind: 'stopped' },
    data: { kind: 'empty' },
  })),
  addedCount: 0,
});

/** A cluster that was born, settled, and has been running for a minute. */
export function running(...names: readonly string[]): World {
  const { world, end } = runUntilEnd(unborn(targetOf(...names)));
  if (end.kind !== 'converged') throw new Error(`not born: ${JSON.stringify(end)}`);
  return { ...world, now: instantOf(world.now + 60_000) };
}

/** The same world with other wishes; hosts that are new in the spec appear, empty. */
export function wanting(world: World, ...names: readonly string[]): World {
  return withTarget(world, { ...targetOf(...names), retire: world.target.retire });
}

export function withTarget(world: World, target: Target): World {
  const known = new Set(world.hosts.map(({ host }) => host));
  const added = target.members
    .filter(({ host }) => !known.has(host))
    .map(({ host }): WorldHost => ({
      host,
      process: { kind: 'stopped' },
      data: { kind: 'empty' },
    }));
  const addresses = { ...world.record.addresses, ...recordOf(target).addresses };
  return {
    ...world,
    target,
    record: { ...world.record, addresses },
    hosts: [...world.hosts, ...added],
  };
}

const change = (world: World, name: string, how: (host: WorldHost) => WorldHost): World =>
  settle({ ...world, hosts: world.hosts.map((host) => (host.host === name ? how(host) : host)) });

/** kill -9: the process is gone, the data stays. */
export const crash = (world: World, ...names: readonly string[]): World =>
  names.reduce(
    (next, name) => change(next, name, (host) => ({ ...host, process: { kind: 'stopped' } })),
    world,
  );

/** rm -rf of the data directory of a stopped member. */
export const wipe = (world: World, ...names: readonly string[]): World =>
  names.reduce(
    (next, name) =>
      change(next, name, (host) => ({
        ...host,
        process: { kind: 'stopped' },
        data: { kind: 'empty' },
      })),
    world,
  );

export const inputOf = (world: World, more: Partial<PlanInput> = {}): PlanInput => ({
  target: world.target,
  record: world.record,
  observation: observe(world),
  now: world.now,
  ...more,
});

export const next = (world: World): Plan => planNext(inputOf(world));

/** A step as one short line: `remove-member m2`. */
export function brief(step: Step): string {
  switch (step.kind) {
    case 'start-member':
      return `start ${step.name} ${step.launch.purpose}`;
    case 'stop-member':
      return `stop ${step.name}`;
    case 'add-learner':
      return `add-learner ${step.name}`;
    case 'promote-learner':
      return `promote ${step.name}`;
    case 'move-leader':
      return `move-leader ${step.fromName} -> ${step.toName}`;
    case 'remove-member':
      return `remove ${step.name}`;
    case 'update-peer-urls':
      return `update-peer-urls ${step.name}`;
    case 'set-aside-data':
      return `set-aside-data ${step.host}`;
    case 'start-gateway':
    case 'stop-gateway':
      return `${step.kind} ${step.host}`;
    case 'update-consumer':
      return `update ${step.consumer}`;
    case 'install-certificates':
      return `install-certificates ${step.name}`;
    case 'advance-rotation':
      return `advance-rotation ${step.to}`;
    case 'record-birth':
      return 'record-birth';
  }
}

const TURNS_MAX = 400;
const WAITS_MAX = 40;

export interface Run {
  readonly world: World;
  readonly steps: readonly string[];
  readonly plans: readonly Extract<Plan, { kind: 'step' }>[];
  readonly end: Plan;
}

/** Carries out every plan in the model, as a controller without any trouble would; fails when the model refuses. */
export function runUntilEnd(start: World, plan: (input: PlanInput) => Plan = planNext): Run {
  let world = settle(start);
  const plans: Extract<Plan, { kind: 'step' }>[] = [];
  let waits = 0;
  for (let turn = 0; turn < TURNS_MAX; turn++) {
    const said = plan(inputOf(world));
    const done = (end: Plan): Run => ({
      world,
      steps: plans.map(({ step }) => brief(step)),
      plans,
      end,
    });
    if (said.kind === 'converged' || said.kind === 'blocked') return done(said);
    if (said.kind === 'wait') {
      if (++waits > WAITS_MAX) return done(said);
      world = settle({
        ...world,
        now: instantOf(Math.max(said.until ?? 0, world.now + 250)),
      });
      continue;
    }
    waits = 0;
    plans.push(said);
    const result = applyStep(world, said.step);
    if (result.outcome !== 'applied') {
      throw new Error(
        `the model answers ${result.outcome} (${result.reason}) to ${brief(said.step)}`,
      );
    }
    world = settle({ ...result.world, now: instantOf(world.now + 250) });
  }
  throw new Error('no end after 400 turns');
}
