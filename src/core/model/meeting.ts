import { unsafeBrand } from '../../base/index.js';
import {
  type ClusterToken,
  type HostName,
  type Member,
  type MemberName,
  type PeerURL,
  type StartFlags,
  clusterIDAtBirth,
  memberIDAtBirth,
} from '../cluster/index.js';
import type { World, WorldHost } from './world.js';

/** The place where a member started with these flags meets the others; undefined: it needs none. */
export const placeOf = (flags: StartFlags): string | undefined =>
  flags['discovery'] ?? flags['discovery-token'];

/**
 * Registers one more member; undefined: it is turned away and ends (etcd-facts 2.2, 3). v3 takes one that comes again.
 */
export function register(
  world: World,
  flags: StartFlags,
  peerURLs: readonly PeerURL[],
): World | undefined {
  const place = placeOf(flags) ?? '';
  const { registered = [] } = world;
  const member: Member = {
    id: memberIDAtBirth(peerURLs, unsafeBrand<ClusterToken>(place)),
    name: unsafeBrand<MemberName>(flags['name'] ?? ''),
    peerURLs,
    clientURLs: [],
    isLearner: false,
  };
  const here = registered.filter((each) => each.place === place);
  if (here.some((each) => each.member.id === member.id)) {
    return flags['discovery'] === undefined ? world : undefined;
  }
  if (here.length >= sizeOf(world)) return undefined;
  return { ...world, registered: [...registered, { place, member }] };
}

/** How a member that was turned away has ended: before raft, and with etcd's word for it. */
export const turnedAway = (world: World, host: HostName): WorldHost['process'] => ({
  kind: 'stopped',
  lastExit: {
    at: world.now,
    reason: 'meeting-refused',
    inARow: 1,
    beforeRaft: true,
    problem: {
      code: 'member-meeting-refused',
      data: { host },
      summary: `The member on ${host} ended: it could not register at the discovery service`,
      detail: '',
      hint: '',
    },
  },
});

/** Once all have come, whoever waits there goes on with the list of those who came first. */
export function meet(world: World): World {
  const { registered } = world;
  if (registered === undefined) return world;
  const size = sizeOf(world);
  let isNews = false;
  const hosts = world.hosts.map((host): WorldHost => {
    const { process, data } = host;
    if (process.kind !== 'running' || data.kind !== 'empty') return host;
    const place = placeOf(process.flags);
    if (place === undefined) return host;
    // Who came first is in; among those no order means anything.
    const list = registered
      .filter((each) => each.place === place)
      .slice(0, size)
      .map(({ member }) => member)
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
    const urls = process.flags['initial-advertise-peer-urls']?.split(',') ?? [];
    const self = list.find(({ peerURLs }) => peerURLs.some((url) => urls.includes(url)));
    if (self === undefined || list.length < size) return host;
    isNews = true;
    const clusterID = clusterIDAtBirth(list.map(({ id }) => id));
    return { ...host, data: { kind: 'present', clusterID, memberID: self.id }, oldList: list };
  });
  return isNews ? { ...world, hosts } : world;
}

const sizeOf = ({ record, target }: World): number =>
  record.meetingPlace?.size ?? target.members.length;
