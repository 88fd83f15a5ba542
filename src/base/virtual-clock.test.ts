import { expect, test } from 'vitest';
import { type Random, seededRandom, withDeadline } from './index.js';
import { virtualClock } from './testing/virtual-clock.js';

const never = new AbortController().signal;

test('timers fire in the order of their time, those of one instant in the order they were set', async () => {
  const clock = virtualClock();
  const fired: string[] = [];
  const say = (what: string) => () => fired.push(`${what}@${clock.monotonicMs()}`);
  clock.after(20, say('b'));
  clock.after(10, say('a'));
  clock.after(20, say('c'));
  clock.after(15, say('cancelled'))();
  expect(await clock.run({})).toBe('nothing-left');
  expect(fired).toEqual(['a@10', 'b@20', 'c@20']);
});

test('many timers in any order come out sorted', async () => {
  const clock = virtualClock();
  const random: Random = seededRandom(4);
  const fired: number[] = [];
  for (let i = 0; i < 2000; i++) {
    const cancel = clock.after(random.next() * 1000, () => fired.push(clock.monotonicMs()));
    if (random.next() < 0.3) cancel();
  }
  await clock.run({});
  expect(fired).toEqual(fired.toSorted((a, b) => a - b));
  expect(fired.length).toBeGreaterThan(1000);
});

test('time stands still until every promise that can settle has settled', async () => {
  const clock = virtualClock();
  let hops = 0;
  clock.after(5, () => undefined);
  const seen: number[] = [];
  const work = async () => {
    for (; hops < 200; hops++) await Promise.resolve();
    seen.push(clock.monotonicMs());
  };
  void work();
  await clock.run({});
  expect(seen).toEqual([0]);
});

test('it stops when told, and time goes no further', async () => {
  const clock = virtualClock();
  clock.after(100, () => undefined);
  expect(await clock.run({ untilMs: 50 })).toBe('time');
  expect(clock.monotonicMs()).toBe(50);
  let count = 0;
  const again = () => {
    count++;
    clock.after(10, again);
  };
  again();
  expect(await clock.run({ isDone: () => count === 4 })).toBe('done');
  expect(clock.monotonicMs()).toBe(80);
});

test('a sleep ends with its signal, and a deadline comes in virtual time', async () => {
  const clock = virtualClock();
  const ending = new AbortController();
  const slept = clock.sleep(1000, ending.signal).catch((error: unknown) => String(error));
  const late = withDeadline(clock, 3_600_000, never, () => new Promise(() => undefined));
  clock.after(10, () => ending.abort(new Error('enough')));
  await clock.run({});
  expect(await slept).toBe('Error: enough');
  expect(await late).toEqual({ late: true });
  expect(clock.monotonicMs()).toBe(3_600_000);
});

test('what a timer throws is not swallowed', async () => {
  const clock = virtualClock();
  clock.after(1, () => {
    throw new Error('broken');
  });
  await expect(clock.run({})).rejects.toThrow('broken');
});
