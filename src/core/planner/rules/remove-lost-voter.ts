import { labelOf } from '../../cluster/index.js';
import { connectedAt } from '../guards.js';
import { stepOf, waitFor } from '../make.js';
import { moveLeaderAway } from '../move-leader-away.js';
import type { Rule } from '../view.js';

/**
 * A voter that can never come back as itself is removed before its successor is added; the other order is refused by
 * etcd (etcd-facts 5.2). It cannot come back when its data is gone; one that is unwell and that nobody wants need not.
 * A stranger, of whom we know no host, is told by refuse-unusable-hosts.
 */
export const removeLostVoter: Rule = (view) => {
  const { standing, guards, target } = view;
  for (const voter of standing.voters) {
    const isUnwanted = voter.retired || (voter.wanted === undefined && voter.sight !== undefined);
    if (voter.healthy || !(voter.dataLost || isUnwanted)) continue;
    if (!guards.removalKeepsMargin(standing, voter, target.members.length)) continue;
    if (!guards.isNotLeader(standing, voter)) return moveLeaderAway(view, voter, standing.voters);
    // One that is down may go at any time; one that still runs only as any connected voter (etcd-facts 5.2).
    if (
      voter.sight?.process.kind === 'running' &&
      !guards.connectedLongEnough(standing, view.now, view.lately)
    ) {
      return waitFor('etcd-health-interval', 'members-not-connected-long-enough', {
        until: connectedAt(standing, view.now, view.lately),
      });
    }
    return stepOf(
      view,
      { kind: 'remove-member', member: voter.member.id, name: labelOf(voter.member) },
      voter.dataLost ? 'data-lost' : voter.retired ? 'replacement-asked' : 'not-in-spec',
      { voters: -1 },
    );
  }
  return undefined;
};
