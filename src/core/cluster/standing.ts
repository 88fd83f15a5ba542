import { type ClusterID, type MemberID, unsafeBrand } from '../../base/index.js';
import { type AlarmSight, alarmsIn } from './alarms.js';
import { type Member, votersOf } from './member.js';
import type { HostName, PeerURL } from './names.js';
import type { HostSight, Observation } from './observation.js';
import { marginOf, quorumOf } from './quorum.js';
import type { HostAddresses } from './record.js';
import type { Target, TargetMember } from './target.js';

/** One member of the list joined with what we saw of its host and what the spec wants of it. */
export interface Standing {
  readonly member: Member;
  /** The host whose data, answer or address is this member's; absent when it lives where we cannot see. */
  readonly sight: HostSight | undefined;
  /** The spec's entry for that host, absent when the spec no longer wants this member. */
  readonly wanted: TargetMember | undefined;
  /** A person asked for this very member to be replaced or removed. */
  readonly retired: boolean;
  /** Has a leader, agrees with the others on it, still has its data, and no alarm says that it is corrupt. */
  readonly healthy: boolean;
  /** Its data directory is gone: it must never start again under this id. */
  readonly dataLost: boolean;
}

/** What the whole cluster looks like, joined once and used by every rule. */
export interface ClusterStanding {
  /** The list the standings were made from; `linearizable` decides whether a membership step may be based on it. */
  readonly listKind: 'linearizable' | 'local' | 'unseen';
  readonly clusterID: ClusterID | undefined;
  readonly standings: readonly Standing[];
  readonly voters: readonly Standing[];
  readonly learners: readonly Standing[];
  readonly healthyVoters: readonly Standing[];
  readonly quorum: number;
  readonly margin: number;
  readonly leader: Standing | undefined;
  readonly alarms: readonly AlarmSight[];
}

/**
 * Joins member list, hosts and spec. A member is matched to a host by the identity in the host's data, else by
 * what the running process answers, else by its peer URLs, in that order: addresses can be wrong, a log cannot.
 */
export function standingOf(
  target: Target,
  observation: Observation,
  addresses: Readonly<Record<string, HostAddresses>> = {},
): ClusterStanding {
  const list = observation.memberList;
  const members = list.kind === 'unseen' ? [] : list.members;
  const leaderID = leaderOf(observation);
  const alarms = alarmsIn(observation);
  const standings = members.map((member): Standing => {
    const sight = sightOf(member, observation, hostByPeerURL(member, target, addresses));
    const wanted =
      sight === undefined
        ? undefined
        : target.members.find((candidate) => candidate.host === sight.host);
    const retired = target.retire.includes(member.id);
    const dataLost = sight !== undefined && sight.data.kind === 'empty' && wasAlive(member);
    return {
      member,
      sight,
      wanted: retired ? undefined : wanted,
      retired,
      healthy:
        !dataLost &&
        answersWell(member.id, sight, leaderID) &&
        !alarms.some((own) => own.alarm === 'CORRUPT' && own.member === member.id),
      dataLost,
    };
  });
  const voters = standings.filter((standing) => !standing.member.isLearner);
  const healthyVoters = voters.filter((standing) => standing.healthy);
  return {
    listKind: list.kind,
    clusterID: list.kind === 'unseen' ? undefined : list.clusterID,
    standings,
    voters,
    learners: standings.filter((standing) => standing.member.isLearner),
    healthyVoters,
    quorum: quorumOf(votersOf(members).length),
    margin: marginOf(voters.length, healthyVoters.length),
    leader: standings.find((standing) => standing.member.id === leaderID),
    alarms,
  };
}

/** A member that published its name has had data; an unstarted one with no data has lost nothing. */
const wasAlive = (member: Member): boolean => member.name !== '';

/** The leader that the highest term speaks of. */
export function leaderOf(observation: Observation): MemberID | undefined {
  let best: { term: bigint; leader: MemberID } | undefined;
  for (const { status } of observation.hosts) {
    if (status.kind !== 'answered' || status.leader === undefined) continue;
    if (best === undefined || status.raftTerm > best.term) {
      best = { term: status.raftTerm, leader: status.leader };
    }
  }
  return best?.leader;
}

function answersWell(
  id: MemberID,
  sight: HostSight | undefined,
  leaderID: MemberID | undefined,
): boolean {
  if (sight === undefined || sight.status.kind !== 'answered') return false;
  // The parts of a look are not of one moment: it answered, and then its process was gone.
  if (sight.process.kind === 'stopped') return false;
  const { status } = sight;
  return status.memberID === id && status.leader !== undefined && status.leader === leaderID;
}

function sightOf(
  member: Member,
  observation: Observation,
  hostByAddress: HostName | undefined,
): HostSight | undefined {
  const byData = observation.hosts.filter(
    ({ data }) => data.kind === 'present' && data.memberID === member.id,
  );
  // Where somebody copied a directory, the address says which is the member's own.
  const own = byData.find(({ host }) => host === hostByAddress) ?? byData[0];
  if (own !== undefined) return own;
  const byAnswer = observation.hosts.find(
    ({ status }) => status.kind === 'answered' && status.memberID === member.id,
  );
  if (byAnswer !== undefined) return byAnswer;
  const byAddress = observation.hosts.find((sight) => sight.host === hostByAddress);
  // A host whose data says it is somebody else is not this member's, whatever its address says.
  return byAddress?.data.kind === 'present' ? undefined : byAddress;
}

function hostByPeerURL(
  member: Member,
  target: Target,
  addresses: Readonly<Record<string, HostAddresses>>,
): HostName | undefined {
  // While a cluster turns to TLS, or from it, the list has the same place with the other scheme.
  const registered = member.peerURLs.map(withoutScheme);
  const isIts = (urls: readonly PeerURL[]) =>
    urls.some((url) => registered.includes(withoutScheme(url)));
  const wanted = target.members.find((candidate) => isIts(candidate.peerURLs))?.host;
  if (wanted !== undefined) return wanted;
  const known = Object.entries(addresses).find(([, host]) => isIts(host.peerURLs))?.[0];
  return known === undefined ? undefined : unsafeBrand<HostName>(known);
}

/** Where a URL leads, whatever is spoken there. */
export const withoutScheme = (url: PeerURL): string => url.replace(/^https?:/, '');
