import type { ClusterID, Instant } from '../../base/index.js';
import type { HostSight, Member, MemberListSight, StatusSight } from '../../core/cluster/index.js';

/** A member's own status, with the client URL that gave it. */
export interface Answer {
  readonly clientURL: string;
  readonly status: Extract<StatusSight, { kind: 'answered' }>;
}

/**
 * Whom to ask for the list through quorum: members that know a leader and belong to our cluster, the leader itself
 * first. Learners refuse the call (etcd-facts 5.8). At birth, when no cluster id is recorded, the larger party counts.
 */
export function listEndpoints(
  answers: readonly Answer[],
  recorded: ClusterID | undefined,
): readonly string[] {
  const able = answers.filter(({ status }) => status.leader !== undefined && !status.isLearner);
  const ours = recorded ?? mostFrequent(able.map(({ status }) => status.clusterID));
  return able
    .filter(({ status }) => status.clusterID === ours)
    .map(({ clientURL, status }) => ({
      clientURL,
      term: status.raftTerm,
      leads: status.leader === status.memberID,
    }))
    .sort((a, b) =>
      a.term === b.term ? Number(b.leads) - Number(a.leads) : a.term < b.term ? 1 : -1,
    )
    .map(({ clientURL }) => clientURL);
}

/**
 * The members' own copies as second best: those of the recorded cluster before others, then the copy on which most
 * members agree, then the order of the hosts. May be old; the sight says `local`.
 */
export function localList(
  sights: readonly HostSight[],
  recorded: ClusterID | undefined,
  at: Instant,
  because: string,
): MemberListSight {
  const copies = sights.flatMap(({ peer }) =>
    peer.kind === 'answered' && peer.members.length > 0
      ? [{ clusterID: peer.clusterID, members: peer.members, key: keyOf(peer) }]
      : [],
  );
  const ours = copies.filter(({ clusterID }) => clusterID === recorded);
  const pool = ours.length > 0 ? ours : copies;
  const key = mostFrequent(pool.map((copy) => copy.key));
  const best = pool.find((copy) => copy.key === key);
  return best === undefined
    ? { kind: 'unseen', because }
    : { kind: 'local', at, clusterID: best.clusterID, members: best.members };
}

const keyOf = (copy: {
  readonly clusterID: ClusterID;
  readonly members: readonly Member[];
}): string =>
  [
    copy.clusterID,
    ...copy.members
      .map((member) => `${member.id}${member.isLearner ? '?' : '!'}${member.peerURLs.join()}`)
      .sort(),
  ].join(' ');

/** The first of the most frequent. */
function mostFrequent<T extends string>(values: readonly T[]): T | undefined {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  let best: T | undefined;
  for (const [value, count] of counts) {
    if (best === undefined || count > (counts.get(best) ?? 0)) best = value;
  }
  return best;
}
