import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { env } from 'node:process';
import { describe, expect, test } from 'vitest';
import { renderProblem } from '../../base/index.js';
import { parseSpec } from './parse.js';

/**
 * Each file of bad-specs holds a spec, a line `----`, and every problem that is told of it. Its name is the rule.
 * `UPDATE_GOLDEN=1` writes what is told now; read the difference before you commit it.
 */
const DIRECTORY = new URL('bad-specs/', import.meta.url);
const SEPARATOR = '----\n';
const BAD_SPECS_MIN = 60;

const files = readdirSync(DIRECTORY).filter((file) => file.endsWith('.txt'));

describe('bad specs', () => {
  test('are many', () => {
    expect(files.length).toBeGreaterThanOrEqual(BAD_SPECS_MIN);
  });

  test.each(files)('%s', (file) => {
    const path = new URL(file, DIRECTORY);
    const [input = '', expected = ''] = readFileSync(path, 'utf8').split(
      new RegExp(`^${SEPARATOR}`, 'm'),
    );
    const result = parseSpec(input);
    expect(result.ok, 'the spec was accepted').toBe(false);
    if (result.ok) return;
    const told = result.error.map((problem) => `${renderProblem(problem)}\n`).join('\n');
    if (env['UPDATE_GOLDEN'] === '1') writeFileSync(path, `${input}${SEPARATOR}${told}`);
    else expect(told).toBe(expected);
    for (const { data } of result.error) {
      expect(data.line, 'every problem of a text says where').toBeGreaterThan(0);
      expect(data.column).toBeGreaterThan(0);
    }
  });
});
