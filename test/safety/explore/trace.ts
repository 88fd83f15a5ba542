import type { Violation as Broken } from '../checkers/index.js';
import type { Case, Planner } from './case.js';
import { argOfMove, kindOfMove } from './moves.js';

export function scenarioOf(
  explored: Case,
  moves: readonly number[],
  broken: Broken,
  _planner: Planner,
): string {
  return [
    `# rule ${broken.rule}: ${broken.what}`,
    ...explored.opening,
    ...moves.map((m) => `${kindOfMove(m)} ${argOfMove(m)}`),
  ].join('\n');
}
