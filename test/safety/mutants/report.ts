import type { Verdict } from '../command.js';
import { BROKEN } from './broken.js';
import { type Judged, MUTANT_NAMES, judge } from './judge.js';
import { type Scenario, notices, readScenarios } from './scenarios.js';

const unchecked = () => [];

/** Every mutant and every broken planner against every scenario, as a screen and as a document. */
export function report(on: {
  readonly machine: string;
  readonly progress: (line: string) => void;
}): Verdict {
  const scenarios = readScenarios();
  const judged = MUTANT_NAMES.map((mutant) => {
    on.progress(mutant);
    return judge(mutant, scenarios, unchecked);
  });
  const broken = BROKEN.map(({ what, planner, by }) => {
    const killers = killersOf(planner, scenarios);
    return { what, killers, missing: by.filter((name) => !killers.includes(name)) };
  });
  const count = (end: Judged['end']) => judged.filter((one) => one.end === end).length;
  const unexplained =
    count('unexplained') + broken.filter(({ missing }) => missing.length > 0).length;
  const mutants = judged.map(({ killers, ...one }) => ({ ...one, killers: killers.length }));
  return {
    ok: unexplained === 0,
    json: {
      mutants: judged.length,
      killed: count('killed'),
      covered: count('covered'),
      survived: count('survives'),
      unexplained,
      scenarios: scenarios.length,
      machine: on.machine,
      each: mutants,
      broken: broken.map(({ what, killers }) => ({ what, killers })),
    },
    text: [
      `${scenarios.length} scenarios, ${judged.length} mutants: ${count('killed')} killed, ` +
        `${count('covered')} covered by others, ${count('survives')} survive, ${unexplained} unexplained`,
      '',
      ...judged.map(line),
      '',
      'Planners broken by hand:',
      ...broken.map(
        ({ what, killers, missing }) =>
          `  ${what.padEnd(46)} ${killers.length} scenarios: ${killers.slice(0, 2).join(', ')}` +
          (missing.length > 0 ? `   NOT: ${missing.join(', ')}` : ''),
      ),
    ].join('\n'),
  };
}

const killersOf = (planner: Parameters<typeof notices>[1], scenarios: readonly Scenario[]) =>
  scenarios.filter((scenario) => notices(scenario, planner, unchecked)).map(({ name }) => name);

const line = ({ mutant, kind, end, by, killers, because }: Judged): string =>
  `  ${`${kind} ${mutant}`.padEnd(30)} ${end.padEnd(12)} ${because ?? byWhom(by ?? '', killers)}`;

const byWhom = (by: string, killers: readonly string[]): string =>
  killers.length > 1 ? `${by} (and ${killers.length - 1} more)` : by;
