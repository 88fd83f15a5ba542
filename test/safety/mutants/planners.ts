import { GUARDS, type GuardName, type Guards } from '../../../src/core/planner/guards.js';
import { RULES, type RuleName, createPlanner } from '../../../src/core/planner/plan.js';
import type { Planner } from '../../../src/core/planner/testing/language/index.js';

export type MutantName = GuardName | RuleName;

export const GUARD_NAMES = Object.keys(GUARDS) as readonly GuardName[];
export const RULE_NAMES = Object.keys(RULES) as readonly RuleName[];

const isGuard = (name: MutantName): name is GuardName => Object.hasOwn(GUARDS, name);

/** The planner without these guards and rules: such a guard allows everything, such a rule has no opinion. */
export function without(...names: readonly MutantName[]): Planner {
  const open = names.filter(isGuard).map((name) => [name, () => true] as const);
  const guards: Guards = { ...GUARDS, ...Object.fromEntries(open) };
  const rules = Object.fromEntries(
    Object.entries(RULES).filter(([name]) => !(names as readonly string[]).includes(name)),
  );
  return createPlanner(guards, rules);
}
