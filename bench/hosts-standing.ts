import { rm } from 'node:fs/promises';
import type { HostsLab } from '../test/lab/hosts/index.js';
import { countedTurns } from '../test/hosts/counted-turns.js';
import { newSeat } from './hosts-apply.js';
import type { Members } from './hosts-by-script.js';

/** Longer than the lock goes without being renewed, so that a renewal of its own would be among them. */
const TURNS = 8;

export interface Standing {
  /** Whole commands, each with connections of its own; in milliseconds. */
  readonly statusMs: readonly number[];
  readonly planMs: readonly number[];
  readonly turns: number;
  /** Of the host that was asked most often. */
  readonly roundTripsPerTurn: number;
}

/** What a converged cluster with certificates costs: to look at, and to keep true. */
export async function benchStanding(
  lab: HostsLab,
  members: Members,
  runs: number,
): Promise<Standing> {
  const { home, spec, name } = await newSeat(lab, members, 'tls');
  const took = async (...args: readonly string[]): Promise<number> => {
    const startedAt = performance.now();
    await home.quorate(...args);
    return performance.now() - startedAt;
  };
  try {
    await home.quorate('apply', '-f', spec);
    const statusMs: number[] = [];
    const planMs: number[] = [];
    for (let run = 0; run < runs; run++) {
      statusMs.push(await took('status', name));
      planMs.push(await took('plan', '-f', spec));
    }
    const { turns, sessions } = await countedTurns(home.dir, name, TURNS);
    const roundTripsPerTurn = Math.max(...sessions.values()) / turns;
    return { statusMs, planMs, turns, roundTripsPerTurn };
  } finally {
    await rm(home.dir, { recursive: true, force: true });
  }
}
