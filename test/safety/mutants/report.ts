import { brokenRules } from '../checkers/index.js';
import type { Verdict } from '../command.js';
import { BROKEN } from './broken.js';
import { STATES_MAX, exploredTo, firstFoundIn } from './explored.js';
import { type Judged, MUTANT_NAMES, judge } from './judge.js';
import { without } from './planners.js';
import { notices, readScenarios } from './scenarios.js';

export interface Occasion {
  readonly machine: string;
  /** The explorer is asked about every mutant, and looks further; else only about those that no scenario kills. */
  readonly exploreAll: boolean;
  readonly progress: (line: string) => void;
}

interface Row extends Judged {
  /** What the explorer found; empty: nothing; absent: it was not asked. */
  readonly explored?: string;
}

interface BrokenRow {
  readonly what: string;
  readonly by: string;
  readonly killers: readonly string[];
  readonly missing: readonly string[];
  readonly explored: string;
}

/** Every mutant and every planner broken by hand, against every scenario and the explorer. */
export function report({ machine, exploreAll, progress }: Occasion): Verdict {
  const scenarios = readScenarios();
  const statesMax = exploreAll ? STATES_MAX.many : STATES_MAX.few;
  const rows = MUTANT_NAMES.map((mutant): Row => {
    progress(mutant);
    const judged = judge(mutant, scenarios, brokenRules);
    if (judged.end === 'killed' && !exploreAll) return judged;
    return withExplored(judged, exploredTo(without(mutant), statesMax));
  });
  const broken = BROKEN.map(({ what, planner, by }): BrokenRow => {
    progress(what);
    const killers = scenarios
      .filter((scenario) => notices(scenario, planner, brokenRules))
      .map(({ name }) => name);
    const missing = by.filter((name) => !killers.includes(name));
    return { what, by: by[0], killers, missing, explored: firstFoundIn(planner) };
  });
  const count = (end: Judged['end']) => rows.filter((row) => row.end === end).length;
  const unexplained =
    count('unexplained') + broken.filter(({ missing }) => missing.length > 0).length;
  return {
    ok: unexplained === 0,
    json: {
      mutants: rows.length,
      killed: count('killed'),
      covered: count('covered'),
      survived: count('survives'),
      unexplained,
      scenarios: scenarios.length,
      machine,
      each: rows.map(({ killers, ...row }) => ({ ...row, killers: killers.length })),
      broken,
    },
    text: [
      `mutants on ${machine}`,
      '',
      ...rows.map(lineOf),
      '',
      'Planners broken by hand:',
      ...broken.map(brokenLine),
      '',
      `${rows.length} mutants against ${scenarios.length} scenarios: ${count('killed')} killed, ` +
        `${count('covered')} covered by others, ${count('survives')} survive, ${unexplained} unexplained`,
    ].join('\n'),
  };
}

/** Killed by the explorer alone is killed too. */
const withExplored = (judged: Judged, explored: string): Row =>
  judged.end === 'survives' && explored !== ''
    ? { ...judged, end: 'killed', explored }
    : { ...judged, explored };

function lineOf({ mutant, kind, end, by, killers, because, explored }: Row): string {
  const how = because ?? byWhom(by ?? '', killers.length);
  const more = explored === undefined ? '' : `; explorer: ${explored === '' ? '-' : explored}`;
  return `  ${`${kind} ${mutant}`.padEnd(30)} ${end.padEnd(12)} ${how}${more}`;
}

const brokenLine = ({ what, by, killers, missing, explored }: BrokenRow): string =>
  `  ${what.padEnd(46)} ${byWhom(by, killers.length)}; ` +
  `explorer: ${explored === '' ? '-' : explored}` +
  (missing.length > 0 ? `   NOT NOTICED BY ${missing.join(', ')}` : '');

const byWhom = (by: string, count: number): string =>
  count > 1 ? `${by} (and ${count - 1} more)` : by;
