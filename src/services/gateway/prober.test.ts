import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../base/testing/virtual-clock.js';
import type { Sight } from './backend.js';
import { Prober } from './prober.js';

const A = { url: 'http://a:2379', host: 'a', port: 2379, secure: false };
const WELL: Sight = {
  kind: 'seen',
  hasLeader: true,
  isLeader: false,
  isLearner: false,
  term: 1n,
  committedIndex: 1n,
  appliedIndex: 1n,
};
const SILENT: Sight = { kind: 'silent', because: 'nothing came' };

/** A prober of one backend in virtual time; the backend answers as `answer` says, after `tookMs`. */
function setUp() {
  const clock = virtualClock();
  const world = { answer: WELL, tookMs: 1, heardBytes: 0, whileAsked: () => undefined as unknown };
  const asked: number[] = [];
  const talked: boolean[] = [];
  const sights: { readonly atMs: number; readonly kind: Sight['kind'] }[] = [];
  const prober = new Prober({
    clock,
    limits: { probeIntervalMs: 300, probeDeadlineMs: 400 },
    probe: async (_backend, deadlineMs, hasTalked) => {
      talked.push(hasTalked);
      asked.push(clock.monotonicMs());
      world.whileAsked();
      const { answer } = world;
      await clock.sleep(
        answer.kind === 'silent' ? deadlineMs : world.tookMs,
        new AbortController().signal,
      );
      return answer;
    },
    heardBytes: () => world.heardBytes,
    onSight: (_backend, { kind }) => sights.push({ atMs: clock.monotonicMs(), kind }),
  });
  return { clock, world, asked, talked, sights, prober };
}

describe('the prober', () => {
  test('a backend that falls silent right after an answer is known to be hung within 1.2 s', async () => {
    const { clock, world, sights, prober } = setUp();
    prober.follow([A]);
    await clock.run({ untilMs: 1 });
    world.answer = SILENT;
    await clock.run({ untilMs: 1_200 });
    expect(sights).toEqual([
      { atMs: 1, kind: 'seen' },
      { atMs: 701, kind: 'silent' },
      { atMs: 1_101, kind: 'silent' },
    ]);
  });

  test('who answers clients meanwhile is not silent', async () => {
    const { clock, world, sights, prober } = setUp();
    world.answer = SILENT;
    world.whileAsked = () => clock.after(50, () => (world.heardBytes += 100));
    prober.follow([A]);
    await clock.run({ untilMs: 3_000 });
    expect(sights.length).toBeGreaterThan(2);
    expect(sights.every(({ kind }) => kind === 'unclear')).toBe(true);
  });

  test('one that is gone is asked less and less often, and is found again within two seconds', async () => {
    const { clock, world, asked, sights, prober } = setUp();
    world.answer = { kind: 'unreachable', because: 'refused' };
    prober.follow([A]);
    await clock.run({ untilMs: 20_000 });
    expect(asked.length).toBeLessThan(20);
    world.answer = WELL;
    await clock.run({ untilMs: 22_010 });
    expect(sights.at(-1)).toMatchObject({ kind: 'seen' });
  });

  test('one that lets nobody look inside is asked once a second while idle, and sooner while it talks', async () => {
    const { clock, world, asked, talked, prober } = setUp();
    world.answer = { kind: 'answers', because: 'TLS' };
    prober.follow([A]);
    await clock.run({ untilMs: 1_500 });
    expect(asked).toEqual([0, 1_001]);
    world.heardBytes = 100;
    await clock.run({ untilMs: 2_500 });
    expect(asked).toEqual([0, 1_001, 2_002, 2_303]);
    expect(talked).toEqual([false, false, true, false]);
  });

  test('a question asked for out of turn comes at once, or right after the one under way', async () => {
    const { clock, world, asked, prober } = setUp();
    prober.follow([A]);
    await clock.run({ untilMs: 100 });
    prober.soon(A.url);
    await clock.run({ untilMs: 101 });
    expect(asked).toEqual([0, 100]);
    world.tookMs = 50;
    await clock.run({ untilMs: 410 });
    prober.soon(A.url);
    await clock.run({ untilMs: 460 });
    expect(asked).toEqual([0, 100, 401, 451]);
  });

  test('one that left is not asked any more, also when its answer was still due', async () => {
    const { clock, asked, sights, prober } = setUp();
    prober.follow([A]);
    prober.follow([]);
    await clock.run({ untilMs: 2_000 });
    expect(asked.length).toBe(1);
    expect(sights).toEqual([]);
  });
});
