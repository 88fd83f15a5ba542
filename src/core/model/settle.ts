import { type ClusterID, unsafeBrand } from '../../base/index.js';
import { type ClientURL, type Member, type MemberName } from '../cluster/index.js';
import { birthListOf } from './birth-list.js';
import { stopped, without } from './hosts.js';
import { electedOn, ifLed, liveHostOf, lives, quorumSide, sideOf } from './leadership.js';
import { withMembers } from './lists.js';
import { meet } from './meeting.js';
import type { Side, World, WorldHost } from './world.js';

/**
 * What happens by itself when nothing more fails: the members of a birth find each other, the side with a quorum
 * elects a leader, and whoever is there learns the list, publishes its name, or ends because it was removed.
 * The world itself when nothing does.
 */
export function settle(world: World): World {
  const met = meet(world);
  const known = isForgotten(met) ? forgotten(met) : met;
  const born = known.members.length === 0 ? giveBirth(known) : known;
  const quorate = quorumSide(born);
  const led = electedOn(born, quorate);
  const side = ifLed(led, quorate);
  return side === undefined ? led : updated(published(led, side), side);
}

/** A birth of which no host holds anything any more has not happened, as long as it was not recorded. */
const isForgotten = ({ record, members, hosts }: World): boolean =>
  record.clusterID === undefined &&
  members.length > 0 &&
  hosts.every(({ data }) => data.kind !== 'present');

const forgotten = (world: World): World => ({
  ...world,
  members: [],
  clusterID: undefined,
  leader: undefined,
});

/** Of the lists that hosts were started with, the one that most were told is the one that can come to a quorum. */
function giveBirth(world: World): World {
  const births = new Map<ClusterID, { members: readonly Member[]; count: number }>();
  for (const { data, oldList } of world.hosts) {
    if (data.kind !== 'present') continue;
    const members = oldList ?? birthListOf(world, {});
    if (!members.some(({ id }) => id === data.memberID)) continue;
    const birth = births.get(data.clusterID) ?? { members, count: 0 };
    births.set(data.clusterID, { ...birth, count: birth.count + 1 });
  }
  const [best] = [...births].sort(([, a], [, b]) => b.count - a.count);
  return best === undefined ? world : { ...world, clusterID: best[0], members: best[1].members };
}

/** Name and client URLs are published through the log, at every start. */
function published(world: World, side: Side): World {
  const { members } = world;
  return members.some((member) => publishing(world, member, side) !== member)
    ? withMembers(
        world,
        members.map((member) => publishing(world, member, side)),
      )
    : world;
}

/** The member as the process that runs it says; itself when the list has it so already, or nobody runs it there. */
function publishing(world: World, member: Member, side: Side): Member {
  const host = liveHostOf(world, member.id);
  if (host?.process.kind !== 'running' || sideOf(host) !== side) return member;
  const { flags } = host.process;
  const name = unsafeBrand<MemberName>(flags['name'] ?? member.name);
  const advertised = flags['advertise-client-urls'] ?? '';
  if (member.name === name && member.clientURLs.join() === advertised) return member;
  const clientURLs = advertised.split(',').map((url) => unsafeBrand<ClientURL>(url));
  return { ...member, name, clientURLs };
}

/** Everybody on the side with the leader knows the newest list, and who is not in it ends. */
function updated(world: World, side: Side): World {
  const { hosts } = world;
  return hosts.some((host) => told(world, host, side) !== host)
    ? { ...world, hosts: hosts.map((host) => told(world, host, side)) }
    : world;
}

/** The host when its member knows the newest list; itself when that changes nothing. */
function told(world: World, host: WorldHost, side: Side): WorldHost {
  const { process, data } = host;
  if (!lives(world, host) || sideOf(host) !== side || data.kind !== 'present') return host;
  if (!world.members.some(({ id }) => id === data.memberID)) {
    return process.kind === 'running' ? stopped(host) : host;
  }
  if (host.oldList === undefined && host.metLeader === true) return host;
  return { ...without(host, 'oldList'), metLeader: true };
}
