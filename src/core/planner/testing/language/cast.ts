import { instantOf, unsafeBrand } from '../../../../base/index.js';
import { restartFlags } from '../../../bootstrap/index.js';
import {
  type ClientURL,
  type ClusterName,
  type ClusterToken,
  type EtcdVersion,
  type HostAddresses,
  type HostName,
  type Member,
  type MemberName,
  type PeerURL,
  type Target,
  type TargetMember,
  type TargetProxy,
  clusterIDAtBirth,
  memberIDAtBirth,
} from '../../../cluster/index.js';
import { type World, type WorldHost, settle } from '../../../model/index.js';

/** Every scenario begins at this moment. */
const START = instantOf(1_000_000_000);
const PEER_PORT = 2380;
export const MOVED_PEER_PORT = 2480;
export const MOVED_CLIENT_PORT = 2479;

/** The member of a host of the same name, with addresses that say whose they are. */
export function memberOn(name: string, peerPort = PEER_PORT): TargetMember {
  const member: TargetMember = {
    name: unsafeBrand<MemberName>(name),
    host: unsafeBrand<HostName>(name),
    byHand: false,
    peerURLs: [],
    clientURLs: [unsafeBrand<ClientURL>(`http://${name}:2379`)],
    flags: {
      name,
      'data-dir': `/data/${name}`,
      'listen-client-urls': `http://${name}:2379`,
      'advertise-client-urls': `http://${name}:2379`,
    },
  };
  return listeningOn(member, peerPort);
}

/** A host beyond the size, with the addresses that a member there would have. */
export function proxyOn(host: string): TargetProxy {
  const { name, clientURLs } = memberOn(host);
  return { name, host: unsafeBrand<HostName>(host), clientURLs, listenClientURLs: clientURLs };
}

export function listeningOn(member: TargetMember, peerPort: number): TargetMember {
  const peerURLs = [unsafeBrand<PeerURL>(`http://${member.host}:${peerPort}`)];
  return {
    ...member,
    peerURLs,
    flags: { ...member.flags, 'listen-peer-urls': peerURLs.join() },
  };
}

export function servingOn(member: TargetMember, clientPort: number): TargetMember {
  const url = unsafeBrand<ClientURL>(`http://${member.host}:${clientPort}`);
  return {
    ...member,
    clientURLs: [url],
    flags: { ...member.flags, 'listen-client-urls': url, 'advertise-client-urls': url },
  };
}

const addressesOf = ({ peerURLs, clientURLs, flags }: TargetMember): HostAddresses => ({
  peerURLs,
  clientURLs,
  listenPeerURLs: peerURLs,
  listenClientURLs: clientURLs,
  listenMetricsURLs: [],
  dataDir: flags['data-dir'] ?? '',
});

/** What a person starts is never seen to be stopped: its process is not ours to look at. */
const emptyHost = ({ host, byHand }: TargetMember): WorldHost => ({
  host,
  process: { kind: byHand ? 'by-hand' : 'stopped' },
  data: { kind: 'empty' },
});

/** The world with another target: hosts that are new in it appear, empty, and get their addresses. */
export function withTarget(world: World, target: Target): World {
  const all = [...target.members, ...target.proxies.map(({ host }) => memberOn(host))];
  const isNew = ({ host }: TargetMember) => !world.hosts.some((known) => known.host === host);
  const addresses = Object.fromEntries(all.map((member) => [member.host, addressesOf(member)]));
  return {
    ...world,
    target,
    record: {
      ...world.record,
      version: target.version,
      retire: target.retire,
      // Found once and kept for ever, whatever the spec says later.
      addresses: { ...addresses, ...world.record.addresses },
    },
    hosts: [...world.hosts, ...all.filter(isNew).map(emptyHost)],
  };
}

/** A cluster that nobody has started yet. */
export function unborn(name: string, version: string, members: readonly string[]): World {
  const token = unsafeBrand<ClusterToken>(`${name}-1`);
  const etcdVersion = unsafeBrand<EtcdVersion>(version);
  const clusterName = unsafeBrand<ClusterName>(name);
  const target: Target = {
    name: clusterName,
    token,
    birth: { kind: 'static' },
    version: etcdVersion,
    members: members.map((member) => memberOn(member)),
    proxies: [],
    state: 'up',
    firstLife: 'plain',
    retire: [],
  };
  const nothing: World = {
    now: START,
    target,
    record: {
      formatVersion: 1,
      name: clusterName,
      token,
      version: etcdVersion,
      issuedNew: [],
      addresses: {},
      retire: [],
    },
    members: [],
    clusterID: undefined,
    leader: undefined,
    term: 1n,
    hosts: [],
    addedCount: 0,
  };
  return withTarget(nothing, target);
}

export interface Born {
  readonly name: string;
  readonly version: string;
  readonly voters: readonly string[];
  /** The voter that leads; the first one when absent. */
  readonly leader?: string | undefined;
  /** How long every process has been running. */
  readonly forMs: number;
}

/** A cluster whose voters were born together and run. Made by hand, so that no planner has a part in it. */
export function born({ name, version, voters, leader, forMs }: Born): World {
  const world = unborn(name, version, voters);
  const { target } = world;
  const idOf = ({ peerURLs }: TargetMember) => memberIDAtBirth(peerURLs, target.token);
  const clusterID = clusterIDAtBirth(target.members.map(idOf));
  const members = target.members.map((member): Member => ({
    id: idOf(member),
    name: member.name,
    peerURLs: member.peerURLs,
    clientURLs: member.clientURLs,
    isLearner: false,
  }));
  const hosts = target.members.map((member): WorldHost => ({
    host: member.host,
    process: {
      kind: 'running',
      startedAt: instantOf(START - forMs),
      flags: restartFlags(member.flags),
      version: target.version,
    },
    data: { kind: 'present', clusterID, memberID: idOf(member) },
  }));
  const leading = members.find((member) => member.name === leader) ?? members[0];
  return settle({
    ...world,
    record: { ...world.record, clusterID, issuedNew: hosts.map(({ host }) => host) },
    members,
    clusterID,
    leader: leading?.id,
    hosts,
  });
}
