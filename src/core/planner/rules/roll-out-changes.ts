import { isFirstLife } from '../../bootstrap/index.js';
import { type Standing, differingFlags, labelOf, minorOf } from '../../cluster/index.js';
import { blockedBy, stepOf, waitFor } from '../make.js';
import { moveLeaderAway } from '../move-leader-away.js';
import type { Plan, Reason } from '../plan-types.js';
import { minorChange } from '../problems.js';
import type { Rule, View } from '../view.js';
import { consumerLeftBehind } from './tell-consumers.js';
import { isLastInPlainText, isMoved, listensElsewhere, updateStep } from './update-peer-urls.js';

/**
 * Members that run with other flags, name or version than wanted are restarted one at a time: followers first, the
 * leader last and only after it handed over. Starting again is start-stopped-members' work. One that moves is registered
 * at its new address right before its restart, and whoever is registered where it does not listen yet is restarted
 * before anybody else: with several of them the others could dial nobody (etcd-facts 5.7). The last that gets certificates is
 * registered while it is down.
 */
export const rollOutChanges: Rule = (view) => {
  const { standing, guards } = view;
  const differing = standing.voters
    .filter((voter) => whyRestart(view, voter) !== undefined)
    .sort(
      (a, b) =>
        Number(isHalfMoved(view, b)) - Number(isHalfMoved(view, a)) ||
        Number(isLeader(view, a)) - Number(isLeader(view, b)),
    );
  const [next] = differing;
  if (next === undefined) return undefined;
  const refusal = refuseMinorChange(view, next) ?? consumerLeftBehind(view, next);
  if (refusal !== undefined) return refusal;
  if (!guards.stopKeepsQuorum(standing, next))
    return waitFor('member-healthy', 'voter-not-healthy');
  if (!standing.voters.every((voter) => guards.caughtUp(standing, voter))) {
    return waitFor('member-healthy', 'learner-catching-up');
  }
  if (!guards.isNotLeader(standing, next)) {
    const settled = standing.voters.filter((voter) => whyRestart(view, voter) === undefined);
    return moveLeaderAway(view, next, settled);
  }
  return registerOrStop(view, next);
};

/** A member that is unwell already is given its new flags at once: stopping it costs no margin. */
export const rollOutToTheSick: Rule = (view) => {
  const sick = view.standing.voters.find(
    (voter) => !voter.healthy && !voter.dataLost && whyRestart(view, voter) !== undefined,
  );
  if (sick === undefined || isLeader(view, sick)) return undefined;
  // Unwell may only mean that it does not answer us; then the others must be a quorum without it.
  if (!view.guards.stopKeepsQuorum(view.standing, sick)) return undefined;
  return refuseMinorChange(view, sick) ?? registerOrStop(view, sick);
};

const registerOrStop = (view: View, member: Standing): Plan | undefined =>
  isMoved(view, member) && !isLastInPlainText(view, member)
    ? updateStep(view, member)
    : stopForRestart(view, member);

const isHalfMoved = (view: View, member: Standing): boolean =>
  listensElsewhere(member) && !isMoved(view, member);

function stopForRestart(view: View, member: Standing): Plan | undefined {
  const because = whyRestart(view, member);
  if (because === undefined || member.wanted === undefined) return undefined;
  return stepOf(
    view,
    { kind: 'stop-member', host: member.wanted.host, name: member.wanted.name },
    because,
    { healthy: member.healthy ? -1 : 0 },
  );
}

const isLeader = ({ standing }: View, { member }: Standing): boolean =>
  standing.leader?.member.id === member.id;

function whyRestart(view: View, { wanted, sight, member }: Standing): Reason | undefined {
  if (wanted === undefined || wanted.byHand || sight?.process.kind !== 'running') return undefined;
  const answered = sight.status.kind === 'answered' ? sight.status.version : undefined;
  // As launched, where that is known: a binary that lies about itself would be restarted for ever.
  const version = sight.process.version ?? answered;
  if (version !== undefined && version !== view.target.version) return 'version-differs';
  const differing = differingFlags(sight.process.flags, wanted.flags);
  if (differing.length === 0) return undefined;
  if (differing.includes('name') || member.name !== wanted.name) return 'name-differs';
  if (isFirstLife(sight.process.flags, wanted.flags)) return 'timings-of-first-life';
  return differing.includes('listen-peer-urls') ? 'peer-urls-differ' : 'flags-differ';
}

function refuseMinorChange(view: View, { sight, member }: Standing): Plan | undefined {
  if (sight?.status.kind !== 'answered') return undefined;
  const running = sight.status.version;
  const wanted = view.target.version;
  if (minorOf(running) === minorOf(wanted)) return undefined;
  return blockedBy(
    minorChange({ cluster: `${view.target.name} (${labelOf(member)})`, running, wanted }),
  );
}
