import { expect, test } from 'vitest';
import { BROKEN_PLANNERS } from './broken-planners.js';
import { type Planner, type Violation, casesOf, explore } from './index.js';

/** The first violation in the cases of the short form, one after the other. */
function firstViolation(planner: Planner): Violation | undefined {
  for (const explored of casesOf('short')) {
    const [violation] = explore({ planner, cases: [explored], violationsMax: 1 }).violations;
    if (violation !== undefined) return violation;
  }
  return undefined;
}

test.each(BROKEN_PLANNERS)('$name: caught', ({ planner, rule }) => {
  const violation = firstViolation(planner);
  expect(violation?.rule).toBe(rule);
  expect(violation?.scenario).toContain(`rule ${rule} is broken`);
  expect(violation?.scenario).not.toContain('cannot be played');
});
