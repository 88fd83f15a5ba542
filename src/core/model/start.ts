import { type Member, clusterIDAtBirth, memberIDAtBirth } from '../cluster/index.js';
import type { DataSight, TargetMember } from '../cluster/index.js';
import type { Step } from '../planner/index.js';
import { type Applied, applied, refuse } from './applied.js';
import { without } from './hosts.js';
import { lives, sideOf } from './leadership.js';
import type { World, WorldHost } from './world.js';

type Start = Extract<Step, { kind: 'start-member' }>;

/** The driver looks at the data before it starts anything; what etcd itself refuses ends the process at once. */
export function start(world: World, step: Start): Applied {
  const host = world.hosts.find((candidate) => candidate.host === step.host);
  if (host?.process.kind === 'running') return refuse(world, 'already-running');
  const empty = host?.data.kind !== 'present';
  if (step.launch.purpose === 'restart' ? empty : !empty) return refuse(world, 'wrong-data');
  const first = empty ? firstStart(world, step, host) : host.data;
  if (typeof first === 'string') return refuse(world, first);
  const started: WorldHost = {
    ...(host === undefined ? { host: step.host } : without(host, 'metLeader')),
    process: {
      kind: 'running',
      startedAt: world.now,
      flags: step.launch.flags,
      version: step.launch.version,
    },
    data: first,
    ...(isBornAgain(world, step, first) ? { oldList: birthList(world) } : {}),
  };
  const issuedNew =
    step.launch.purpose === 'birth' && !world.record.issuedNew.includes(step.host)
      ? [...world.record.issuedNew, step.host]
      : world.record.issuedNew;
  return applied({
    ...world,
    record: { ...world.record, issuedNew },
    hosts:
      host === undefined
        ? [...world.hosts, started]
        : world.hosts.map((other) => (other === host ? started : other)),
  });
}

/** `new` in a cluster that was born long ago, where nobody could tell: an empty member under the old ids. */
const isBornAgain = (world: World, { launch }: Start, data: DataSight): boolean =>
  launch.purpose === 'birth' &&
  world.members.length > 0 &&
  data.kind === 'present' &&
  data.clusterID === world.clusterID;

/** What such a member believes until somebody leads it: what it was told, and that nobody has published anything. */
const birthList = ({ target }: World): readonly Member[] =>
  target.members.map(({ name, peerURLs }) => ({
    id: memberIDAtBirth(peerURLs, target.token),
    name,
    peerURLs,
    clientURLs: [],
    isLearner: false,
  }));

/** The identity that a start on empty data writes, or why etcd ends instead. */
function firstStart(world: World, step: Start, host: WorldHost | undefined): DataSight | string {
  const wanted = world.target.members.find((member) => member.host === step.host);
  if (wanted === undefined) return 'cannot-join';
  return step.launch.purpose === 'birth' ? bear(world, wanted, host) : join(world, wanted, host);
}

/**
 * `new`: the id is computed. etcd's only guard against a second birth is to ask the peers; one that nobody answers
 * is not guarded (etcd-facts 1.4).
 */
function bear(world: World, wanted: TargetMember, host: WorldHost | undefined): DataSight | string {
  const idOf = (member: TargetMember) => memberIDAtBirth(member.peerURLs, world.target.token);
  const memberID = idOf(wanted);
  const isKnown = peersOf(world, host).some((peer) =>
    listOf(world, peer).some(({ id, clientURLs }) => id === memberID && clientURLs.length > 0),
  );
  if (isKnown) return 'already-bootstrapped';
  const clusterID = clusterIDAtBirth(world.target.members.map(idOf));
  return { kind: 'present', clusterID, memberID };
}

/** `existing`: the list of any peer that answers says who it is, by its peer URLs (etcd-facts 1.3). */
function join(world: World, wanted: TargetMember, host: WorldHost | undefined): DataSight | string {
  const { clusterID } = world;
  const member = peersOf(world, host)
    .flatMap((peer) => listOf(world, peer))
    .find(({ peerURLs }) => peerURLs.some((url) => wanted.peerURLs.includes(url)));
  return member === undefined || clusterID === undefined
    ? 'cannot-join'
    : { kind: 'present', clusterID, memberID: member.id };
}

/** Who answers on its peer port to a process on this host. */
const peersOf = (world: World, host: WorldHost | undefined): readonly WorldHost[] =>
  world.hosts.filter(
    (peer) =>
      peer !== host &&
      lives(world, peer) &&
      sideOf(peer) === (host === undefined ? 0 : sideOf(host)),
  );

const listOf = (world: World, { oldList }: WorldHost): readonly Member[] =>
  oldList ?? world.members;
