import { type MemberID, assertNever, memberIDOf, unsafeBrand } from '../../base/index.js';
import {
  type ClientURL,
  type DataSight,
  type HostName,
  type Member,
  type MemberName,
  clusterIDAtBirth,
  isStarted,
  memberIDAtBirth,
  quorumOf,
  votersOf,
} from '../cluster/index.js';
import type { Step } from '../planner/index.js';
import { type World, type WorldHost, hasQuorum, isAlive } from './world.js';

/** What etcd or the host answers to a step. `unknown`: nobody answered, as when there is no leader. */
export interface Applied {
  readonly outcome: 'applied' | 'refused' | 'unknown';
  /** etcd's own reason, as the client names it; absent when applied. */
  readonly reason?: string;
  readonly world: World;
}

/** etcd's HealthInterval (etcd-facts 5.2). */
const ETCD_HEALTH_INTERVAL_MS = 5000;
/** DefaultMaxLearners in 3.4 and 3.5, and the default of --max-learners later. */
const LEARNERS_MAX = 1;

const applied = (world: World): Applied => ({ outcome: 'applied', world });

/** One step on the world, by etcd's own rules. The input is not changed. */
export function applyStep(world: World, step: Step): Applied {
  const refuse = (reason: string): Applied => ({ outcome: 'refused', reason, world });
  switch (step.kind) {
    case 'start-member':
      return start(world, step, refuse);
    case 'stop-member':
      return applied(
        withHost(world, step.host, (host) => ({
          ...host,
          process: {
            kind: 'stopped',
          },
        })),
      );
    case 'set-aside-data':
      return applied(withHost(world, step.host, (host) => ({ ...host, data: { kind: 'empty' } })));
    case 'record-birth':
      return applied({ ...world, record: { ...world.record, clusterID: step.clusterID } });
    case 'move-leader': {
      const to = votersOf(world.members).find(({ id }) => id === step.to);
      if (to === undefined || !isAlive(world, to.id)) return refuse('bad-leader-transferee');
      return applied({ ...world, leader: step.to, term: world.term + 1n });
    }
    case 'add-learner':
    case 'promote-learner':
    case 'remove-member':
    case 'update-peer-urls':
      return hasQuorum(world)
        ? changeMembership(world, step, refuse)
        : { outcome: 'unknown', reason: 'no-leader', world };
    default:
      return assertNever(step);
  }
}

type MembershipStep = Extract<
  Step,
  { kind: 'add-learner' | 'promote-learner' | 'remove-member' | 'update-peer-urls' }
>;

function changeMembership(
  world: World,
  step: MembershipStep,
  refuse: (reason: string) => Applied,
): Applied {
  const { members } = world;
  switch (step.kind) {
    case 'add-learner': {
      if (members.some(({ peerURLs }) => peerURLs.some((url) => step.peerURLs.includes(url)))) {
        return refuse('peer-urls-exist');
      }
      if (members.filter(({ isLearner }) => isLearner).length >= LEARNERS_MAX) {
        return refuse('too-many-learners');
      }
      if (!allVotersConnected(world)) return refuse('unhealthy-cluster');
      const member: Member = {
        id: memberIDOf(BigInt(world.addedCount + 1) << 40n),
        name: '',
        peerURLs: step.peerURLs,
        clientURLs: [],
        isLearner: true,
      };
      return applied({
        ...world,
        members: [...members, member],
        addedCount: world.addedCount + 1,
      });
    }
    case 'promote-learner': {
      const learner = members.find(({ id }) => id === step.member);
      if (learner === undefined) return refuse('member-not-found');
      if (!learner.isLearner) return refuse('not-a-learner');
      // etcd asks that it has caught up, not that it is alive; one that never ran has not.
      if (!isStarted(learner)) return refuse('learner-not-ready');
      return applied(withMember(world, learner.id, { isLearner: false }));
    }
    case 'remove-member': {
      const leaving = members.find(({ id }) => id === step.member);
      if (leaving === undefined) return refuse('member-not-found');
      if (!leaving.isLearner) {
        const refusal = whyNotRemove(world, leaving);
        if (refusal !== undefined) return refuse(refusal);
      }
      return applied({
        ...world,
        members: members.filter(({ id }) => id !== step.member),
        leader: world.leader === step.member ? undefined : world.leader,
      });
    }
    case 'update-peer-urls': {
      if (!members.some(({ id }) => id === step.member)) return refuse('member-not-found');
      const taken = members.some(
        ({ id, peerURLs }) =>
          id !== step.member && peerURLs.some((url) => step.peerURLs.includes(url)),
      );
      return taken
        ? refuse('peer-urls-exist')
        : applied(withMember(world, step.member, { peerURLs: step.peerURLs }));
    }
    default:
      return assertNever(step);
  }
}

/** The stricter, older rule: every voter connected for the interval (etcd-facts 5.2). */
const allVotersConnected = (world: World): boolean =>
  votersOf(world.members).every(({ id }) => isConnected(world, id));

/** Connected for the health interval, as whoever answers sees it; a single voter is always connected to itself. */
function isConnected(world: World, id: MemberID): boolean {
  const process = hostOf(world, id)?.process;
  if (votersOf(world.members).length === 1 || process?.kind === 'by-hand') return true;
  return process?.kind === 'running' && process.startedAt + ETCD_HEALTH_INTERVAL_MS <= world.now;
}

