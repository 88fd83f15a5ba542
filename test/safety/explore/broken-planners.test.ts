import { expect, test } from 'vitest';
import { BROKEN_PLANNERS, type BrokenPlanner } from './broken-planners.js';
import { type Violation, casesOf, explore } from './index.js';

/** The first violation of that rule in the cases of the short form, one after the other; a mistake may break several. */
function firstViolation({ planner, rule, in: only }: BrokenPlanner): Violation | undefined {
  for (const explored of casesOf('short')) {
    if (only !== undefined && only !== explored.name) continue;
    const [violation] = explore({ planner, cases: [explored], violationsMax: 1 }).violations;
    if (violation?.rule === rule) return violation;
  }
  return undefined;
}

test.each(BROKEN_PLANNERS)('$name: caught', (broken) => {
  const { rule } = broken;
  const violation = firstViolation(broken);
  expect(violation?.rule).toBe(rule);
  expect(violation?.scenario).toContain(`rule ${rule} is broken`);
  expect(violation?.scenario).not.toContain('cannot be played');
});
