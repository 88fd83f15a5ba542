/**
 * core/model — the cluster as a model: data, with etcd's own rules of membership, and what can go wrong.
 *
 * Contract: pure; time moves only when told. One model, three uses: the preview that `quorate plan` prints, the
 * scenarios, and the exhaustive tests. Where etcd allows less than the model that is a known difference; it must
 * never allow more. Knows nothing of the planner's arithmetic and shares none of it.
 * Nothing settles by itself: after a step or a fault, `settle` is what follows when nothing more fails.
 */
export type { Alarm, Registration, Side, World, WorldConsumer, WorldHost } from './world.js';
export { worldOf } from './world-of.js';
export { hasQuorum, isAlive, ledSide, quorumSide } from './leadership.js';
export { observe } from './observe.js';
export type { Applied } from './applied.js';
export {
  breakConsumer,
  giveCATo,
  hideConsumer,
  mendConsumer,
  showConsumer,
  equipConsumer,
  takeCAFrom,
} from './consumers.js';
export { applyStep, landLate } from './apply-step.js';
export { settle } from './settle.js';
export {
  advance,
  blind,
  catchUp,
  crash,
  cut,
  disarmAlarms,
  fallBehind,
  heal,
  hide,
  loseData,
  raiseAlarm,
  show,
} from './faults.js';
export { type Preview, type PlannedStep, PREVIEW_STEPS_MAX, preview } from './preview.js';
