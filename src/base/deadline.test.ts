import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { deadlineSignal, isAbort, systemClock, withDeadline } from './index.js';

const never = new AbortController().signal;

test('the deadline comes, also after a garbage collection', async () => {
  setFlagsFromString('--expose_gc');
  const collect = runInNewContext('gc') as () => void;
  const aborted = new Promise((resolve) => {
    deadlineSignal(50, never).addEventListener('abort', resolve);
  });
  collect();
  // The timer does not keep the process up; this one does while the test waits.
  const patience = sleep(5000, 'never came', { ref: true });
  expect(await Promise.race([aborted.then(() => 'came'), patience])).toBe('came');
});

test('the parent ends it sooner, with its own reason', () => {
  const parent = new AbortController();
  const signal = deadlineSignal(60_000, parent.signal);
  parent.abort(new Error('enough'));
  expect(signal.aborted).toBe(true);
  expect((signal.reason as Error).message).toBe('enough');
  expect(deadlineSignal(60_000, parent.signal).aborted).toBe(true);
});

test('work that ignores its signal does not hold its caller', async () => {
  const end = await withDeadline(systemClock, 20, never, () => new Promise(() => undefined));
  expect(end).toEqual({ late: true });
});

test('work that is done in time gives its value, and its failure is passed on', async () => {
  expect(await withDeadline(systemClock, 5000, never, async () => 7)).toEqual({
    late: false,
    value: 7,
  });
  await expect(
    withDeadline(systemClock, 5000, never, async () => {
      throw new Error('broken');
    }),
  ).rejects.toThrow('broken');
});

test('an abort is told from a failure', () => {
  expect(isAbort(new DOMException('', 'AbortError'))).toBe(true);
  expect(isAbort(new Error('AbortError'))).toBe(false);
});
