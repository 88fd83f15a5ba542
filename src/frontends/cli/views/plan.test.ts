import { expect, test } from 'vitest';
import { defineProblem, instantOf, unsafeBrand } from '../../../base/index.js';
import type { MarginChange } from '../../../core/cluster/index.js';
import { plannerProblems } from '../../../core/planner/index.js';
import { plainStyle } from '../io.js';
import { type PlanReport, planReportOf } from '../reports/plan-report.js';
import { planView } from './plan.js';

const MARGIN: MarginChange = {
  before: 1,
  after: 0,
  votersBefore: 3,
  healthyBefore: 3,
  votersAfter: 4,
  healthyAfter: 3,
};

const PROMOTE: PlanReport = planReportOf({
  steps: [
    {
      kind: 'step',
      step: { kind: 'promote-learner', member: unsafeBrand('abc'), name: 'm4' },
      because: 'learner-in-sync',
      margin: MARGIN,
    },
  ],
  end: { kind: 'converged' },
});

test('every step with its reason and the numbers of its margin', () => {
  expect(planView.text(PROMOTE, plainStyle)).toBe(
    `1 step, one at a time, if nothing fails:
  1. promote m4 (abc)
     the learner has caught up with the leader
     margin 1 → 0 (3 of 3 → 3 of 4 healthy)
then converged
`,
  );
});

test('steps that end in a refusal say both', () => {
  const problem = plannerProblems.noSpace({ cluster: 'prod', members: ['m1'] });
  const report = planReportOf({ steps: [], end: { kind: 'blocked', problem } });
  expect(report.kind).toBe('blocked');
  expect(planView.text(report, plainStyle)).toMatch(
    /^blocked\n {2}problem: prod has a NOSPACE alarm/,
  );
  const both: PlanReport = { ...PROMOTE, problem };
  expect(planView.text(both, plainStyle)).toContain('then blocked\n');
  expect(planView.data(both)).toMatchObject({ kind: 'steps', problem: { code: 'no-space' } });
});

test('a wait says for what, why, and until when', () => {
  const report = planReportOf({
    steps: [],
    end: {
      kind: 'wait',
      for: 'quiet-period',
      because: 'unresolved-change',
      until: instantOf(Date.UTC(2030, 0, 1)),
    },
  });
  expect(planView.data(report)).toEqual({
    kind: 'wait',
    steps: [],
    wait: {
      for: 'quiet-period',
      because: 'unresolved-change',
      until: '2030-01-01T00:00:00.000Z',
    },
  });
  expect(planView.text(report, plainStyle)).toBe(
    'waiting for quiet-period: the outcome of the last membership change is not known; it may still land\n',
  );
});

test('a member without a name is called by its id, a birth by nobody', () => {
  const step = (kind: 'remove-member', name: string) =>
    planReportOf({
      steps: [
        {
          kind: 'step',
          step: { kind, member: unsafeBrand('abc'), name },
          because: 'not-in-spec',
          margin: MARGIN,
        },
      ],
      end: { kind: 'converged' },
    }).steps[0]?.member;
  expect(step('remove-member', 'm4')).toBe('m4');
  expect(step('remove-member', '')).toBe('abc');
});

test('what somebody else changed on a host is told after the steps, which do nothing about it', () => {
  const changed = defineProblem('unit-changed', (d: { host: string }) => ({
    summary: `Somebody changed a unit of ours on ${d.host}`,
    detail: '+Nice=10',
    hint: 'Move it aside.',
  }))({ host: '10.0.1.10' });
  const report: PlanReport = { kind: 'converged', steps: [], drift: [changed] };
  expect(planView.text(report, plainStyle)).toBe(`converged: nothing to do
drift: Somebody changed a unit of ours on 10.0.1.10 [unit-changed]
  +Nice=10
  Move it aside.
`);
  expect(planView.data(report)).toMatchObject({
    kind: 'converged',
    drift: [{ code: 'unit-changed', data: { host: '10.0.1.10' } }],
  });
});