/**
 * etcd's mayRemoveMember: started voters keep a quorum; one that is down may always go; one that is connected only
 * when those connected for the health interval still are a quorum without it.
 */
function whyNotRemove(world: World, leaving: Member): string | undefined {
  const voters = votersOf(world.members);
  const rest = voters.filter(({ id }) => id !== leaving.id);
  const quorum = quorumOf(rest.length);
  if (rest.filter(isStarted).length < quorum) return 'not-enough-started-members';
  if (!isAlive(world, leaving.id)) return undefined;
  const connected = voters.filter(({ id }) => isConnected(world, id)).length;
  return connected - 1 < quorum ? 'unhealthy-cluster' : undefined;
}

function start(
  world: World,
  step: Extract<Step, { kind: 'start-member' }>,
  refuse: (reason: string) => Applied,
): Applied {
  const host = world.hosts.find((candidate) => candidate.host === step.host);
  if (host?.process.kind === 'running') return refuse('already-running');
  const empty = host?.data.kind !== 'present';
  if (step.launch.purpose === 'restart' ? empty : !empty) return refuse('wrong-data');
  const { flags } = step.launch;
  const data = empty ? dataAfterFirstStart(world, step) : host.data;
  if (data === undefined) return refuse('cannot-join');
  const started: WorldHost = {
    host: step.host,
    process: { kind: 'running', startedAt: world.now, flags, version: step.launch.version },
    data,
  };
  const issuedNew =
    step.launch.purpose === 'birth' && !world.record.issuedNew.includes(step.host)
      ? [...world.record.issuedNew, step.host]
      : world.record.issuedNew;
  return applied({
    ...world,
    record: { ...world.record, issuedNew },
    hosts: [...world.hosts.filter((candidate) => candidate.host !== step.host), started],
  });
}

/** The identity that a start on empty data writes: computed at a birth, looked up by peer URL at a join. */
function dataAfterFirstStart(
  world: World,
  step: Extract<Step, { kind: 'start-member' }>,
): DataSight | undefined {
  const wanted = world.target.members.find(({ host }) => host === step.host);
  if (wanted === undefined) return undefined;
  if (step.launch.purpose === 'birth') {
    const idOf = (member: typeof wanted) => memberIDAtBirth(member.peerURLs, world.target.token);
    const clusterID = clusterIDAtBirth(world.target.members.map(idOf));
    return { kind: 'present', clusterID, memberID: idOf(wanted) };
  }
  const member = world.members.find(({ peerURLs }) =>
    peerURLs.some((url) => wanted.peerURLs.includes(url)),
  );
  if (member === undefined || world.clusterID === undefined) return undefined;
  return { kind: 'present', clusterID: world.clusterID, memberID: member.id };
}

const hostOf = (world: World, id: MemberID): WorldHost | undefined =>
  world.hosts.find(({ data }) => data.kind === 'present' && data.memberID === id);

const withHost = (world: World, name: HostName, change: (host: WorldHost) => WorldHost): World => ({
  ...world,
  hosts: world.hosts.map((host) => (host.host === name ? change(host) : host)),
});

const withMember = (world: World, id: MemberID, change: Partial<Member>): World => ({
  ...world,
  members: world.members.map((member) => (member.id === id ? { ...member, ...change } : member)),
});

/**
 * What happens by itself when nothing fails: the members of a birth find each other, a leader is elected, running
 * members publish their names, removed ones end.
 */
export function settle(world: World): World {
  const born = world.members.length === 0 ? giveBirth(world) : world;
  const published = born.members.map((member): Member => {
    const host = hostOf(born, member.id);
    if (host?.process.kind !== 'running') return member;
    const { flags } = host.process;
    return {
      ...member,
      name: unsafeBrand<MemberName>(flags['name'] ?? member.name),
      clientURLs: (flags['advertise-client-urls'] ?? '')
        .split(',')
        .map((url) => unsafeBrand<ClientURL>(url)),
    };
  });
  const hosts = born.hosts.map((host) => (hasBeenRemoved(born, host) ? ended(host) : host));
  const next: World = { ...born, members: published, hosts };
  return withLeader(next);
}

const hasBeenRemoved = (world: World, { process, data }: WorldHost): boolean =>
  process.kind === 'running' &&
  data.kind === 'present' &&
  data.clusterID === world.clusterID &&
  world.members.length > 0 &&
  !world.members.some(({ id }) => id === data.memberID);

const ended = (host: WorldHost): WorldHost => ({ ...host, process: { kind: 'stopped' } });

function giveBirth(world: World): World {
  const data = world.hosts.find((host) => host.data.kind === 'present')?.data;
  if (data?.kind !== 'present') return world;
  const members = world.target.members.map((member): Member => ({
    id: memberIDAtBirth(member.peerURLs, world.target.token),
    name: member.name,
    peerURLs: member.peerURLs,
    clientURLs: [],
    isLearner: false,
  }));
  return { ...world, clusterID: data.clusterID, members };
}

function withLeader(world: World): World {
  if (!hasQuorum(world)) return { ...world, leader: undefined };
  if (world.leader !== undefined && isAlive(world, world.leader)) return world;
  const elected = votersOf(world.members).find(({ id }) => isAlive(world, id));
  return { ...world, leader: elected?.id, term: world.term + 1n };
}
