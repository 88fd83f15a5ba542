import type { Instant, Problem } from '../../base/index.js';
import { type MarginChange, marginOf } from '../cluster/index.js';
import type { Plan, Reason, Step, WaitFor } from './plan-types.js';
import type { View } from './view.js';

/** A step that changes neither who votes nor how many of them are healthy, or only for the better. */
export const stepOf = (
  view: View,
  step: Step,
  because: Reason,
  change: { readonly voters?: number; readonly healthy?: number } = {},
): Plan => ({ kind: 'step', step, because, margin: marginChange(view, change) });

/** The margin with `voters` more voters and `healthy` more healthy ones (both may be negative). */
export function marginChange(
  { standing }: View,
  change: { readonly voters?: number; readonly healthy?: number },
): MarginChange {
  const votersBefore = standing.voters.length;
  const healthyBefore = standing.healthyVoters.length;
  const votersAfter = votersBefore + (change.voters ?? 0);
  const healthyAfter = healthyBefore + (change.healthy ?? 0);
  return {
    before: marginOf(votersBefore, healthyBefore),
    after: marginOf(votersAfter, healthyAfter),
    votersBefore,
    healthyBefore,
    votersAfter,
    healthyAfter,
  };
}

export const waitFor = (
  what: WaitFor,
  because: Reason,
  more: { readonly until?: Instant; readonly problem?: Problem } = {},
): Plan => ({ kind: 'wait', for: what, because, ...more });

export const blockedBy = (problem: Problem): Plan => ({ kind: 'blocked', problem });
