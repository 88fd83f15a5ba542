import type { Step } from '../../../src/core/planner/index.js';
import type { Decision, Effect, Violation } from './decision.js';
import { isMajority, knownWell, lostVoters, nameOf, votersIn } from './facts.js';

const changesMembership = ({ kind }: Step): boolean =>
  kind === 'add-learner' ||
  kind === 'promote-learner' ||
  kind === 'remove-member' ||
  kind === 'update-peer-urls';

/**
 * Rule 2: no membership change is decided while another may still land; none adds a learner beside a learner; and a
 * voter that lost its log is removed before anything is done for a learner.
 */
export function checkOneChange({ plan, world, unresolved }: Decision): readonly Violation[] {
  const { step } = plan;
  const found: Violation[] = [];
  if (changesMembership(step) && unresolved !== undefined) {
    found.push({
      rule: 2,
      what: `${step.kind} is decided while an earlier ${unresolved.step} may still land`,
    });
  }
  const learners = world.members.filter(({ isLearner }) => isLearner);
  if (step.kind === 'add-learner' && learners.length > 0) {
    found.push({ rule: 2, what: `a second learner is added, ${step.name}` });
  }
  const [lost] = lostVoters(world);
  if (lost !== undefined && isForLearner(step) && mayGo(world)) {
    found.push({
      rule: 2,
      what: `${step.kind} is decided while ${nameOf(world, lost.id)} has lost its data and could be removed`,
    });
  }
  return found;
}

const isForLearner = (step: Step): boolean =>
  step.kind === 'add-learner' ||
  step.kind === 'promote-learner' ||
  (step.kind === 'start-member' && step.launch.purpose === 'join');

/** The others are a majority also of what is left, so that etcd lets a dead one go. */
const mayGo = (world: Decision['world']): boolean =>
  isMajority(knownWell(world).length, votersIn(world).length - 1);

/** Rule 2, whatever landed: there is one learner at most. */
export function checkLearners({ after, step, outcome }: Effect): readonly Violation[] {
  const learners = after.members.filter(({ isLearner }) => isLearner);
  return outcome === 'applied' && learners.length > 1
    ? [{ rule: 2, what: `${step.kind} left ${learners.length} learners in the list` }]
    : [];
}
