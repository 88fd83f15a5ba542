/**
 * The explorer: breadth first through everything that can happen to a cluster within a budget of faults, with the
 * planner under test and the model of core/model.
 *
 * Contract: `explore` is synchronous and deterministic; the first way found to a violation is a shortest one, told as a
 * scenario that can be saved under src/core/planner/scenarios. The checkers decide what a violation is.
 */
import type { Case, CaseResult, Planner, Violation } from './case.js';
import { search } from './search.js';

export type { Case, CaseResult, Faults, Planner, Violation } from './case.js';
export { type Depth, casesOf } from './cases.js';

export interface ExploreOptions {
  readonly planner: Planner;
  readonly cases: readonly Case[];
  /** Of one case; what is not reached by then is not explored, and the result says so. */
  readonly statesMax?: number;
  /** Of one case; 1 when it only matters whether there is any. */
  readonly violationsMax?: number;
  readonly onCase?: (result: CaseResult) => void;
}

export interface ExploreResult {
  readonly states: number;
  readonly transitions: number;
  readonly violations: readonly Violation[];
  readonly seconds: number;
  readonly statesPerSecond: number;
  readonly cases: readonly CaseResult[];
}

export const STATES_MAX = 20_000_000;
export const VIOLATIONS_MAX = 5;

export function explore(options: ExploreOptions): ExploreResult {
  const { planner, statesMax = STATES_MAX, violationsMax = VIOLATIONS_MAX, onCase } = options;
  const startedMs = performance.now();
  const results = options.cases.map((explored) => {
    const result = search(explored, { planner, statesMax, violationsMax });
    onCase?.(result);
    return result;
  });
  return sumOf(results, (performance.now() - startedMs) / 1000);
}

/** Results of several cases as one; `seconds` is the time from begin to end, whoever worked side by side. */
export function sumOf(cases: readonly CaseResult[], seconds: number): ExploreResult {
  const states = cases.reduce((sum, one) => sum + one.states, 0);
  return {
    states,
    transitions: cases.reduce((sum, one) => sum + one.transitions, 0),
    violations: cases.flatMap(({ violations }) => violations),
    seconds,
    statesPerSecond: Math.round(states / seconds),
    cases,
  };
}
