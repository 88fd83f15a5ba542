import { instantOf } from '../../base/index.js';
import { type Plan, type PlanInput, plan as planNext } from '../planner/index.js';
import { applyStep } from './apply-step.js';
import { observe } from './observe.js';
import { settle } from './settle.js';
import { worldOf } from './world-of.js';
import type { World } from './world.js';

/** More steps than the longest honest plan (one member to seven, each restarted) could have. */
export const PREVIEW_STEPS_MAX = 200;
/** Turns without a step after which waiting is the true answer: nothing more happens by itself in the model. */
const WAITS_IN_A_ROW_MAX = 8;
const TURN_MS = 250;

export type PlannedStep = Extract<Plan, { kind: 'step' }>;

export interface Preview {
  /** Every step until the end, in order; the first is what `plan` says now. */
  readonly steps: readonly PlannedStep[];
  /** How it ends when nothing fails: converged, blocked, or waiting for something that only the world can bring. */
  readonly end: Exclude<Plan, { kind: 'step' }>;
}

/**
 * What the planner would do from here if nothing failed: the same planner, run against the model until it has
 * nothing more to do. Waits are passed over in virtual time.
 */
export function preview(input: PlanInput, plan: (input: PlanInput) => Plan = planNext): Preview {
  const steps: PlannedStep[] = [];
  const first = plan(input);
  let next = first;
  let world = worldOf(input);
  let unresolved = input.unresolved;
  let waits = 0;
  while (steps.length < PREVIEW_STEPS_MAX) {
    switch (next.kind) {
      case 'converged':
      case 'blocked':
        // A wait that only ends well is still what is true now: somebody is unwell, or something is under way.
        return { steps, end: steps.length === 0 && first.kind === 'wait' ? first : next };
      case 'wait':
        if (++waits > WAITS_IN_A_ROW_MAX) return { steps, end: next };
        if (next.for === 'quiet-period') unresolved = undefined;
        world = later(settle(world), next.until);
        break;
      case 'step': {
        waits = 0;
        steps.push(next);
        const result = applyStep(world, next.step);
        if (result.outcome !== 'applied') return { steps, end: stuck(next) };
        world = later(settle(result.world), undefined);
        break;
      }
    }
    next = plan(inputOf(world, unresolved));
  }
  return { steps, end: { kind: 'wait', for: 'a-person', because: 'voter-not-healthy' } };
}

const inputOf = (world: World, unresolved: PlanInput['unresolved']): PlanInput => ({
  target: world.target,
  record: world.record,
  observation: observe(world),
  now: world.now,
  ...(unresolved === undefined ? {} : { unresolved }),
});

const later = (world: World, until: number | undefined): World => ({
  ...world,
  now: instantOf(Math.max(until ?? 0, world.now + TURN_MS)),
});

/** The model refused what the planner declared safe: in the preview that is the end; in tests it is a failure. */
const stuck = ({ because }: PlannedStep): Preview['end'] => ({
  kind: 'wait',
  for: 'leader',
  because,
});
