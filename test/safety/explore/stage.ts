import { settle } from '../../../src/core/model/index.js';
import { playToEnd } from '../../../src/core/planner/testing/language/index.js';
import { type Case, NO_FAULTS, type Planner, type Stage } from './case.js';
import { grownOld } from './environment.js';
import { NOW } from './world-table.js';

/** Plays the opening of a case, so that a case and the scenario of a violation begin the same. */
export function stageOf(explored: Case, planner: Planner): Stage {
  const { start, otherTarget } = worlds(explored, planner);
  return { start, otherTarget, faults: { ...NO_FAULTS, ...explored.faults } };
}

function worlds(
  { opening, otherWish }: Case,
  planner: Planner,
): Pick<Stage, 'start' | 'otherTarget'> {
  const play = (commands: readonly string[]) =>
    playToEnd([...commands, '----', ''].join('\n'), { planner, check: () => [] }).scene.world;
  const start = settle(grownOld({ ...play(opening), now: NOW }));
  if (otherWish === undefined) return { start, otherTarget: undefined };
  // The other wish may name hosts that the first does not: they are there, empty, from the beginning.
  const other = play([...opening, otherWish]);
  const known = new Set(start.hosts.map(({ host }) => host));
  return {
    start: {
      ...start,
      record: { ...other.record, retire: start.record.retire },
      hosts: [...start.hosts, ...other.hosts.filter(({ host }) => !known.has(host))],
    },
    otherTarget: other.target,
  };
}
