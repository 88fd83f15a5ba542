import type { Instant } from '../../../../base/index.js';
import { type Observation, standingOf } from '../../../cluster/index.js';
import {
  type Applied,
  type World,
  advance,
  applyStep,
  observe,
  settle,
} from '../../../model/index.js';
import { MEMBERSHIP_STEPS, type Plan, type Step, remember } from '../../index.js';
import { withLabels } from './labels.js';
import type { Decision, Landing, Scene } from './scene.js';

/** How long the controller keeps an unknown change in mind (its own word, not the planner's constant). */
const QUIET_MS = 7000;

export const withWorld = (scene: Scene, world: World): Scene => ({
  ...scene,
  world,
  labels: withLabels(scene.labels, world),
});

export const later = (world: World, ms: number): World => settle(advance(world, ms));

/** What the controller sees now: the world, with the troubles of this look. */
export const look = ({ world, kept, troubles }: Scene): Observation =>
  troubles.reduce((seen, trouble) => trouble(seen), kept ?? observe(world));

/** One look and one plan; a step is remembered until it is applied, and the troubles of the look are over. */
export function decide(scene: Scene): { readonly scene: Scene; readonly plan: Plan } {
  const { planner, world } = scene;
  const observation = look(scene);
  const unresolved = isOver(scene.unresolved, observation) ? undefined : scene.unresolved;
  const { target, record } = world;
  const standing = standingOf(target, observation, record.addresses);
  const lately = remember(scene.lately, observation, standing);
  const plan = planner({
    target,
    record,
    observation,
    now: world.now,
    lately,
    ...(unresolved === undefined ? {} : { unresolved }),
  });
  const decided: Decision | undefined =
    plan.kind === 'step' ? { plan, at: world.now, world, unresolved } : undefined;
  return { plan, scene: { ...scene, unresolved, lately, decided, kept: undefined, troubles: [] } };
}

/** As the controller does it: a list through quorum, late enough, contains the change or proves that it never came. */
const isOver = (
  change: { readonly at: Instant } | undefined,
  { memberList }: Observation,
): boolean =>
  change !== undefined &&
  memberList.kind === 'linearizable' &&
  memberList.at >= change.at + QUIET_MS;

/** The decision reaches etcd, or its host, in the world as it is now. */
export function land(
  scene: Scene,
  decision: Decision,
  how: (world: World, step: Step) => Applied = applyStep,
): { readonly scene: Scene; readonly outcome: Landing['outcome']; readonly reason: string } {
  const { world: before } = scene;
  const { outcome, reason = '', world } = how(before, decision.plan.step);
  const after = settle(world);
  const violations = scene.check({ before, decision, outcome, after });
  const moved = withWorld(scene, after);
  return {
    outcome,
    reason,
    scene: {
      ...moved,
      landed: scene.landed + 1,
      violations: [...scene.violations, ...violations],
    },
  };
}

/** That a host is told to start as new is in the record before anything is started, whatever becomes of it. */
export function withIntent(scene: Scene, { plan: { step } }: Decision): Scene {
  if (step.kind !== 'start-member' || step.launch.purpose !== 'birth') return scene;
  const { world } = scene;
  const issuedNew = [...new Set([...world.record.issuedNew, step.host])];
  return { ...scene, world: { ...world, record: { ...world.record, issuedNew } } };
}

/** The controller could not learn how the request ended. Only what goes through etcd's log can land later. */
export const withUnknown = (scene: Scene, decision: Decision, at: Instant): Scene => {
  const { kind } = decision.plan.step;
  return MEMBERSHIP_STEPS.has(kind) ? { ...scene, unresolved: { step: kind, at } } : scene;
};
