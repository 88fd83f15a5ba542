import type { World } from '../../../src/core/model/index.js';
import type { Plan, PlanInput } from '../../../src/core/planner/index.js';

export type Planner = (input: PlanInput) => Plan;

/** How often each fault may happen on one way through a case. What mends (heal, show, catch up, time) is free. */
export interface Faults {
  readonly crashes: number;
  readonly dataLosses: number;
  readonly cuts: number;
  /** Requests that are lost, or that land late, or that a controller which was killed left behind. */
  readonly messages: number;
  /** Hosts that we stop seeing. */
  readonly hides: number;
  /** Leadership that moves on its own. */
  readonly elections: number;
  /** Processes that come back by themselves, as a supervisor on the host would do it. */
  readonly revivals: number;
  /** Times that somebody writes the case's other wish. */
  readonly wishes: number;
}

export const NO_FAULTS: Faults = {
  crashes: 0,
  dataLosses: 0,
  cuts: 0,
  messages: 0,
  hides: 0,
  elections: 0,
  revivals: 0,
  wishes: 0,
};

/** One way to begin: a world, what may go wrong in it, and how it is written in a scenario. */
export interface Case {
  readonly name: string;
  readonly start: World;
  readonly faults: Faults;
  /** What somebody may want instead while the first wish is being carried out. */
  readonly otherWish?: World['target'];
  /** The commands of a scenario that lead to `start`. */
  readonly opening: readonly string[];
  /** The command that writes `otherWish`. */
  readonly otherOpening?: string;
}

export interface Violation {
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;
  /** What happened. */
  readonly what: string;
  readonly case: string;
  /** The shortest way to it, as a scenario that can be saved. */
  readonly scenario: string;
  /** Moves on that way. */
  readonly moves: number;
}

export interface CaseResult {
  readonly case: string;
  readonly states: number;
  readonly transitions: number;
  readonly worlds: number;
  /** Worlds from which the cluster gets what the spec says once faults stop. */
  readonly converging: number;
  /** Worlds from which it truly cannot, by what the planner then says. */
  readonly blocked: Readonly<Record<string, number>>;
  /** The most turns that any world needed. */
  readonly turnsMax: number;
  readonly violations: readonly Violation[];
  /** False: stopped at `statesMax`. */
  readonly complete: boolean;
  readonly seconds: number;
}
