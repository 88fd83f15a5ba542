import { type Standing, labelOf } from '../../cluster/index.js';
import { connectedAt, marginAfterRemoval } from '../guards.js';
import { blockedBy, stepOf, waitFor } from '../make.js';
import { moveLeaderAway } from '../move-leader-away.js';
import { removalWouldRiskQuorum } from '../problems.js';
import type { Rule, View } from '../view.js';
import { consumerInTheWay } from './tell-consumers.js';

/**
 * A voter that the spec does not want goes last of all: when every consumer does without it, and a leader only after it
 * handed over.
 */
export const leaveOutExtraMember: Rule = (view) => {
  const { standing, guards, target } = view;
  const extra = [...standing.voters]
    .filter(({ wanted }) => wanted === undefined)
    .sort((a, b) => Number(isLeader(view, a)) - Number(isLeader(view, b)))[0];
  if (extra === undefined) return undefined;
  if (!guards.removalKeepsMargin(standing, extra, target.members.length)) {
    return blockedBy(
      removalWouldRiskQuorum({
        cluster: target.name,
        member: labelOf(extra.member),
        voters: standing.voters.length,
        healthy: standing.healthyVoters.length,
        marginBefore: standing.margin,
        marginAfter: marginAfterRemoval(standing, extra),
      }),
    );
  }
  const waitsForConsumers = consumerInTheWay(view, extra);
  if (waitsForConsumers !== undefined) return waitsForConsumers;
  // etcd removes a connected voter only while the others have been connected for its health interval.
  if (!guards.connectedLongEnough(standing, view.now, view.lately)) {
    return waitFor('etcd-health-interval', 'members-not-connected-long-enough', {
      until: connectedAt(standing, view.now, view.lately),
    });
  }
  if (!guards.isNotLeader(standing, extra)) {
    return moveLeaderAway(
      view,
      extra,
      standing.voters.filter((voter) => voter !== extra),
    );
  }
  return stepOf(
    view,
    { kind: 'remove-member', member: extra.member.id, name: labelOf(extra.member) },
    extra.retired ? 'replacement-asked' : 'not-in-spec',
    { voters: -1, healthy: extra.healthy ? -1 : 0 },
  );
};

const isLeader = ({ standing }: View, { member }: Standing): boolean =>
  standing.leader?.member.id === member.id;
