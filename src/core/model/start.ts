import { unsafeBrand } from '../../base/index.js';
import { type Member, type PeerURL, clusterIDAtBirth } from '../cluster/index.js';
import type { Step } from '../planner/index.js';
import { type Applied, applied, refuse } from './applied.js';
import { birthListOf } from './birth-list.js';
import { lacksFiles } from './certificates.js';
import { without } from './hosts.js';
import { lives, sideOf } from './leadership.js';
import { placeOf, register, turnedAway } from './meeting.js';
import type { World, WorldHost } from './world.js';

type Start = Extract<Step, { kind: 'start-member' }>;

/** The driver looks at the data before it starts anything; what etcd itself refuses ends the process at once. */
export function start(world: World, step: Start): Applied {
  const host = world.hosts.find((candidate) => candidate.host === step.host);
  if (host?.process.kind === 'running') return refuse(world, 'already-running');
  if (host?.gateway?.kind === 'running') return refuse(world, 'port-taken');
  const empty = host?.data.kind !== 'present';
  if (step.launch.purpose === 'restart' ? empty : !empty) return refuse(world, 'wrong-data');
  if (lacksFiles(step.launch.flags, host ?? {})) return refuse(world, 'certificates-missing');
  const begun = host === undefined ? { host: step.host } : without(host, 'metLeader');
  if (empty && step.launch.purpose === 'birth' && placeOf(step.launch.flags) !== undefined) {
    const registered = register(world, step.launch.flags, ownURLs(world, step));
    const started = running(registered ?? world, step, host, { ...begun, data: { kind: 'empty' } });
    return applied(registered === undefined ? ended(started, step) : started);
  }
  const first = empty ? firstStart(world, step, host) : { data: host.data };
  if (typeof first === 'string') return refuse(world, first);
  return applied(running(world, step, host, { ...begun, ...first }));
}

/** It was started, and had ended a moment later. */
const ended = (world: World, { host }: Start): World => ({
  ...world,
  hosts: world.hosts.map((each) =>
    each.host === host ? { ...each, process: turnedAway(world, host) } : each,
  ),
});

/** The world with a process on the host, and what we remember of having started it. */
function running(
  world: World,
  step: Start,
  host: WorldHost | undefined,
  begun: Omit<WorldHost, 'process'>,
): World {
  const started: WorldHost = {
    ...begun,
    process: {
      kind: 'running',
      startedAt: world.now,
      flags: step.launch.flags,
      version: step.launch.version,
    },
  };
  const isKnown = step.launch.purpose !== 'birth' || world.record.issuedNew.includes(step.host);
  return {
    ...world,
    record: isKnown
      ? world.record
      : { ...world.record, issuedNew: [...world.record.issuedNew, step.host] },
    hosts:
      host === undefined
        ? [...world.hosts, started]
        : world.hosts.map((other) => (other === host ? started : other)),
  };
}

/** What a first start writes: an identity, and at a birth the list it was told. */
type FirstLog = Required<Pick<WorldHost, 'data'>> & Pick<WorldHost, 'oldList'>;

/** What a start on empty data writes, or why etcd ends instead. The flags alone say it, whatever the spec says by now. */
function firstStart(world: World, step: Start, host: WorldHost | undefined): FirstLog | string {
  return step.launch.purpose === 'birth' ? bear(world, step, host) : join(world, step, host);
}

/**
 * `new`: the ids are computed. etcd's only guard against a second birth is to ask the peers; one that nobody answers
 * is not guarded (etcd-facts 1.4).
 */
function bear(world: World, step: Start, host: WorldHost | undefined): FirstLog | string {
  const list = birthListOf(world, step.launch.flags);
  const own = ownURLs(world, step);
  const self = list.find(({ peerURLs }) => overlap(peerURLs, own));
  if (self === undefined) return 'bad-flags';
  const isKnown = peersOf(world, host).some((peer) =>
    listOf(world, peer).some(({ id, clientURLs }) => id === self.id && clientURLs.length > 0),
  );
  if (isKnown) return 'already-bootstrapped';
  const clusterID = clusterIDAtBirth(list.map(({ id }) => id));
  return { data: { kind: 'present', clusterID, memberID: self.id }, oldList: list };
}

/** `existing`: the list of any peer that answers says who it is, by its peer URLs (etcd-facts 1.3). */
function join(world: World, step: Start, host: WorldHost | undefined): FirstLog | string {
  const { clusterID } = world;
  const own = ownURLs(world, step);
  const member = peersOf(world, host)
    .flatMap((peer) => listOf(world, peer))
    .find(({ peerURLs }) => overlap(peerURLs, own));
  return member === undefined || clusterID === undefined
    ? 'cannot-join'
    : { data: { kind: 'present', clusterID, memberID: member.id } };
}

/** Where the member says that its peers reach it. */
function ownURLs({ target, record }: World, { host, launch }: Start): readonly PeerURL[] {
  const advertised = launch.flags['initial-advertise-peer-urls'];
  if (advertised !== undefined)
    return advertised.split(',').map((url) => unsafeBrand<PeerURL>(url));
  const wanted = target.members.find((member) => member.host === host)?.peerURLs;
  return wanted ?? record.addresses[host]?.peerURLs ?? [];
}

const overlap = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((url) => b.includes(url));

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
