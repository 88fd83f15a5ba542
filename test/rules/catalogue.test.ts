import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

/** Every module of the product: no tests, and no `testing/` folders that only tests import. */
const sources = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .filter((file) => !/(^|[/\\])testing[/\\]/.test(file))
  .map((file) => withoutComments(readFileSync(join('src', file), 'utf8')));

/** Without the lines of comments: an example there defines nothing. */
function withoutComments(text: string): string {
  return text.replaceAll(/^\s*(\/\*|\*|\/\/).*$/gm, '');
}

/** `defineProblem('code', …)`, and `exitProblem('code', …)`, which drivers/evidence wraps around it. */
const DEFINITION = /\b(?:define|exit)Problem(?:<[^>]*>)?\(\s*'([a-z0-9-]+)'/g;

const codesIn = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].flatMap(([, code]) => code ?? []);

const defined = new Set(sources.flatMap((text) => codesIn(text, DEFINITION)));

const documented = new Set(
  codesIn(readFileSync('docs/problems.md', 'utf8'), /^\| `([a-z0-9-]+)` \|/gm),
);

test('every problem code is in docs/problems.md', () => {
  // Fewer would mean that this test has stopped finding the definitions.
  expect(defined.size).toBeGreaterThan(100);
  expect([...defined].filter((code) => !documented.has(code)).sort()).toEqual([]);
});

test('docs/problems.md names no problem that does not exist', () => {
  expect([...documented].filter((code) => !defined.has(code)).sort()).toEqual([]);
});

test('every room is on the map', () => {
  const map = readFileSync('ARCHITECTURE.md', 'utf8');
  const wings = ['core', 'engine', 'drivers', 'services', 'frontends'];
  const rooms = wings.flatMap((wing) =>
    readdirSync(join('src', wing), { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `src/${wing}/${entry.name}`),
  );
  expect(rooms.filter((room) => !map.includes(`(${room})`))).toEqual([]);
});
