import type { Problem } from '../../../base/index.js';
import type { HostSight } from '../../../core/cluster/index.js';
import type { PlanInput } from '../../../core/planner/index.js';
import {
  memberDataLost,
  memberHostUnseen,
  memberOfAnotherCluster,
  memberReports,
  memberSilent,
  memberStopped,
  memberWithoutLeader,
} from '../problems.js';

interface MemberFacts {
  readonly down: boolean;
  readonly dataLost: boolean;
  /** As its peers know it. */
  readonly peerURLs: readonly string[];
}

/** What is wrong with one member, as far as one look tells. A member that is down as asked has no problem. */
export function memberProblems(
  member: string,
  sight: HostSight | undefined,
  { down, dataLost, peerURLs }: MemberFacts,
): readonly Problem[] {
  if (sight === undefined) return [];
  return [
    ...(dataLost ? [memberDataLost({ member })] : []),
    ...(sight.data.kind === 'unreadable' ? [sight.data.problem] : []),
    ...processProblems(member, sight, down),
    ...(down ? [] : answerProblems(member, sight, namesIn(peerURLs))),
  ];
}

function processProblems(
  member: string,
  { process }: HostSight,
  down: boolean,
): readonly Problem[] {
  switch (process.kind) {
    case 'running':
    case 'by-hand':
      return [];
    case 'unseen':
      return [memberHostUnseen({ member, because: process.because })];
    case 'stopped': {
      if (process.lastExit === undefined) return [];
      if (process.lastExit.reason === 'asked') {
        return down ? [] : [memberStopped({ member, because: 'It was stopped, as asked.' })];
      }
      return [process.lastExit.problem];
    }
  }
}

function answerProblems(
  member: string,
  { process, status }: HostSight,
  peerNames: readonly string[],
): readonly Problem[] {
  if (status.kind === 'answered') {
    return [
      ...(status.leader === undefined ? [memberWithoutLeader({ member, peerNames })] : []),
      ...status.errors
        .filter((says) => !says.includes('no leader'))
        .map((says) => memberReports({ member, says })),
    ];
  }
  if (process.kind !== 'running') return [];
  return [memberSilent({ member, because: status.because, peerNames })];
}

/** The names, not addresses, by which a member is known to its peers. */
const namesIn = (peerURLs: readonly string[]): readonly string[] =>
  peerURLs.flatMap((url) => {
    const host = /^https?:\/\/([^/[\]:]+):\d+$/.exec(url)?.[1];
    return host === undefined || host === 'localhost' || /^[\d.]+$/.test(host) ? [] : [host];
  });

/** A process or a log of another cluster on a host of ours: wrongly started with `new`, or copied here. */
export function otherClusterProblem(
  { record }: PlanInput,
  { host, status, peer, data }: HostSight,
): Problem | undefined {
  if (record.clusterID === undefined) return undefined;
  const answers =
    status.kind === 'answered'
      ? status.clusterID
      : peer.kind === 'answered'
        ? peer.clusterID
        : data.kind === 'present'
          ? data.clusterID
          : undefined;
  if (answers === undefined || answers === record.clusterID) return undefined;
  return memberOfAnotherCluster({ member: host, expected: record.clusterID, answers });
}
