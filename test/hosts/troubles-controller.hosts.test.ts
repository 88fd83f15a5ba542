import { expect, test } from 'vitest';
import { hostsFor, longFormOnly } from '../lab/hosts/suite.js';
import { ANY_MINOR, EXIT, LONG, until } from '../lab/index.js';
import { type TroubledSeat, troubledSeat } from './troubled-seat.js';

/**
 * Runs `apply` and kills it, hard, at every decision it takes that was not met before, until one comes to its end
 * undisturbed. Answers what it was killed at. `lateMs`: so long after it has decided, in the middle of the step.
 */
async function applyWithKills(
  it: TroubledSeat,
  file: string,
  lateMs: number,
): Promise<readonly string[]> {
  const met = new Set<string>();
  const kills: string[] = [];
  for (;;) {
    const from = (await it.journal()).length;
    const controller = it.start(`apply -f ${file} --yes=${it.name}`);
    let hasEnded = false;
    void controller.done.then(() => (hasEnded = true));
    const fresh = await until(
      'the next decision, or the end',
      async () => {
        const words = (await it.deeds(from)).map(({ kind, name, step }) =>
          `${kind} ${name} ${step.launch?.purpose ?? ''}`.trim(),
        );
        const next = words.find((word) => !met.has(word));
        if (next !== undefined) return { done: next };
        return hasEnded ? { done: undefined } : { seen: 'nothing yet' };
      },
      { everyMs: 1 },
    );
    if (fresh === undefined) {
      const ran = await controller.done;
      if (ran.code !== EXIT.done) throw new Error(`It did not come to its end: ${ran.stderr}`);
      return kills;
    }
    met.add(fresh);
    kills.push(fresh);
    if (lateMs > 0) await new Promise((resolve) => setTimeout(resolve, lateMs));
    await it.kill(controller.pid);
  }
}

/** A start takes some tenths of a second: at its decision, in its middle, and when the host has done it. */
const LATE_MS = LONG ? [0, 40, 80, 160, 320, 640] : [0, 150];

test.for(LATE_MS)(
  'apply killed %d ms after each of its decisions, in a birth and in a growth: the next one goes on',
  async (lateMs, context) => {
    longFormOnly(context);
    const it = await troubledSeat(await hostsFor(context, { hosts: 5 }), ANY_MINOR);
    const born = await applyWithKills(it, await it.specFor(3), lateMs);
    expect(born.length).toBeGreaterThanOrEqual(1);
    const before = await it.settled(3);
    const writer = await it.writer();

    const grown = await applyWithKills(it, await it.specFor(5), lateMs);
    expect(grown.length).toBeGreaterThanOrEqual(2);
    const five = await it.settled(5);
    expect(five.cluster.id).toBe(before.cluster.id);
    expect(five.members.map(({ name }) => name)).toEqual(['m0', 'm1', 'm2', 'm3', 'm4']);
    await it.nothingWasLost(writer, five);
    await it.oneLifeEach();
  },
);
