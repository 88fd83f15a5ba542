/**
 * engine/controller — the loop: observe, plan, carry out at most one safe step, look again.
 *
 * Contract: decides nothing about members (core/planner does) and knows no adapter (engine/ports does). A decision is
 * durable in the journal before it is carried out, and the lock is checked right before the call. A membership change
 * with an unknown end is never repeated: nothing is decided until a member list through quorum, taken after the quiet
 * period, tells what became of it. Keeps no truth in memory: kill it anywhere, start another, it goes on.
 * Start reading at controller.ts.
 */
export { type Controller, type ControllerParts, createController } from './controller.js';
export type { RunEnd, RunOptions } from './run.js';
export type { TurnResult, TurnView } from './turn.js';
export type { StepOutcome } from './carry-out.js';
export { JOURNAL_LOOKBACK_ENTRIES } from './quiet.js';
export { type ResolveTarget, hostsWithoutAddresses } from './prepare.js';
export { type ClusterSummary, type ControllerEvent, type StepDetail, summaryOf } from './events.js';
export { type ControllerTimings, DEFAULT_TIMINGS, STEP_DEADLINE_MS } from './timings.js';
export * as controllerProblems from './problems.js';
