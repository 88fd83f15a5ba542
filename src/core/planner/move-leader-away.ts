import { type Standing, labelOf } from '../cluster/index.js';
import { stepOf, waitFor } from './make.js';
import type { Plan } from './plan-types.js';
import type { View } from './view.js';

/**
 * Safety rule 7: leadership is handed to a healthy voter; to one that stays before one that the spec does not want,
 * then `preferred` ones first, among them the one whose log is longest. Ties go to the order of the list, so that the
 * same view gives the same choice. One that will leave is better than none: else a leader that must restart before the
 * others may join would wait for them for ever.
 */
export function moveLeaderAway(view: View, from: Standing, preferred: readonly Standing[]): Plan {
  const candidates = view.standing.healthyVoters.filter(
    (voter) => voter.member.id !== from.member.id,
  );
  const stays = ({ wanted }: Standing) => Number(wanted !== undefined);
  const [to] = [...candidates].sort(
    (a, b) =>
      stays(b) - stays(a) ||
      Number(preferred.includes(b)) - Number(preferred.includes(a)) ||
      Number(appliedOf(b) - appliedOf(a)),
  );
  if (to === undefined) return waitFor('member-healthy', 'voter-not-healthy');
  return stepOf(
    view,
    {
      kind: 'move-leader',
      from: from.member.id,
      to: to.member.id,
      fromName: labelOf(from.member),
      toName: labelOf(to.member),
    },
    'leader-moves-first',
  );
}

const appliedOf = ({ sight }: Standing): bigint =>
  sight?.status.kind === 'answered' ? sight.status.raftAppliedIndex : 0n;
