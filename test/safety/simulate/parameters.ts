import type { ControllerTimings } from '../../../src/engine/controller/index.js';
import { type Dice, diceOf } from './dice.js';

/** What can happen to the world by itself. */
export const FAULTS = [
  'crash-member',
  'crash-several',
  'lose-data',
  'hide-host',
  'cut-network',
  'hang-member',
  'lag-member',
  'raise-alarm',
  'kill-controller',
  'cut-power',
  'stop-controller',
  'steal-lock',
  'rival',
  'bad-disk',
  'bad-driver',
] as const;
export type FaultKind = (typeof FAULTS)[number];

/** What people may ask for while everything goes on. */
export const EDITS = [
  'grow',
  'shrink',
  'to-one',
  'to-three',
  'replace',
  'retire',
  'forward',
  'rename',
  'move',
  'flags',
  'patch',
  'down',
  'pause',
] as const;
export type EditKind = (typeof EDITS)[number];

/** The kind of world that a seed draws. */
export interface Parameters {
  readonly clusters: number;
  readonly size: number;
  /** False: the run begins with the birth of the cluster. */
  readonly born: boolean;
  readonly firstLife: 'fast' | 'plain';
  /** How long things go wrong. */
  readonly safetyMs: number;
  /** How many data directories may be lost in a run. */
  readonly dataLosses: number;
  /** Mean milliseconds between two faults of a kind; absent: never. */
  readonly faults: Partial<Record<FaultKind, number>>;
  readonly edits: readonly EditKind[];
  readonly editMs: number;
  /** Mean number of calls and answers after which a controller dies in the middle of whatever it does; absent: never. */
  readonly callsPerLife?: number;
  readonly delayMs: number;
  /** Share of messages that take up to `slowMs`. */
  readonly slowShare: number;
  readonly slowMs: number;
  /** Of requests that change the membership: never arrive, land and are not answered, land late. */
  readonly lostShare: number;
  readonly unansweredShare: number;
  readonly lateShare: number;
  /** Share of looks that show what was true when they were asked for, not when they were answered. */
  readonly staleShare: number;
  readonly timings: Partial<ControllerTimings>;
}

export function parametersOf(seed: number): Parameters {
  // Another stream than the run's own, so that a change in one does not change the other.
  const dice = diceOf(seed ^ 0x5bd1e995);
  const size = dice.oneOf([1, 2, 3, 3, 3, 3, 4, 5, 5, 5, 7]) ?? 3;
  const harsh = dice.between(0.5, 2);
  const born = dice.chance(0.7);
  return {
    clusters: dice.chance(0.06) ? 2 : 1,
    size,
    born,
    firstLife: dice.chance(0.5) ? 'fast' : 'plain',
    safetyMs: dice.whole(8000, 45_000),
    dataLosses: dice.oneOf([0, 0, 1, 1, 1, 2, 2, 3]) ?? 1,
    faults: faultsOf(dice, harsh),
    edits: EDITS.filter(() => dice.chance(0.45)),
    // A birth is short; whoever changes his mind in the middle of one must be quick.
    editMs: born ? dice.whole(4000, 30_000) : dice.whole(300, 15_000),
    ...(dice.chance(0.5) ? {} : { callsPerLife: dice.whole(50, 800) }),
    delayMs: dice.oneOf([1, 3, 10, 40]) ?? 3,
    slowShare: dice.oneOf([0, 0, 0.01, 0.05]) ?? 0,
    slowMs: dice.oneOf([300, 1500, 6000]) ?? 1500,
    lostShare: dice.oneOf([0, 0.05, 0.2]) ?? 0,
    unansweredShare: dice.oneOf([0, 0.05, 0.2]) ?? 0,
    lateShare: dice.oneOf([0, 0.1, 0.3]) ?? 0,
    staleShare: dice.oneOf([0, 0.3, 1]) ?? 0.3,
    timings: timingsOf(dice),
  };
}

function faultsOf(dice: Dice, harsh: number): Parameters['faults'] {
  const faults: Partial<Record<FaultKind, number>> = {};
  for (const kind of FAULTS) {
    if (dice.chance(0.35)) faults[kind] = Math.round(dice.between(4000, 40_000) / harsh);
  }
  return faults;
}

/** Fewer looks than in real life while nothing happens: they cost most of the time and find the least. */
function timingsOf(dice: Dice): Parameters['timings'] {
  const pollMs = dice.oneOf([500, 1000, 2000]) ?? 1000;
  return {
    waitPollMs: pollMs,
    steadyPollMs: 4 * pollMs,
    formingPollMs: dice.oneOf([10, 50, 200]) ?? 50,
    wishPollMs: dice.oneOf([500, 2000, 5000]) ?? 2000,
  };
}
