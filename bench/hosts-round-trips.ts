import { rm } from 'node:fs/promises';
import type { HostsLab } from '../test/lab/hosts/index.js';
import { countedTurns } from '../test/hosts/counted-turns.js';
import { newSeat } from './hosts-apply.js';
import type { Members } from './hosts-by-script.js';

/** Longer than the lock goes without being renewed, so that a renewal of its own would be among them. */
const TURNS = 8;

/** How often each host is asked in a turn of the loop that keeps a converged cluster. */
export async function roundTripsPerTurn(
  lab: HostsLab,
  members: Members,
): Promise<{ readonly turns: number; readonly perTurnAndHost: number }> {
  const { home, spec, name } = await newSeat(lab, members);
  try {
    await home.quorate('apply', '-f', spec);
    const { turns, sessions } = await countedTurns(home.dir, name, TURNS);
    return { turns, perTurnAndHost: Math.max(...sessions.values()) / turns };
  } finally {
    await rm(home.dir, { recursive: true, force: true });
  }
}
