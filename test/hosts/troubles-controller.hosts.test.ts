import { expect, test } from 'vitest';
import { hostsFor } from '../lab/hosts/suite.js';
import { ANY_MINOR, EXIT, LONG, type Ran, until } from '../lab/index.js';
import { type TroubledSeat, troubledSeat } from './troubled-seat.js';

interface Killed {
  /** What was just decided when it was killed. */
  readonly kills: readonly string[];
  /** How the one ended that nobody disturbed. */
  readonly ran: Ran;
}

/**
 * Runs `apply` and kills it, hard, at every decision it takes that was not met before, until one comes to its end
 * undisturbed. `lateMs`: so long after it was seen to have decided, in the middle of the step.
 */
async function applyWithKills(it: TroubledSeat, file: string, lateMs: number): Promise<Killed> {
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
    if (fresh === undefined) return { kills, ran: await controller.done };
    met.add(fresh);
    kills.push(fresh);
    if (lateMs > 0) await new Promise((resolve) => setTimeout(resolve, lateMs));
    await it.kill(controller.pid);
  }
}

/**
 * A birth of three with kills. Two that die between writing down that a host is told `new` and its start leave two hosts
 * of which nobody knows any more that they never voted. That is told, and the way that is told leads on.
 */
async function bornWithKills(it: TroubledSeat, lateMs: number): Promise<readonly string[]> {
  const file = await it.specFor(3);
  const { kills, ran } = await applyWithKills(it, file, lateMs);
  if (ran.code !== EXIT.done) {
    expect(ran).toMatchObject({ code: EXIT.blocked });
    expect(ran.stderr).toContain(`quorate destroy ${it.name}`);
    const { problem } = (await it.status()).plan;
    expect(problem).toMatchObject({ code: 'birth-incomplete' });
    const { lost = [] } = (problem?.data ?? {}) as { readonly lost?: readonly string[] };
    expect(lost.length).toBeGreaterThanOrEqual(2);
    for (const host of lost) {
      const never = `[ ! -e ${it.data}/member ] && ! journalctl -q _SYSTEMD_UNIT=${it.unit} | grep -q .`;
      await it.machineOf({ host }).must(never);
    }
    await it.bearAgain(file);
  }
  return kills;
}

/** A start takes some tenths of a second: at its decision, in its middle, and when the host has done it. */
const LATE_MS = LONG ? [0, 40, 80, 160, 320, 640] : [150];
/** Every kill costs the time after which the lock of a dead one is taken, and in a growth etcd's own five seconds. */
const SIZE = LONG ? 5 : 4;

test.for(LATE_MS)(
  'apply killed %d ms after each of its decisions, in a birth and in a growth: the next one goes on',
  { timeout: LONG ? 900_000 : 240_000 },
  async (lateMs, context) => {
    const it = await troubledSeat(await hostsFor(context, { hosts: SIZE }), ANY_MINOR);
    const born = await bornWithKills(it, lateMs);
    expect(born.length).toBeGreaterThanOrEqual(1);
    const before = await it.settled(3);
    const writer = await it.writer();

    const { kills, ran } = await applyWithKills(it, await it.specFor(SIZE), lateMs);
    expect(ran, ran.stderr).toMatchObject({ code: EXIT.done });
    expect(kills.length).toBeGreaterThanOrEqual(2);
    const after = await it.settled(SIZE);
    expect(after.cluster.id).toBe(before.cluster.id);
    expect(after.members.map(({ name }) => name)).toEqual(
      Array.from({ length: SIZE }, (_, index) => `m${index}`),
    );
    await it.nothingWasLost(writer, after);
    await it.oneLifeEach();
  },
);
