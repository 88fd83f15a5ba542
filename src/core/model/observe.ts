import { type MemberID, type RaftIndex, type RaftTerm, unsafeBrand } from '../../base/index.js';
import type {
  EtcdVersion,
  HostSight,
  Member,
  MemberListSight,
  Observation,
  StatusSight,
} from '../cluster/index.js';
import { sightOfConsumer } from './consumers.js';
import { certificatesSeen, isExpired } from './certificates.js';
import { isCaughtUp, isSeen, ledSide, lives, sideOf } from './leadership.js';
import type { Side, World, WorldHost } from './world.js';

/** The leader's log; long enough that one who lags is out of sync by every measure of the planner. */
const LOG_INDEX = unsafeBrand<RaftIndex>(10_000n);
const LAGGING_INDEX = unsafeBrand<RaftIndex>(5_000n);

/** What an observer sees of the world: the hosts it reaches, and the list through quorum when a voter there leads. */
export function observe(world: World): Observation {
  const side = ledSide(world);
  const errors = alarmsOf(world);
  return {
    at: world.now,
    hosts: world.hosts.map((host) => {
      const sight = sightOf(world, host, side, errors);
      return host.blind === true && isSeen(host) ? withoutDriver(host, sight) : sight;
    }),
    memberList: listOf(world, side),
    ...(world.consumers === undefined
      ? {}
      : { consumers: world.consumers.map((each) => sightOfConsumer(world, each)) }),
  };
}

function listOf(world: World, side: Side | undefined): MemberListSight {
  const { clusterID, now } = world;
  if (clusterID === undefined || world.members.length === 0) {
    return { kind: 'unseen', because: 'nobody answers' };
  }
  if (side !== undefined && reachesVoterOn(world, side)) {
    return { kind: 'linearizable', at: now, clusterID, members: world.members };
  }
  const copy = mostFrequentCopy(world);
  return copy === undefined
    ? { kind: 'unseen', because: 'nobody answers' }
    : { kind: 'local', at: now, clusterID, members: copy };
}

/** Learners refuse the call (etcd-facts 5.8), so it takes a voter that we reach and that has a leader. */
export const reachesVoterOn = (world: World, side: Side): boolean =>
  world.hosts.some(
    (host) =>
      isSeen(host) &&
      sideOf(host) === side &&
      lives(world, host) &&
      world.members.some(
        ({ id, isLearner }) =>
          !isLearner && host.data.kind === 'present' && host.data.memberID === id,
      ),
  );

/** The peer port gives each member's own copy; several copies: the one that most of them have, else the first. */
function mostFrequentCopy(world: World): readonly Member[] | undefined {
  const counts = new Map<string, { count: number; readonly members: readonly Member[] }>();
  for (const host of world.hosts) {
    if (!isSeen(host) || !lives(world, host)) continue;
    const members = copyOf(world, host);
    const key = members.map(({ id, isLearner }) => `${id}${isLearner ? '?' : ''}`).join();
    const known = counts.get(key);
    if (known === undefined) counts.set(key, { count: 1, members });
    else known.count++;
  }
  let best: { readonly count: number; readonly members: readonly Member[] } | undefined;
  for (const copy of counts.values()) {
    if (best === undefined || copy.count > best.count) best = copy;
  }
  return best?.members;
}

const copyOf = (world: World, host: WorldHost): readonly Member[] => host.oldList ?? world.members;

function sightOf(
  world: World,
  host: WorldHost,
  side: Side | undefined,
  errors: readonly string[],
): HostSight {
  if (!isSeen(host)) return unseen(host);
  const { process } = host;
  // Nobody of us looks into what a person runs.
  const data = process.kind === 'by-hand' ? BY_HAND_DATA : host.data;
  const certificates = certificatesSeen(world, host);
  const more = {
    ...(host.gateway === undefined ? {} : { gateway: host.gateway }),
    ...(certificates === undefined ? {} : { certificates }),
  };
  const runs = process.kind === 'running' || process.kind === 'by-hand';
  if (!runs || host.data.kind !== 'present') {
    return {
      host: host.host,
      process,
      data,
      ...more,
      peer: REFUSED,
      status: runs ? HANGS : REFUSED,
    };
  }
  if (isExpired(world, host)) {
    return { host: host.host, process, data, ...more, peer: EXPIRED, status: EXPIRED };
  }
  const { clusterID, memberID } = host.data;
  const members = clusterID === world.clusterID ? copyOf(world, host) : [];
  return {
    host: host.host,
    process,
    data,
    ...more,
    peer: { kind: 'answered', clusterID, members },
    status: statusOf(world, host, memberID, members, side, errors),
  };
}

function statusOf(
  world: World,
  host: WorldHost,
  memberID: MemberID,
  members: readonly Member[],
  side: Side | undefined,
  errors: readonly string[],
): StatusSight {
  const { clusterID } = world;
  if (clusterID === undefined || !lives(world, host)) return HANGS;
  const isLed = side === sideOf(host) && world.members.some(({ id }) => id === memberID);
  if (!isLed && host.metLeader !== true) return HANGS;
  return {
    kind: 'answered',
    memberID,
    clusterID,
    ...(isLed && world.leader !== undefined ? { leader: world.leader } : {}),
    isLearner: members.some(({ id, isLearner }) => id === memberID && isLearner),
    version: versionOf(world, host),
    raftTerm: unsafeBrand<RaftTerm>(world.term),
    raftIndex: LOG_INDEX,
    raftAppliedIndex: isCaughtUp(host) ? LOG_INDEX : LAGGING_INDEX,
    dbSizeBytes: 20480,
    errors: isLed ? errors : [...errors, 'etcdserver: no leader'],
  };
}

const versionOf = ({ target }: World, { process }: WorldHost): EtcdVersion =>
  process.kind === 'running' ? (process.version ?? target.version) : target.version;

/** Every member tells every alarm of the cluster, whoever raised it (etcd's Status reads the one alarm store). */
const alarmsOf = (world: World): readonly string[] =>
  world.hosts.flatMap(({ data, alarms }) =>
    data.kind === 'present' && alarms !== undefined
      ? alarms.map((alarm) => `memberID:${BigInt(`0x${data.memberID}`)} alarm:${alarm}`)
      : [],
  );

const EXPIRED = { kind: 'silent', because: 'certificate has expired' } as const;
const REFUSED = { kind: 'silent', because: 'connection refused' } as const;
const HANGS = { kind: 'silent', because: 'deadline' } as const;
const BY_HAND_DATA = { kind: 'unseen', because: 'a person runs this member' } as const;
const NO_ANSWER = { kind: 'unseen', because: 'the host does not answer' } as const;

/** What its member tells of itself as a client is all there is. */
const withoutDriver = (host: WorldHost, { peer, status }: HostSight): HostSight => ({
  ...unseen(host),
  peer,
  status,
});

const unseen = ({ host, process }: WorldHost): HostSight => ({
  host,
  certificates: NO_ANSWER,
  process: process.kind === 'by-hand' ? process : NO_ANSWER,
  data: NO_ANSWER,
  peer: { kind: 'silent', because: 'the host does not answer' },
  status: { kind: 'silent', because: 'the host does not answer' },
});
