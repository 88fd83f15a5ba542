import type { Instant, MemberID } from '../../../src/base/index.js';
import type { World } from '../../../src/core/model/index.js';
import type { Plan, UnresolvedChange } from '../../../src/core/planner/index.js';

export type PlannedStep = Extract<Plan, { kind: 'step' }>;

/** A decision of the planner, and the world as it truly was when the planner looked. */
export interface Decision {
  readonly plan: PlannedStep;
  readonly at: Instant;
  readonly world: World;
  /** A membership request before this one that may still land, as far as anybody can know. */
  readonly unresolved: UnresolvedChange | undefined;
}

/** A step as it reached etcd or a host, at once or late. */
export interface Landing {
  readonly before: World;
  readonly decision: Decision;
  readonly outcome: 'applied' | 'refused' | 'unknown';
  readonly after: World;
  /**
   * Voters that something other than ourselves took away since the decision. Absent: whoever was well then and is not
   * now, which also excuses us for what we did ourselves in between.
   */
  readonly failedSince?: readonly MemberID[];
}

/** What a step did to the world, whoever decided it and when. */
export interface Effect {
  readonly before: World;
  readonly step: PlannedStep['step'];
  readonly outcome: Landing['outcome'];
  readonly after: World;
}

/** One of the safety rules of ARCHITECTURE.md, broken. */
export interface Violation {
  readonly rule: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;
  /** What happened, in words, with the numbers. */
  readonly what: string;
}
