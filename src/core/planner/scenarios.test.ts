import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, expect, test } from 'vitest';
import { brokenRules } from '../../../test/safety/checkers/index.js';
import { plan } from './index.js';
import {
  ScenarioError,
  parseScenario,
  playScenario,
  withAnswers,
} from './testing/language/index.js';

/**
 * Each file of scenarios/ holds one rule, which is its name: commands (testing/language/commands), a line `----`, and
 * what is said. `UPDATE_GOLDEN=1` writes what is said now; read the difference before you commit it.
 */
const DIRECTORY = new URL('scenarios/', import.meta.url);
const SCENARIOS_MIN = 140;

const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.txt'));
const players = { planner: plan, check: brokenRules };

describe('scenarios', () => {
  test('are many', () => {
    expect(files.length).toBeGreaterThanOrEqual(SCENARIOS_MIN);
  });

  test.each(files)('%s', (file) => {
    const path = new URL(file, DIRECTORY);
    const text = readFileSync(path, 'utf8');
    expect(text, 'the first lines say why the rule exists').toMatch(/^# /);
    const told = playOrSayWhere(file, text);
    if (env['UPDATE_GOLDEN'] === '1') {
      writeFileSync(
        path,
        withAnswers(
          text,
          told.map(({ block }) => block),
          told.map(({ said }) => said),
        ),
      );
    } else {
      for (const { block, said } of told) {
        expect(said, `${file}:${block.answer[0]}`).toBe(block.expected);
      }
    }
  });
});

/** A scenario that cannot be played says where: `name.txt:12: crash: no host "z"`. */
function playOrSayWhere(file: string, text: string) {
  try {
    return playScenario(text, players);
  } catch (error) {
    if (!(error instanceof ScenarioError)) throw error;
    throw new Error(`${file}:${error.line}: ${error.message}`, { cause: error });
  }
}

describe('a scenario that cannot be played says where and why', () => {
  const born = 'cluster prod voters=(a b c)\n----\nok\n\n';
  test.each([
    ['crush a\n----\n', 'line 5: crush: no such command; did you mean "crash"?'],
    ['crash\n----\n', 'line 5: crash: it is written as: crash HOST… [before-raft|gateway]'],
    ['crash z\n----\n', 'line 5: crash: no host "z"; there are: a b c'],
    ['crash a because=fun\n----\n', 'line 5: crash: it takes no because='],
    ['apply\n----\n', 'line 5: apply: no step was decided'],
    ['late\n----\n', 'line 5: late: no request is in flight'],
    ['advance soon\n----\n', 'line 5: advance: "soon" is no duration'],
    ['plan\n', 'line 5: a line ---- is missing after "plan"'],
    ['spec members=(a b\n----\n', 'line 5: spec: cannot read'],
    ['----\nok\n', 'line 5: no command stands before ----'],
  ])('%s', (text, why) => {
    expect(() => playScenario(born + text, players)).toThrow(why);
  });

  test('nothing comes before the cluster', () => {
    expect(() => playScenario('plan\n----\n', players)).toThrow('begins with the command cluster');
  });

  test('answers are written between the separator and the blank line, and nothing else changes', () => {
    const text = '# why\nplan\n----\nold\n\n# more\nrun\n----\n';
    const blocks = parseScenario(text);
    expect(withAnswers(text, blocks, ['new\nlines', 'end'])).toBe(
      '# why\nplan\n----\nnew\nlines\n\n# more\nrun\n----\nend\n',
    );
  });
});
