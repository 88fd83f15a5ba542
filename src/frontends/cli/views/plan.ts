import type { JsonValue } from '../../../base/index.js';
import { sentenceOf } from '../../../core/planner/index.js';
import { describeStep } from '../../../engine/journal/index.js';
import type { PlanReport, StepReport } from '../reports/plan-report.js';
import type { Style } from '../io.js';
import { driftView, problemData, problemsView } from './problems.js';
import { marginText } from './progress.js';
import { indent } from './table.js';
import type { View } from './view.js';

export const planView: View<PlanReport> = {
  text: (plan, style) => {
    const steps = plan.steps
      .map(
        ({ step, because, margin }, i) =>
          `${String(i + 1).padStart(3)}. ${style.bold(describeStep(step))}\n` +
          `     ${sentenceOf(because)}\n` +
          `     ${style.dim(marginText(margin, because))}\n`,
      )
      .join('');
    const heading =
      plan.steps.length === 0
        ? ''
        : `${plan.steps.length} ${plan.steps.length === 1 ? 'step' : 'steps'}, one at a time, if nothing fails:\n`;
    return heading + steps + endText(plan, style) + driftView(plan.drift ?? [], style);
  },
  data: (plan) => planData(plan),
};

/** The fields are part of the contract (DESIGN.md). */
export function planData(plan: PlanReport): JsonValue {
  return {
    kind: plan.kind,
    steps: plan.steps.map(stepData),
    ...(plan.wait === undefined
      ? {}
      : {
          wait: {
            for: plan.wait.for,
            because: plan.wait.because,
            ...(plan.wait.until === undefined
              ? {}
              : { until: new Date(plan.wait.until).toISOString() }),
          },
        }),
    ...(plan.problem === undefined ? {} : { problem: problemData(plan.problem) }),
    ...(plan.drift === undefined ? {} : { drift: plan.drift.map(problemData) }),
  };
}

export const stepData = ({ step, member, because, margin }: StepReport): JsonValue => ({
  kind: step.kind,
  member,
  because,
  margin: { before: margin.before, after: margin.after },
});

/** How it ends, in text: what comes after the steps, or why there are none. */
function endText(plan: PlanReport, style: Style): string {
  const after = plan.steps.length > 0 ? 'then ' : '';
  const problem =
    plan.problem === undefined ? '' : indent(problemsView.text([plan.problem], style));
  if (plan.wait !== undefined) {
    return `${style.warn(`${after}waiting`)} for ${plan.wait.for}: ${sentenceOf(plan.wait.because)}\n${problem}`;
  }
  if (plan.problem !== undefined) return `${style.warn(`${after}blocked`)}\n${problem}`;
  return plan.steps.length > 0
    ? `${style.good('then converged')}\n`
    : `${style.good('converged')}: nothing to do\n`;
}
