import type { Instant, Problem } from '../../../base/index.js';
import type { MarginChange, Observation } from '../../../core/cluster/index.js';
import type { Preview } from '../../../core/model/index.js';
import type { Reason, Step, WaitFor } from '../../../core/planner/index.js';

/** What `plan` says: every step until the end, and how it ends. */
export interface PlanReport {
  /** `steps`: there is something to do; the end may still be a wait or a refusal, told beside the steps. */
  readonly kind: 'steps' | 'wait' | 'blocked' | 'converged';
  readonly steps: readonly StepReport[];
  readonly wait?: { readonly for: WaitFor; readonly because: Reason; readonly until?: Instant };
  readonly problem?: Problem;
  /** What somebody else changed on the hosts; no step is for it. Absent: told elsewhere, or not looked at. */
  readonly drift?: readonly Problem[];
}

export interface StepReport {
  readonly step: Step;
  /** Whom it is about: a member's name, its id before it has one, a consumer, or the host. */
  readonly member: string;
  readonly because: Reason;
  readonly margin: MarginChange;
}

export function planReportOf({ steps, end }: Preview): PlanReport {
  const reports = steps.map(stepReportOf);
  const kind = reports.length > 0 ? 'steps' : end.kind;
  switch (end.kind) {
    case 'converged':
      return { kind, steps: reports };
    case 'blocked':
      return { kind, steps: reports, problem: end.problem };
    case 'wait':
      return {
        kind,
        steps: reports,
        wait: {
          for: end.for,
          because: end.because,
          ...(end.until === undefined ? {} : { until: end.until }),
        },
        ...(end.problem === undefined ? {} : { problem: end.problem }),
      };
  }
}

export const driftIn = ({ hosts }: Observation): readonly Problem[] =>
  hosts.flatMap(({ drift }) => drift ?? []);

export const stepReportOf = ({
  step,
  because,
  margin,
}: Omit<StepReport, 'member'>): StepReport => ({ step, member: memberOf(step), because, margin });

function memberOf(step: Step): string {
  switch (step.kind) {
    case 'start-member':
    case 'stop-member':
    case 'add-learner':
    case 'start-gateway':
    case 'stop-gateway':
    case 'install-certificates':
      return step.name;
    case 'promote-learner':
    case 'remove-member':
    case 'update-peer-urls':
      return step.name === '' ? step.member : step.name;
    case 'move-leader':
      return step.fromName;
    case 'set-aside-data':
      return step.host;
    case 'update-consumer':
      return step.consumer;
    case 'advance-rotation':
    case 'record-birth':
      return '';
  }
}

/** Steps that take something away: a person confirms them, with the cluster's name. */
export function isDestructive(step: Step): boolean {
  switch (step.kind) {
    case 'remove-member':
    case 'set-aside-data':
      return true;
    case 'start-member':
    case 'stop-member':
    case 'add-learner':
    case 'promote-learner':
    case 'move-leader':
    case 'update-peer-urls':
    case 'start-gateway':
    case 'stop-gateway':
    case 'update-consumer':
    case 'install-certificates':
    case 'advance-rotation':
    case 'record-birth':
      return false;
  }
}
