import type { Instant, MemberID, Problem } from '../../base/index.js';
import {
  type ClusterStanding,
  type MarginChange,
  type Observation,
  type Target,
  labelOf,
} from '../../core/cluster/index.js';
import type { Plan, Reason, Step, StepKind } from '../../core/planner/index.js';

/** What the controller tells while it works, for live progress. Nothing is ever decided from an event. */
export type ControllerEvent =
  | { readonly kind: 'wish-changed'; readonly at: Instant; readonly generation: number }
  | {
      readonly kind: 'observed';
      readonly at: Instant;
      readonly observation: Observation;
      readonly summary: ClusterSummary;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'planned';
      readonly at: Instant;
      readonly plan: Plan;
      readonly target: Target;
      readonly summary: ClusterSummary;
      /** True: a step is only shown. */
      readonly paused: boolean;
    }
  | {
      readonly kind: 'step-started';
      readonly at: Instant;
      readonly id: string;
      readonly step: Step;
      readonly because: Reason;
      readonly margin: MarginChange;
    }
  | {
      readonly kind: 'step-ended';
      readonly at: Instant;
      readonly id: string;
      readonly step: Step;
      readonly outcome: 'applied' | 'refused' | 'unknown';
      readonly tookMs: number;
      readonly problem?: Problem;
      readonly detail?: StepDetail;
    }
  /** An unknown membership change: until `until` at least, nothing about the membership is decided. */
  | {
      readonly kind: 'quiet-period';
      readonly at: Instant;
      readonly step: StepKind;
      readonly until: Instant;
    }
  /** The unknown change can no longer land, and a member list through quorum has told what became of it. */
  | {
      readonly kind: 'quiet-period-over';
      readonly at: Instant;
      readonly step: StepKind;
      readonly landed: boolean;
    }
  | {
      readonly kind: 'waiting';
      readonly at: Instant;
      readonly plan: Extract<Plan, { kind: 'wait' }>;
    }
  | { readonly kind: 'blocked'; readonly at: Instant; readonly problems: readonly Problem[] }
  | {
      readonly kind: 'paused';
      readonly at: Instant;
      readonly plan: Extract<Plan, { kind: 'step' }>;
    }
  | { readonly kind: 'converged'; readonly at: Instant };

/** What an applied step brought to light. */
export type StepDetail =
  | { readonly kind: 'member-added'; readonly memberID: MemberID }
  | { readonly kind: 'data-moved'; readonly movedTo: string };

/** The cluster in one line of numbers. */
export interface ClusterSummary {
  readonly voters: number;
  readonly healthyVoters: number;
  readonly learners: number;
  readonly quorum: number;
  readonly margin: number;
  /** The leader's name, or its id before it has one. */
  readonly leader?: string;
  readonly listKind: ClusterStanding['listKind'];
}

export function summaryOf(standing: ClusterStanding): ClusterSummary {
  return {
    voters: standing.voters.length,
    healthyVoters: standing.healthyVoters.length,
    learners: standing.learners.length,
    quorum: standing.quorum,
    margin: standing.margin,
    ...(standing.leader === undefined ? {} : { leader: labelOf(standing.leader.member) }),
    listKind: standing.listKind,
  };
}
