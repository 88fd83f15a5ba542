import { type MemberID, assertNever } from '../../base/index.js';
import type {
  Birth,
  ClusterToken,
  MeetingPlace,
  Member,
  MemberName,
  PeerURL,
  StartFlags,
  TargetMember,
} from '../cluster/index.js';
import { differingFlags } from '../cluster/index.js';
import { dnsFlags } from './dns/index.js';

/**
 * Short enough that the first member of a local birth leads as soon as one other is connected (lab-etcd 2.3). It asks
 * before it campaigns, also on 3.4: else it would take the lead back from whoever it is handed to, whose heartbeats come
 * more seldom than it waits for them.
 */
const FIRST_LIFE: StartFlags = {
  'heartbeat-interval': '10',
  'election-timeout': '50',
  'pre-vote': 'true',
};

/** The flags in which a first life differs from the settled one. */
export const FIRST_LIFE_FLAGS: ReadonlySet<string> = new Set(Object.keys(FIRST_LIFE));

/** Whether a member that runs with these flags is in its first life, and differs from what is wanted in nothing else. */
export const isFirstLife = (running: StartFlags, wanted: StartFlags): boolean => {
  const differing = differingFlags(running, wanted);
  return (
    running['initial-cluster-state'] === 'new' &&
    differing.length > 0 &&
    differing.every((name) => FIRST_LIFE_FLAGS.has(name))
  );
};

/** A member of a birth, as `--initial-cluster` names it. */
export interface BirthMember {
  readonly name: MemberName;
  readonly peerURLs: readonly PeerURL[];
}

export interface BirthCluster {
  readonly members: readonly BirthMember[];
  readonly token: ClusterToken;
  readonly birth: Birth;
}

/**
 * The flags of a first start with `new`: the whole cluster, named and in one order on every member, or where to find it.
 * Those two must not stand beside each other (etcd-facts 1.3).
 */
export function birthFlags(member: TargetMember, cluster: BirthCluster): StartFlags {
  return {
    ...member.flags,
    'initial-advertise-peer-urls': member.peerURLs.join(','),
    'initial-cluster-state': 'new',
    ...waysToFind(cluster),
  };
}

function waysToFind({ birth, members, token }: BirthCluster): StartFlags {
  switch (birth.kind) {
    case 'static':
      return { 'initial-cluster': initialCluster(members), 'initial-cluster-token': token };
    case 'discovery':
      return discoveryFlags(birth.place);
    case 'dns':
      return { ...dnsFlags(birth), 'initial-cluster-token': token };
    default:
      return assertNever(birth);
  }
}

/**
 * Whoever comes when the place is full ends, on every version: the proxy that older ones would become instead can never
 * be started again (etcd-facts 2.2).
 */
function discoveryFlags(place: MeetingPlace): StartFlags {
  switch (place.protocol) {
    case 'v2':
      return { discovery: place.url, 'discovery-fallback': 'exit' };
    case 'v3':
      return {
        'discovery-endpoints': place.endpoints.join(','),
        'discovery-fallback': 'exit',
        'discovery-token': place.token,
      };
    default:
      return assertNever(place);
  }
}

/**
 * The flags of a first start of a member that was registered before: etcd compares the number of members and their
 * peer URLs with its own list; names are free (etcd-facts 1.3), so those it does not know yet get a stand-in.
 */
export function joinFlags(
  member: TargetMember,
  cluster: { readonly members: readonly Member[]; readonly self: MemberID },
): StartFlags {
  // As registered: the spec may have moved on since the member was added.
  const peerURLs =
    cluster.members.find(({ id }) => id === cluster.self)?.peerURLs ?? member.peerURLs;
  const others = cluster.members
    .filter(({ id }) => id !== cluster.self)
    .map((other) => ({ name: `member-${other.id}`, peerURLs: other.peerURLs }));
  return {
    ...member.flags,
    'initial-advertise-peer-urls': peerURLs.join(','),
    'initial-cluster': initialCluster([{ name: member.name, peerURLs }, ...others]),
    'initial-cluster-state': 'existing',
  };
}

/** The flags of every later start. `existing` is ignored beside data and saves the day without it (etcd-facts 1.4). */
export const restartFlags = (flags: StartFlags): StartFlags => ({
  ...flags,
  'initial-cluster-state': 'existing',
});

export const withFastTimings = (flags: StartFlags): StartFlags => ({ ...flags, ...FIRST_LIFE });

/**
 * The member that opens the gate of a birth: etcd asks the others' peer URLs in sorted order, so the one that sorts
 * first as text is the one everybody asks first (lab-etcd 2.3).
 */
export function firstToStart<M extends { readonly peerURLs: readonly string[] }>(
  members: readonly M[],
): M | undefined {
  const firstURL = ({ peerURLs }: M): string => [...peerURLs].sort()[0] ?? '';
  return [...members].sort((a, b) => (firstURL(a) < firstURL(b) ? -1 : 1))[0];
}

const initialCluster = (
  members: readonly { readonly name: string; readonly peerURLs: readonly string[] }[],
): string =>
  members
    .flatMap(({ name, peerURLs }) => peerURLs.map((url) => `${name}=${url}`))
    .sort()
    .join(',');
