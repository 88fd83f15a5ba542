import { describe, expect, test } from 'vitest';
import { brokenRules } from '../checkers/index.js';
import { BROKEN } from './broken.js';
import { MUTANT_NAMES, judge } from './judge.js';
import type { MutantName } from './planners.js';
import { notices, readScenarios } from './scenarios.js';
import { verdictOf } from './verdicts.js';

/**
 * The planner without one guard or one rule, for each of them (`npm run mutants` plays all scenarios to all of them).
 * Here each is played the scenario that the table names.
 */
const all = readScenarios();

/** A mutant that is covered must be noticed by none; for the others the one that is named is enough. */
function scenariosFor(mutant: MutantName) {
  const verdict = verdictOf(mutant);
  return 'coveredBy' in verdict || 'survives' in verdict
    ? all
    : all.filter(({ name }) => name === verdict.by);
}

describe('a planner without', () => {
  test.each(MUTANT_NAMES)('%s', (mutant) => {
    const { end, because } = judge(mutant, scenariosFor(mutant), brokenRules);
    const verdict = verdictOf(mutant);
    const expected =
      'survives' in verdict ? 'survives' : 'coveredBy' in verdict ? 'covered' : 'killed';
    expect(end, because).toBe(expected);
  });
});

describe('a planner broken by hand is noticed', () => {
  test.each(BROKEN.flatMap(({ what, planner, by }) => by.map((name) => ({ what, name, planner }))))(
    '$what: by $name',
    ({ name, planner }) => {
      const scenario = all.find((one) => one.name === name);
      expect(scenario !== undefined && notices(scenario, planner, brokenRules)).toBe(true);
    },
  );
});
