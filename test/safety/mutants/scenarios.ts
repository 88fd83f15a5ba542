import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Check,
  type Planner,
  ScenarioError,
  tellScenario,
} from '../../../src/core/planner/testing/language/index.js';

const DIRECTORY = join('src', 'core', 'planner', 'scenarios');

/** A golden scenario: its name is the rule it holds, its text says what has to be said. */
export interface Scenario {
  readonly name: string;
  readonly text: string;
}

/** Every golden scenario, read from the repository that is worked in. */
export const readScenarios = (): readonly Scenario[] =>
  readdirSync(DIRECTORY)
    .filter((file) => file.endsWith('.txt'))
    .map((file) => ({
      name: file.replace(/\.txt$/, ''),
      text: readFileSync(join(DIRECTORY, file), 'utf8'),
    }));

/** The first block in which a planner says something else than the golden text, or why it cannot be played on. */
export interface Difference {
  readonly expected: string;
  readonly said: string;
}

/** Undefined when the planner says every word of the scenario. */
export function firstDifference(
  { text }: Scenario,
  planner: Planner,
  check: Check,
): Difference | undefined {
  try {
    for (const { block, said } of tellScenario(text, { planner, check })) {
      if (said !== block.expected) return { expected: block.expected, said };
    }
    return undefined;
  } catch (error) {
    // What the scenario goes on with was never decided.
    if (error instanceof ScenarioError) return { expected: 'the scenario', said: error.message };
    throw error;
  }
}

export const notices = (scenario: Scenario, planner: Planner, check: Check): boolean =>
  firstDifference(scenario, planner, check) !== undefined;

/** Everything that two planners decide in a scenario, up to where they part; undefined when they never do. */
export function partingOf(
  scenario: Scenario,
  ours: Planner,
  theirs: Planner,
  check: Check,
): Difference | undefined {
  const said = saidBy(scenario, theirs, check);
  for (const [i, expected] of saidBy(scenario, ours, check).entries()) {
    if (said[i] !== expected) return { expected, said: said[i] ?? '' };
  }
  return undefined;
}

function saidBy({ text }: Scenario, planner: Planner, check: Check): readonly string[] {
  const lines: string[] = [];
  try {
    for (const { said } of tellScenario(text, { planner, check })) lines.push(said);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    lines.push(error.message);
  }
  return lines;
}
