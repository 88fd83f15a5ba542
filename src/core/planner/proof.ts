import type { MemberID } from '../../base/index.js';
import type { Observation } from '../cluster/index.js';
import type { Guards } from './guards.js';
import type { NotAMemberProof, UnresolvedChange } from './plan-types.js';

/**
 * The proof that lets data be moved aside: a list read through quorum after the last membership change was resolved,
 * without the member. Undefined when that is not what was seen.
 */
export function proveNotAMember(
  memberID: MemberID,
  observation: Observation,
  unresolved: UnresolvedChange | undefined,
  guards: Guards,
): NotAMemberProof | undefined {
  const { memberList } = observation;
  if (memberList.kind === 'unseen' || !guards.listIsLinearizable(observation)) return undefined;
  if (!guards.changeIsResolved(unresolved, observation)) return undefined;
  const listed = memberList.members.map(({ id }) => id);
  if (listed.includes(memberID)) return undefined;
  return { memberID, clusterID: memberList.clusterID, listAt: memberList.at, listed };
}
