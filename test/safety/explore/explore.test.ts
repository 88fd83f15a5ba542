import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';

const MAIN = '.tmp/safety/test/safety/explore/main.js';
/** What the short form reached when this was written, rounded down: fewer means that a case or a move got lost. */
const STATES_MIN = 300_000;

/** Nothing that heals by itself gives a consumer a CA: what does not need it is done, and then it is told for ever. */
const WAIT_FOR_PEOPLE: ReadonlySet<string> = new Set([
  'a consumer without a CA',
  'a consumer without a CA holds TLS back',
]);

interface Document {
  readonly states: number;
  readonly violations: number;
  readonly complete: boolean;
  readonly cases: readonly { readonly case: string; readonly converging: number }[];
  readonly counterExamples: readonly { readonly scenario: string }[];
}

test('whatever fails, in whatever order, no rule is broken and every world converges or is truly blocked', () => {
  expect(existsSync(MAIN), 'npm run build:safety comes first').toBe(true);
  const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, '-o', 'json'], {
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  expect(stdout, stderr).not.toBe('');
  const found = JSON.parse(stdout) as Document;
  expect(found.counterExamples.map(({ scenario }) => scenario).join('\n')).toBe('');
  expect(found.violations).toBe(0);
  expect(found.complete).toBe(true);
  expect(found.states).toBeGreaterThan(STATES_MIN);
  expect(status).toBe(0);
  for (const { case: name, converging } of found.cases) {
    if (WAIT_FOR_PEOPLE.has(name)) expect(converging, name).toBe(0);
    else expect(converging, name).toBeGreaterThan(0);
  }
});
