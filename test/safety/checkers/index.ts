/**
 * The safety rules of ARCHITECTURE.md as checkers: pure functions over a world before, a decision, and the world after.
 *
 * Contract: types alone are taken from src, never the planner's or the model's arithmetic, and what a plan declares
 * about itself is not believed. Every list that comes back empty means that the rule holds.
 * Rule 8 (nothing by accident) is not here: it is about what a person types, and the model has nobody who types; the
 * tests of the command line hold it. Of rule 3 what needs the history of a birth (who once had a log under which token)
 * is checked by the birth explorer, which keeps that history.
 */
import type { Decision, Effect, Landing, Violation } from './decision.js';
import { checkQuorumKept, checkQuorumOnLanding } from './rule-1-quorum.js';
import { checkLearners, checkOneChange } from './rule-2-one-change.js';
import { checkOneBirth, checkOneClusterID } from './rule-3-one-cluster.js';
import { checkNoAmnesiaDecided, checkNoAmnesiaLanded } from './rule-4-no-amnesia.js';
import { checkDataNotNeeded, checkNoDataLost } from './rule-5-data-kept.js';
import { checkOrder } from './rule-7-leaders-first.js';
import { checkConsumersFirst } from './rule-9-consumers.js';

export type { Decision, Effect, Landing, PlannedStep, Violation } from './decision.js';
export { type Pledge, lostBy, pledgeOf } from './rule-1-quorum.js';
export { checkEnd } from './rule-6-convergence.js';
export { wellVoters } from './facts.js';

/** Rules 1, 2, 3, 4, 5, 7 and 9 of a decision, as the world was when it was made. */
export const checkDecision = (decision: Decision): readonly Violation[] => [
  ...checkQuorumKept(decision),
  ...checkOneChange(decision),
  ...checkOneBirth(decision),
  ...checkNoAmnesiaDecided(decision),
  ...checkDataNotNeeded(decision),
  ...checkOrder(decision),
  ...checkConsumersFirst(decision),
];

/** Rules 2 to 5 of what a step did, by itself. */
export const checkEffect = (effect: Effect): readonly Violation[] => [
  ...checkLearners(effect),
  ...checkOneClusterID(effect),
  ...checkNoAmnesiaLanded(effect),
  ...checkNoDataLost(effect),
];

/** Rules 1 to 5 of a step that landed, on time or late. */
export const checkLanding = (landing: Landing): readonly Violation[] => [
  ...checkQuorumOnLanding(landing),
  ...checkEffect({ ...landing, step: landing.decision.plan.step }),
];

/** Everything that a decision and its landing break, as lines for people. */
export const brokenRules = (landing: Landing): readonly string[] =>
  [...checkDecision(landing.decision), ...checkLanding(landing)].map(
    ({ rule, what }) => `rule ${rule}: ${what}`,
  );
