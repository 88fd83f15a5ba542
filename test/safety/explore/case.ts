import type { World } from '../../../src/core/model/index.js';
import type { Plan, PlanInput } from '../../../src/core/planner/index.js';

export type Planner = (input: PlanInput) => Plan;

/** How often each fault may happen on one way through a case. What mends (heal, show, catch up, time) is free. */
export interface Faults {
  readonly crashes: number;
  /** Processes that end soon after their start, for the third time in a row. */
  readonly failedStarts: number;
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
  failedStarts: 0,
  dataLosses: 0,
  cuts: 0,
  messages: 0,
  hides: 0,
  elections: 0,
  revivals: 0,
  wishes: 0,
};

/** Where it begins, as commands of the scenarios' language, and what may go wrong from there on. */
export interface Case {
  readonly name: string;
  readonly opening: readonly string[];
  readonly faults: Partial<Faults>;
  /** The command by which somebody changes the wish while the first one is being carried out. */
  readonly otherWish?: string;
  /**
   * Every process and link is old at once: what has to wait for time to pass is explored by other cases. About a
   * quarter of the worlds are left, so that more members and more faults fit.
   */
  readonly isTimeCoarse?: boolean;
  /** Faults hit only the first of hosts that look alike. */
  readonly leavesOutTwins?: boolean;
}

/** A case ready to be explored. */
export interface Stage {
  readonly start: World;
  readonly faults: Faults;
  readonly otherTarget: World['target'] | undefined;
}

export interface Violation {
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
  /** What happened. */
  readonly what: string;
  readonly case: string;
  /** A shortest way to it, as a scenario that can be saved. */
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
  /** False: stopped at a limit. */
  readonly complete: boolean;
  readonly seconds: number;
}
