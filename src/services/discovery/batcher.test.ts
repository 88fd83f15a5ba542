import { expect, test } from 'vitest';
import { Batcher } from './batcher.js';

/** A store that answers when the test says so. */
function slowStore() {
  const calls: { readonly items: readonly string[]; readonly answer: () => void }[] = [];
  const send = (items: readonly string[]): Promise<readonly string[]> =>
    new Promise((resolve) => {
      calls.push({ items, answer: () => resolve(items.map((item) => `${item}!`)) });
    });
  return { calls, send };
}

/** Two turns of the event loop: one in which answers arrive, one in which the next call leaves. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
};

test('what comes in one turn, or while a call is under way, goes together, each answered in its place', async () => {
  const { calls, send } = slowStore();
  const batcher = new Batcher(send, { batchMax: 3 });
  const first = ['a', 'b'].map((item) => batcher.add(item));
  await settled();
  const later = ['c', 'd', 'e', 'f'].map((item) => batcher.add(item));
  await settled();
  expect(calls.map(({ items }) => items)).toEqual([['a', 'b']]);
  calls[0]?.answer();
  await settled();
  expect(calls.map(({ items }) => items)).toEqual([
    ['a', 'b'],
    ['c', 'd', 'e'],
  ]);
  calls[1]?.answer();
  await settled();
  calls[2]?.answer();
  expect(await Promise.all([...first, ...later])).toEqual(['a!', 'b!', 'c!', 'd!', 'e!', 'f!']);
});

test('two with one mark never travel together', async () => {
  const { calls, send } = slowStore();
  const apart = (item: string) => item.slice(0, 1);
  const batcher = new Batcher(send, { batchMax: 9, apart });
  const answers = ['x0', 'a1', 'a2', 'b1', 'a3'].map((item) => batcher.add(item));
  await settled();
  for (let i = 0; i < 3; i++) {
    calls[i]?.answer();
    await settled();
  }
  expect(calls.map(({ items }) => items)).toEqual([['x0', 'a1', 'b1'], ['a2'], ['a3']]);
  expect(await Promise.all(answers)).toHaveLength(5);
});

test('a call that fails fails for those in it, and the next goes on', async () => {
  let calls = 0;
  const batcher = new Batcher<string, string>(
    async (items) => {
      if (calls++ === 0) throw new Error('broken');
      return items;
    },
    { batchMax: 9 },
  );
  const first = batcher.add('a');
  await expect(first).rejects.toThrow('broken');
  const second = batcher.add('b');
  expect(await second).toBe('b');
});

test('what weighs more leaves room for fewer', async () => {
  const { calls, send } = slowStore();
  const weightOf = (item: string) => item.length;
  const batcher = new Batcher(send, { batchMax: 4, weightOf });
  const answers = ['aa', 'bbb', 'c', 'dd'].map((item) => batcher.add(item));
  for (let i = 0; i < 3; i++) {
    await settled();
    calls[i]?.answer();
  }
  expect(calls.map(({ items }) => items)).toEqual([['aa', 'c'], ['bbb'], ['dd']]);
  expect(await Promise.all(answers)).toEqual(['aa!', 'bbb!', 'c!', 'dd!']);
});
