import type { Planner } from '../../../src/core/planner/testing/language/index.js';
import { type Case, type Violation, casesOf, explore } from '../explore/index.js';

/** Of each case: in seconds what takes a few moves, in minutes what takes fifteen. */
export const STATES_MAX = { few: 4000, many: 60_000 } as const;

/**
 * What the explorer finds in a planner, the shortest way to each broken rule: `rule 1 in 2 moves (keep 3)`. Empty when it
 * finds nothing within its bounds, which proves nothing.
 */
export function exploredTo(planner: Planner, statesMax: number): string {
  const shortest = new Map<Violation['rule'], Violation>();
  for (const explored of casesOf('short')) {
    for (const found of violationsIn(explored, planner, statesMax)) {
      const known = shortest.get(found.rule);
      if (known === undefined || found.moves < known.moves) shortest.set(found.rule, found);
    }
  }
  return [...shortest.values()]
    .sort((a, b) => a.rule - b.rule)
    .map(say)
    .join(', ');
}

/** The first thing that it finds, in the order of its cases; it looks further and stops there. */
export function firstFoundIn(planner: Planner): string {
  for (const explored of casesOf('short')) {
    const [found] = violationsIn(explored, planner, STATES_MAX.many);
    if (found !== undefined) return say(found);
  }
  return '';
}

const violationsIn = (explored: Case, planner: Planner, statesMax: number) =>
  explore({ planner, cases: [explored], statesMax, violationsMax: 1 }).violations;

const say = ({ rule, moves, case: name }: Violation): string =>
  `rule ${rule} in ${moves} moves (${name})`;
