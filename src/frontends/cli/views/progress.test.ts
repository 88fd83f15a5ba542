import { expect, test } from 'vitest';
import { instantOf } from '../../../base/index.js';
import { plannerProblems } from '../../../core/planner/index.js';
import type { JournalEntry } from '../../../engine/ports/index.js';
import { styleFor } from '../io.js';
import { blockedText, progressLine } from './progress.js';

const PLAIN = styleFor(false, {});

test('a host that is not seen: which, since when, why and what to do, for whoever watches a run', () => {
  const entry: JournalEntry = {
    kind: 'plan',
    at: instantOf(Date.UTC(2026, 10, 27, 4, 30)),
    plan: 'blocked',
    because: 'host-unseen',
    problem: plannerProblems.hostUnseen({
      cluster: 'prod',
      host: '10.0.1.12',
      because: 'no answer from 10.0.1.12 within 5000 ms',
      forMs: 0,
      memberAnswers: true,
    }),
  };
  expect(`${progressLine(entry, PLAIN) ?? ''}\n${blockedText(entry, PLAIN) ?? ''}`).toBe(
    `blocked: Cannot see host 10.0.1.12 of prod
    Since 2026-11-27T04:30:00.000Z.
    no answer from 10.0.1.12 within 5000 ms
    Its member answers: what it was started with is not known, and nothing can be changed there.
    Nothing that depends on it is decided until it answers. See whether that machine is up and lets us in; if nobody keeps the cluster, go on then with:
      quorate apply`,
  );
  expect(blockedText({ ...entry, plan: 'converged' }, PLAIN)).toBeUndefined();
});
