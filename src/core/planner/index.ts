/**
 * core/planner — decides the next safe step for one cluster.
 *
 * Contract: plan() is a pure, synchronous function of its argument. It returns at most one step, and each step is
 * safe alone. It never awaits, logs, reads a clock, or knows which driver acts.
 * Start reading at plan.ts: the rules in their order, one file each under rules/.
 */
export * from './plan-types.js';
export { plan } from './plan.js';
export { type Lately, NOTHING_LATELY, remember } from './lately.js';
export { QUIET_PERIOD_MS } from './guards.js';
export { sentenceOf } from './reasons.js';
export { mayPass } from './problems.js';
export * as plannerProblems from './problems.js';
