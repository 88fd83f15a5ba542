import type { Problem } from '../../base/index.js';
import type {
  ClusterRecord,
  ClusterStanding,
  HostName,
  Observation,
  Target,
} from '../../core/cluster/index.js';
import type { Plan, Step } from '../../core/planner/index.js';
import type { Wish } from '../ports/index.js';
import type { StepOutcome } from './carry-out.js';

/** How one turn ended. */
export type TurnResult =
  | {
      readonly kind: 'step';
      readonly step: Step;
      readonly outcome: StepOutcome;
      readonly view: TurnView;
    }
  | {
      readonly kind: 'wait';
      readonly plan: Extract<Plan, { kind: 'wait' }>;
      readonly view: TurnView;
    }
  /** `view` is absent when not even a target could be made. */
  | {
      readonly kind: 'blocked';
      readonly problems: readonly Problem[];
      readonly view?: TurnView;
    }
  /** A step would be next, but the wish says paused. */
  | {
      readonly kind: 'paused';
      readonly plan: Extract<Plan, { kind: 'step' }>;
      readonly view: TurnView;
    }
  | { readonly kind: 'converged'; readonly view: TurnView }
  | { readonly kind: 'lock-lost'; readonly problem: Problem }
  | { readonly kind: 'cancelled' };

/** What the turn saw and was based on; for predicates and views. */
export interface TurnView {
  readonly wish: Wish;
  readonly record: ClusterRecord;
  readonly target: Target;
  readonly observation: Observation;
  readonly standing: ClusterStanding;
  /** At which client URL each host was asked. */
  readonly clientURLs: ReadonlyMap<HostName, string>;
  readonly plan: Plan;
}
