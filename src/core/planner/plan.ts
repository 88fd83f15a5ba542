import { GUARDS, type Guards } from './guards.js';
import type { Plan, PlanInput } from './plan-types.js';
import { addMissingMember } from './rules/add-missing-member.js';
import { bear } from './rules/bear.js';
import { followAuthorities } from './rules/follow-authorities.js';
import { finishLearner } from './rules/finish-learner.js';
import { mendCertificates, renewCertificates } from './rules/keep-certificates.js';
import { leaveOutExtraMember } from './rules/leave-out-extra-member.js';
import { putAsideStaleData } from './rules/put-aside-stale-data.js';
import { refuseOtherClusters } from './rules/refuse-other-clusters.js';
import { refuseUnusableHosts } from './rules/refuse-unusable-hosts.js';
import { removeLostVoter } from './rules/remove-lost-voter.js';
import { runGateways, tellGatewayTrouble } from './rules/run-gateways.js';
import { rollOutChanges, rollOutToTheSick } from './rules/roll-out-changes.js';
import { sayQuorumLost } from './rules/say-quorum-lost.js';
import { startStoppedMembers } from './rules/start-stopped-members.js';
import { stopWhenAskedDown } from './rules/stop-when-asked-down.js';
import { rescueConsumers, tellConsumerTrouble, tellConsumers } from './rules/tell-consumers.js';
import { tellUnseenHosts } from './rules/tell-unseen-hosts.js';
import { updatePeerURLs } from './rules/update-peer-urls.js';
import { waitForUnresolvedChange } from './rules/wait-for-unresolved-change.js';
import { waitUntilHealthy } from './rules/wait-until-healthy.js';
import { type Rule, viewOf } from './view.js';

/**
 * The policy, to be read aloud: the first rule that has an opinion decides. By name, so that a test can take one out
 * and must notice.
 */
export const RULES = {
  stopWhenAskedDown,
  refuseOtherClusters,
  bear,
  mendCertificates,
  startStoppedMembers,
  sayQuorumLost,
  waitForUnresolvedChange,
  putAsideStaleData,
  removeLostVoter,
  finishLearner,
  runGateways,
  rescueConsumers,
  rollOutToTheSick,
  waitUntilHealthy,
  refuseUnusableHosts,
  renewCertificates,
  updatePeerURLs,
  rollOutChanges,
  addMissingMember,
  tellConsumers,
  leaveOutExtraMember,
  followAuthorities,
  tellGatewayTrouble,
  tellConsumerTrouble,
  tellUnseenHosts,
} as const satisfies Readonly<Record<string, Rule>>;

export type RuleName = keyof typeof RULES;

/** A planner with its guards and rules; any but `GUARDS` and `RULES` are for tests that take one out. */
export function createPlanner(
  guards: Guards,
  rules: Readonly<Record<string, Rule>> = RULES,
): (input: PlanInput) => Plan {
  const inOrder = Object.values(rules);
  return (input) => {
    const view = viewOf(input, guards);
    for (const rule of inOrder) {
      const opinion = rule(view);
      if (opinion !== undefined) return opinion;
    }
    return { kind: 'converged' };
  };
}

/** The next safe step for one cluster, or why there is none. Pure. */
export const plan: (input: PlanInput) => Plan = createPlanner(GUARDS);
