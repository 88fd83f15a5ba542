/**
 * core/model — the cluster as a model: data, with etcd's own rules of membership.
 *
 * Contract: pure; time moves only when told. One model, three uses: the preview that `quorate plan` prints, the
 * scenarios, and the exhaustive tests. Where etcd allows less than the model that is a known difference; it must
 * never allow more. Knows nothing of the planner's arithmetic and shares none of it.
 */
export { type World, type WorldHost, hasQuorum, isAlive, observe, worldOf } from './world.js';
export { type Applied, applyStep, settle } from './apply-step.js';
export { type Preview, type PlannedStep, PREVIEW_STEPS_MAX, preview } from './preview.js';
