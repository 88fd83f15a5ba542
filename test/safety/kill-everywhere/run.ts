import { progress } from '../command.js';
import type { ClusterKind, Cycle, Move, Operation } from './operations.js';
import type { Stage } from './stage.js';
import { type Tally, newTally } from './tally.js';
import { type Trial, attempt, endFor } from './trial.js';

export interface Row {
  readonly operation: Operation;
  readonly points: number;
  readonly resumed: number;
  /** Points that came up in some run and not again in three: the plan did not wait there a second time. */
  readonly unmet: readonly string[];
}

export interface Fault {
  readonly operation: Operation;
  readonly move: string;
  readonly killedAt: string | undefined;
  readonly faults: readonly string[];
  readonly journal: string;
}

export interface CycleResult {
  readonly rows: readonly Row[];
  /** Requests that came before etcd's health interval was over, and were made again. */
  readonly early: number;
  readonly faults: readonly Fault[];
}

export interface RunOptions {
  /** A place for one cluster of this name, which is not there yet. */
  readonly stage: (name: string, kind: ClusterKind) => Stage;
  readonly everyLook: boolean;
  /** How many points of each operation, spread evenly over it; absent: all. */
  readonly spread?: number;
}

let stageCount = 0;
/** What does not work when nobody is killed proves nothing about killing. */
const UNDISTURBED_FAULTS_MAX = 3;

/** Kills the controller at every point of every move of a cycle, one point a run, on as few clusters as possible. */
export async function runCycle(cycle: Cycle, options: RunOptions): Promise<CycleResult> {
  /** What an undisturbed controller made of each move. */
  const ends = new Map<string, string>();
  const tallies = new Map<Operation, Tally>();
  const faults: Fault[] = [];
  let stage: Stage | undefined;
  let undisturbedFaults = 0;
  let early = 0;
  const isOver = () =>
    tallies.size > 0 && [...tallies.values()].every((tally) => tally.next() === undefined);
  try {
    while (!isOver()) {
      for (const move of cycle.moves) {
        if (isOver()) break;
        stage ??= await openStage(cycle, options);
        const tally = tallyOf(tallies, move, options);
        const sameEnd = ends.get(move.key);
        const killAt = sameEnd === undefined ? undefined : tally.next();
        const trial = await attempt(stage, move, {
          everyLook: options.everyLook,
          ...(killAt === undefined ? {} : { killAt }),
          ...(sameEnd === undefined ? {} : { sameEnd }),
        }).catch((error: Error) => brokenOff(error, killAt));
        const isFine = trial.faults.length === 0;
        note(tally, trial, killAt);
        early += trial.early;
        if (isFine && trial.after !== undefined && trial.killedAt === undefined) {
          ends.set(move.key, endFor(move, trial.after, stage));
        }
        if (!isFine) {
          faults.push(faultOf(move, trial));
          progress(`FAULT ${move.key}, ${inWords(trial.killedAt)}: ${trial.faults.join('; ')}`);
          progress(trial.journal);
        } else {
          const what = trial.killedAt === undefined ? 'went' : 'resumed';
          progress(`${move.operation}: ${what}, ${inWords(trial.killedAt)} (${trial.took})`);
        }
        // What went wrong must not spoil the next run.
        const isShared = cycle.cluster === 'born' || cycle.cluster === 'secured';
        if (!isShared || !isFine) {
          await stage.close();
          stage = undefined;
          // Another cluster has other addresses.
          if (isShared) ends.clear();
        }
        if (!isFine && sameEnd === undefined && ++undisturbedFaults >= UNDISTURBED_FAULTS_MAX) {
          return resultOf(tallies, faults, early);
        }
        if (!isFine) break;
      }
    }
  } finally {
    await stage?.close();
  }
  return resultOf(tallies, faults, early);
}

export const inWords = (killedAt: string | undefined): string =>
  killedAt === undefined ? 'undisturbed' : `killed ${killedAt}`;

function tallyOf(
  tallies: Map<Operation, Tally>,
  { operation }: Move,
  { spread }: RunOptions,
): Tally {
  const tally = tallies.get(operation) ?? newTally(spread);
  tallies.set(operation, tally);
  return tally;
}

function note(tally: Tally, trial: Trial, killAt: string | undefined): void {
  tally.met(trial.points);
  if (killAt === undefined) return;
  if (trial.killedAt === undefined) tally.missed(killAt);
  else tally.died(killAt, trial.faults.length === 0);
}

/** The experiment itself could not be carried on: a fault like any other, and the next point gets another cluster. */
export const brokenOff = (error: Error, killedAt: string | undefined): Trial => ({
  killedAt,
  points: [],
  faults: [`the experiment broke off: ${error.message}`],
  after: undefined,
  early: 0,
  took: '',
  journal: '',
});

export const faultOf = ({ operation, key }: Move, { killedAt, faults, journal }: Trial): Fault => ({
  operation,
  move: key,
  killedAt,
  faults,
  journal,
});

const resultOf = (
  tallies: ReadonlyMap<Operation, Tally>,
  faults: readonly Fault[],
  early: number,
): CycleResult => ({
  early,
  rows: [...tallies].map(([operation, { points, resumed, unmet }]): Row => ({
    operation,
    points,
    resumed,
    unmet,
  })),
  faults,
});

async function openStage({ cluster }: Cycle, options: RunOptions): Promise<Stage> {
  const stage = options.stage(`kill-${process.pid}-${++stageCount}`, cluster);
  await stage.prepare();
  if (cluster === 'unborn' || cluster === 'adopted') return stage;
  const born = await stage.controller();
  if (born.code !== 0) throw new Error(`the cluster was not born: ${born.stderr}`);
  return stage;
}
