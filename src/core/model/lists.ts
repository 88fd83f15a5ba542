import type { Member } from '../cluster/index.js';
import { ledSide, lives, sideOf } from './leadership.js';
import type { World, WorldHost } from './world.js';

/** A newer member list is committed: who is not there keeps the copy it has. */
export function withMembers(world: World, members: readonly Member[]): World {
  const side = ledSide(world);
  const hosts = world.hosts.map((host): WorldHost => {
    if (host.data.kind !== 'present' || host.data.clusterID !== world.clusterID) return host;
    if (host.oldList !== undefined) return host;
    const isThere = lives(world, host) && sideOf(host) === side;
    return isThere ? host : { ...host, oldList: world.members };
  });
  return { ...world, members, hosts };
}
