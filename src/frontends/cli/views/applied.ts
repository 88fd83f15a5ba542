import type { ClusterID } from '../../../base/index.js';
import type { StepReport } from '../reports/plan-report.js';
import { stepData } from './plan.js';
import type { View } from './view.js';

/** What was done until the plan was converged. */
export interface AppliedReport {
  readonly name: string;
  readonly id?: ClusterID;
  readonly steps: readonly StepReport[];
}

export const appliedView: View<AppliedReport> = {
  text: ({ name, steps }, style) => {
    const done =
      steps.length === 0
        ? 'nothing was to be done'
        : `after ${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`;
    return `${style.bold(name)} is ${style.good('converged')}: ${done}\n`;
  },
  data: ({ name, id, steps }) => ({
    cluster: { name, id: id ?? null },
    kind: 'converged',
    steps: steps.map(stepData),
  }),
};
