import { machine } from '../command.js';
import type { CaseResult, Violation } from './case.js';
import type { Depth } from './cases.js';
import type { ExploreResult } from './index.js';

/** For programs: figures, and the counter-examples in full. */
export const documentOf = (result: ExploreResult): object => ({
  states: result.states,
  transitions: result.transitions,
  violations: result.violations.length,
  memoryMaxMiB: memoryMax(),
  seconds: Number(result.seconds.toFixed(1)),
  statesPerSecond: result.statesPerSecond,
  complete: result.cases.every(({ complete }) => complete),
  cases: result.cases.map(({ violations, ...row }) => ({ ...row, violations: violations.length })),
  counterExamples: result.violations,
});

/** For people: a row for each case, the sum, and the shortest way to each violation. */
export function screenOf(result: ExploreResult, depth: Depth): string {
  const rows = [HEAD, ...result.cases.map(rowOf)];
  const widths = HEAD.map((_, i) => Math.max(...rows.map((row) => (row[i] ?? '').length)));
  const table = rows.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join('  ')
      .trimEnd(),
  );
  return [
    `explore (${depth}) on ${machine()}`,
    '',
    ...table,
    '',
    `${count(result.states)} states, ${count(result.transitions)} transitions in ${result.seconds.toFixed(1)} s ` +
      `(${count(result.statesPerSecond)} states/s, at most ${memoryMax()} MiB), ${result.violations.length} violations`,
    ...result.violations.map(storyOf),
  ].join('\n');
}

/** Of the whole process, with all threads. */
const memoryMax = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

const HEAD = ['', 'states', 'transitions', 'worlds', 'converge', 'truly blocked', 'turns', 's', ''];

const rowOf = (row: CaseResult): readonly string[] => [
  row.case,
  count(row.states),
  count(row.transitions),
  count(row.worlds),
  count(row.converging),
  Object.entries(row.blocked)
    .map(([code, worlds]) => `${code} ${count(worlds)}`)
    .join(', '),
  String(row.turnsMax),
  row.seconds.toFixed(1),
  row.violations.length > 0 ? 'VIOLATED' : row.complete ? '' : 'not to the end',
];

const storyOf = (violation: Violation): string =>
  `\n--- rule ${violation.rule}, after ${violation.moves} moves ---\n${violation.scenario}`;

const count = (n: number): string => n.toLocaleString('en');
