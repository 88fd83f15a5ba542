import {
  type ClusterID,
  type Instant,
  type MemberID,
  type RaftIndex,
  type RaftTerm,
  unsafeBrand,
} from '../../base/index.js';
import {
  type ClusterRecord,
  type DataSight,
  type HostName,
  type HostSight,
  type Member,
  type Observation,
  type ProcessSight,
  type Target,
  leaderOf,
  quorumOf,
  votersOf,
} from '../cluster/index.js';
import type { PlanInput } from '../planner/index.js';

/** One cluster and its hosts, as data. Time moves only when told. */
export interface World {
  readonly now: Instant;
  readonly target: Target;
  readonly record: ClusterRecord;
  /** The membership as committed; what a read through quorum answers. Empty before birth. */
  readonly members: readonly Member[];
  readonly clusterID: ClusterID | undefined;
  readonly leader: MemberID | undefined;
  readonly term: bigint;
  readonly hosts: readonly WorldHost[];
  /** Numbers the ids of members that are added, so that none comes twice. */
  readonly addedCount: number;
}

export interface WorldHost {
  readonly host: HostName;
  readonly process: ProcessSight;
  readonly data: DataSight;
}

/** The world that an observation shows; what was not seen stays unseen in it. */
export function worldOf({ target, record, observation, now }: PlanInput): World {
  const list = observation.memberList;
  const hosts = observation.hosts.map(({ host, process, data }) => ({ host, process, data }));
  const unseen = target.members
    .filter((member) => !hosts.some(({ host }) => host === member.host))
    .map(({ host, byHand }): WorldHost => ({
      host,
      process: byHand ? { kind: 'by-hand' } : { kind: 'stopped' },
      data: { kind: 'empty' },
    }));
  return {
    now,
    target,
    record,
    members: list.kind === 'unseen' ? [] : list.members,
    clusterID: list.kind === 'unseen' ? record.clusterID : list.clusterID,
    leader: leaderOf(observation),
    term: 2n,
    hosts: [...hosts, ...unseen],
    addedCount: 0,
  };
}

/** A member is alive when a process runs on its own data. */
export function isAlive(world: World, id: MemberID): boolean {
  return world.hosts.some(
    ({ process, data }) =>
      (process.kind === 'running' || process.kind === 'by-hand') &&
      data.kind === 'present' &&
      data.memberID === id &&
      data.clusterID === world.clusterID,
  );
}

export const hasQuorum = (world: World): boolean => {
  const voters = votersOf(world.members);
  const alive = voters.filter(({ id }) => isAlive(world, id)).length;
  return voters.length > 0 && alive >= quorumOf(voters.length);
};

/** What an observer without any trouble of its own sees of the world. */
export function observe(world: World): Observation {
  const led = hasQuorum(world) && world.leader !== undefined;
  return {
    at: world.now,
    hosts: world.hosts.map((host) => sightOf(world, host, led)),
    memberList:
      world.clusterID === undefined || world.members.length === 0
        ? { kind: 'unseen', because: 'nobody answers' }
        : {
            kind: led ? 'linearizable' : 'local',
            at: world.now,
            clusterID: world.clusterID,
            members: world.members,
          },
  };
}

function sightOf(world: World, { host, process, data }: WorldHost, led: boolean): HostSight {
  const runs = process.kind === 'running' || process.kind === 'by-hand';
  const self = data.kind === 'present' ? data : undefined;
  const member = world.members.find(({ id }) => id === self?.memberID);
  const answers =
    runs && self !== undefined && member !== undefined && led && world.leader !== undefined;
  return {
    host,
    process,
    data,
    peer:
      runs && self !== undefined
        ? { kind: 'answered', clusterID: self.clusterID, members: world.members }
        : { kind: 'silent', because: 'connection refused' },
    status: answers
      ? {
          kind: 'answered',
          memberID: member.id,
          clusterID: self.clusterID,
          leader: world.leader,
          isLearner: member.isLearner,
          version: world.target.version,
          raftTerm: unsafeBrand<RaftTerm>(world.term),
          raftIndex: unsafeBrand<RaftIndex>(100n),
          raftAppliedIndex: unsafeBrand<RaftIndex>(100n),
          dbSizeBytes: 20480,
          errors: [],
        }
      : { kind: 'silent', because: runs ? 'deadline' : 'connection refused' },
  };
}
