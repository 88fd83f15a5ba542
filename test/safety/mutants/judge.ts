import type { Check } from '../../../src/core/planner/testing/language/index.js';
import { GUARD_NAMES, type MutantName, RULE_NAMES, without } from './planners.js';
import {
  type Difference,
  type Scenario,
  firstDifference,
  notices,
  partingOf,
} from './scenarios.js';
import { type Verdict, verdictOf } from './verdicts.js';

/** What became of one mutant. */
export interface Judged {
  readonly mutant: MutantName;
  readonly kind: 'guard' | 'rule';
  readonly end: 'killed' | 'covered' | 'survives' | 'unexplained';
  /** The scenario that the table names. */
  readonly by?: string;
  /** Every scenario that notices it alone. */
  readonly killers: readonly string[];
  /** Why it survives, or what is wrong with what the table says of it. */
  readonly because?: string;
}

export const MUTANT_NAMES: readonly MutantName[] = [...GUARD_NAMES, ...RULE_NAMES];

/** Plays the scenarios to a mutant and compares with what the table says of it. */
export function judge(mutant: MutantName, scenarios: readonly Scenario[], check: Check): Judged {
  const verdict = verdictOf(mutant);
  const killers = scenarios
    .filter((scenario) => notices(scenario, without(mutant), check))
    .map(({ name }) => name);
  const { end, because } = endOf(mutant, verdict, killers, scenarios, check);
  return {
    mutant,
    kind: (GUARD_NAMES as readonly string[]).includes(mutant) ? 'guard' : 'rule',
    end,
    killers,
    ...('by' in verdict ? { by: verdict.by } : {}),
    ...(because === undefined ? {} : { because }),
  };
}

function endOf(
  mutant: MutantName,
  verdict: Verdict,
  killers: readonly string[],
  scenarios: readonly Scenario[],
  check: Check,
): Pick<Judged, 'end' | 'because'> {
  if ('survives' in verdict) {
    return killers.length === 0
      ? { end: 'survives', because: verdict.survives }
      : { end: 'unexplained', because: `it is said to survive, and ${killers[0]} notices it` };
  }
  const named = scenarios.find(({ name }) => name === verdict.by);
  if (named === undefined) return { end: 'unexplained', because: `there is no ${verdict.by}` };
  if ('coveredBy' in verdict) {
    const others = verdict.coveredBy.join(', ');
    if (killers.length > 0) {
      return {
        end: 'unexplained',
        because: `${others} should cover it, and ${killers[0]} notices it`,
      };
    }
    const ours = without(...verdict.coveredBy);
    const parting = partingOf(named, ours, without(mutant, ...verdict.coveredBy), check);
    return isDone(parting, verdict.does)
      ? { end: 'covered', because: `${others}: ${verdict.because}` }
      : { end: 'unexplained', because: `${named.name} does not notice it without ${others}` };
  }
  return isDone(firstDifference(named, without(mutant), check), verdict.does)
    ? { end: 'killed' }
    : { end: 'unexplained', because: `in ${named.name} it does not say "${verdict.does}"` };
}

/** It says what must not be said, and the planner does not. */
const isDone = (difference: Difference | undefined, does: string): boolean =>
  difference !== undefined &&
  difference.said.includes(does) &&
  !difference.expected.split('\n').includes(does);
