import { unsafeBrand } from '../../base/index.js';
import { type ClientURL, type Member, type MemberName, memberIDAtBirth } from '../cluster/index.js';
import { stopped, without } from './hosts.js';
import { elected, ledSide, liveHostOf, lives, sideOf } from './leadership.js';
import { withMembers } from './lists.js';
import type { Side, World, WorldHost } from './world.js';

/**
 * What happens by itself when nothing more fails: the members of a birth find each other, the side with a quorum
 * elects a leader, and whoever is there learns the list, publishes its name, or ends because it was removed.
 * The world itself when nothing does.
 */
export function settle(world: World): World {
  const born = elected(world.members.length === 0 ? giveBirth(world) : world);
  const side = ledSide(born);
  return side === undefined ? born : updated(published(born, side), side);
}

function giveBirth(world: World): World {
  // What lies on a host that was never told `new` is somebody else's.
  const data = world.hosts.find(
    (host) => host.data.kind === 'present' && world.record.issuedNew.includes(host.host),
  )?.data;
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

/** Name and client URLs are published through the log, at every start. */
function published(world: World, side: Side): World {
  let isNews = false;
  const members = world.members.map((member): Member => {
    const host = liveHostOf(world, member.id);
    if (host?.process.kind !== 'running' || sideOf(host) !== side) return member;
    const { flags } = host.process;
    const name = unsafeBrand<MemberName>(flags['name'] ?? member.name);
    const advertised = flags['advertise-client-urls'] ?? '';
    if (member.name === name && member.clientURLs.join() === advertised) return member;
    isNews = true;
    const clientURLs = advertised.split(',').map((url) => unsafeBrand<ClientURL>(url));
    return { ...member, name, clientURLs };
  });
  return isNews ? withMembers(world, members) : world;
}

/** Everybody on the side with the leader knows the newest list, and who is not in it ends. */
function updated(world: World, side: Side): World {
  let isNews = false;
  const hosts = world.hosts.map((host): WorldHost => {
    const { process, data } = host;
    if (!lives(world, host) || sideOf(host) !== side || data.kind !== 'present') return host;
    if (!world.members.some(({ id }) => id === data.memberID)) {
      if (process.kind !== 'running') return host;
      isNews = true;
      return stopped(host);
    }
    if (host.oldList === undefined && host.metLeader === true) return host;
    isNews = true;
    return { ...without(host, 'oldList'), metLeader: true };
  });
  return isNews ? { ...world, hosts } : world;
}
