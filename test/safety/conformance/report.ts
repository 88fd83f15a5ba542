import { type Verdict as Conclusion, machine } from '../command.js';
import type { Golden, Played } from './golden/play.js';
import type { CaseResult } from './pair.js';
import type { StoryResult } from './run.js';

interface Case extends CaseResult {
  readonly story: string;
  readonly version: string;
}

/** One screen: how many cases on which versions, what etcd does not allow and why, and what must not be. */
export function verdictOf(
  results: readonly StoryResult[],
  {
    played,
    notPlayed,
  }: { readonly played: readonly Played[]; readonly notPlayed: readonly Golden[] },
  { all, seconds }: { readonly all: boolean; readonly seconds: number },
): Conclusion {
  const cases = results.flatMap(({ story, version, results: own }) =>
    own.map((result): Case => ({ ...result, story, version })),
  );
  const versions = [...new Set([...results, ...played].map(({ version }) => version))].sort();
  const less = cases.filter(({ verdict }) => verdict === 'less');
  const explained = cases.filter(({ explained: words }) => words !== undefined);
  const unexplained = cases.filter(
    ({ verdict, explained: words }) =>
      verdict !== 'same' && verdict !== 'less' && words === undefined,
  );
  const brokenOff = results.filter((result) => result.brokenOff !== undefined);
  const otherwise = played.filter(({ difference }) => difference !== undefined);
  const ok =
    cases.length + played.length > 0 &&
    [less, unexplained, brokenOff, otherwise].every(({ length }) => length === 0);
  const count = (version: string, of: readonly Case[]) =>
    `${of.filter((each) => each.version === version).length}`;
  const table = [
    [
      'etcd',
      'cases',
      'the same',
      'etcd allows less',
      'etcd allows more',
      'not explained',
      'golden scenarios',
    ],
    ...versions.map((version) => [
      version,
      count(version, cases),
      count(
        version,
        cases.filter(({ verdict }) => verdict === 'same'),
      ),
      count(version, explained),
      count(version, less),
      count(version, unexplained),
      `${played.filter((each) => each.version === version && each.difference === undefined).length} of ${played.filter((each) => each.version === version).length}`,
    ]),
  ].map(([version = '', ...numbers]) =>
    [version.padEnd(8), ...numbers.map((number) => number.padStart(18))].join(''),
  );
  return {
    ok,
    json: {
      versions,
      cases: cases.length,
      // etcd allowed what the model refuses: must be 0.
      modelAllowsLess: less.length,
      // etcd refused what the model accepts: each of them is listed, with the fact that explains it.
      modelAllowsMore: explained.length,
      unexplained: unexplained.length,
      brokenOff: brokenOff.map(({ story, version, brokenOff: why }) => ({ story, version, why })),
      explained: grouped(explained),
      faults: [...less, ...unexplained],
      goldens: {
        played: played.length,
        same: played.length - otherwise.length,
        otherwise,
        atSecondTry: played
          .filter(({ isAtSecondTry }) => isAtSecondTry === true)
          .map(({ name, version }) => ({ name, version })),
        notPlayed: notPlayed.map(({ name, whyNot }) => ({ name, why: whyNot })),
      },
      seconds,
    },
    text: [
      'The model against real etcd',
      '',
      ...table,
      '',
      ...(all ? [...cases.map(tellCase), ''] : []),
      ...(explained.length > 0 ? ['etcd allows less than the model, and why:'] : []),
      ...grouped(explained).map(
        ({ fact, because, cases: of }) => `  [facts ${fact}] ${because} (${of.join('; ')})`,
      ),
      ...(less.length > 0 ? ['', 'etcd allows MORE than the model:', ...less.map(tellCase)] : []),
      ...(unexplained.length > 0
        ? ['', 'They differ and nobody has explained it:', ...unexplained.map(tellCase)]
        : []),
      ...brokenOff.map(
        ({ story, version, brokenOff: why }) => `\netcd ${version}, ${story}, broken off: ${why}`,
      ),
      ...otherwise.map(
        ({ name, version, difference }) =>
          `\netcd ${version}, golden scenario ${name}: ${difference}`,
      ),
      ...whyNotPlayed(notPlayed, all),
      '',
      ok
        ? `The model never allows less than etcd. ${seconds} s on ${machine()}`
        : `The model is NOT etcd. ${seconds} s on ${machine()}`,
    ].join('\n'),
  };
}

const tellCase = ({ version, story, what, model, etcd, verdict, detail }: Case): string =>
  [
    `  ${version} ${story}: ${what}`,
    ...(verdict === 'afterwards' ? [] : [`    model: ${model}`, `    etcd:  ${etcd}`]),
    ...(detail === '' ? [] : detail.split('\n').map((line) => `    ${line}`)),
  ].join('\n');

/** Each reason once, with how many scenarios it keeps away; by name when everything is told. */
function whyNotPlayed(notPlayed: readonly Golden[], all: boolean): readonly string[] {
  if (notPlayed.length === 0) return [];
  const reasons = new Map<string, string[]>();
  for (const { name, whyNot = '' } of notPlayed) {
    reasons.set(whyNot, [...(reasons.get(whyNot) ?? []), name]);
  }
  return [
    '',
    `Golden scenarios that real members cannot play: ${notPlayed.length}`,
    ...[...reasons]
      .sort(([, a], [, b]) => b.length - a.length)
      .map(
        ([reason, names]) => `  ${names.length} × ${reason}${all ? ` (${names.join(', ')})` : ''}`,
      ),
  ];
}

/** The explanations, each once, with the cases that need it. */
function grouped(cases: readonly Case[]): readonly {
  readonly fact: string;
  readonly because: string;
  readonly cases: readonly string[];
}[] {
  const groups = new Map<string, { fact: string; because: string; cases: string[] }>();
  for (const { explained, version, what } of cases) {
    if (explained === undefined) continue;
    const { fact, because } = explained;
    const group = groups.get(because) ?? { fact, because, cases: [] };
    group.cases.push(`${version}: ${what}`);
    groups.set(because, group);
  }
  return [...groups.values()];
}
