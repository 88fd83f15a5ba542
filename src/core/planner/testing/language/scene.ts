import type { Instant } from '../../../../base/index.js';
import type { Observation } from '../../../cluster/index.js';
import type { World } from '../../../model/index.js';
import type { Lately, Plan, PlanInput, UnresolvedChange } from '../../index.js';

export type Planner = (input: PlanInput) => Plan;
export type PlannedStep = Extract<Plan, { kind: 'step' }>;

/** A decision of the planner: what it said, when, and the world as it was then. */
export interface Decision {
  readonly plan: PlannedStep;
  readonly at: Instant;
  readonly world: World;
  /** The change of unknown outcome that the planner was told of. */
  readonly unresolved: UnresolvedChange | undefined;
}

/** A step as it reached etcd or a host, at once or late. */
export interface Landing {
  readonly before: World;
  readonly decision: Decision;
  readonly outcome: 'applied' | 'refused' | 'unknown';
  readonly after: World;
}

/** What must hold whenever a step lands; every line is one violation, and none means that all is well. */
export type Check = (landing: Landing) => readonly string[];

/** Everything that a scenario goes on with from one command to the next. Commands make a new one. */
export interface Scene {
  readonly planner: Planner;
  readonly check: Check;
  readonly world: World;
  /** What the controller still remembers: the one membership change whose end it does not know. */
  readonly unresolved: UnresolvedChange | undefined;
  /** What its looks have shown it. */
  readonly lately: Lately;
  /** The last decision, until it is applied. */
  readonly decided: Decision | undefined;
  /** Requests that were sent and neither answered nor landed. */
  readonly inFlight: readonly Decision[];
  /** An observation of an earlier moment that the next plan is made from. */
  readonly kept: Observation | undefined;
  /** How the next look differs from what there is to see. */
  readonly troubles: readonly ((observation: Observation) => Observation)[];
  readonly landed: number;
  readonly violations: readonly string[];
  /** Ids that a reader need not know, and what is printed in their place. */
  readonly labels: ReadonlyMap<string, string>;
}

/** What a command leaves behind, and what it has to say; without text it did quietly what it was told. */
export interface Said {
  readonly scene: Scene;
  readonly text?: string;
}

/** The scenario asks for something that makes no sense: told with file and line. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
}
