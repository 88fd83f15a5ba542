/** A server that lets a client have only so many calls open at once. */
import type { ServerHttp2Stream } from 'node:http2';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../index.js';
import { answer, putAnswer, startFakeServer } from '../testing/fake-server.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const MAX = 2;

/** Answers only when told; counts what is open. */
async function server() {
  const open = new Set<ServerHttp2Stream>();
  let mostOpen = 0;
  const fake = await startFakeServer(
    ({ stream }) => {
      open.add(stream);
      mostOpen = Math.max(mostOpen, open.size);
      stream.once('close', () => open.delete(stream));
    },
    { maxConcurrentStreams: MAX },
  );
  const client = createClient({ endpoints: [fake.endpoint] });
  cleanups.push(
    () => fake.close(),
    () => client.close(0),
  );
  const answerAll = () => {
    for (const stream of open) {
      open.delete(stream);
      answer(stream, putAnswer());
    }
  };
  return { fake, client, open, answerAll, mostOpen: () => mostOpen };
}

test('more calls than it allows wait here, in their order, and all are answered', async () => {
  const { client, fake, answerAll, mostOpen } = await server();
  const order: number[] = [];
  const calls = Array.from({ length: 10 }, async (_, index) => {
    const put = await client.kv.put(`k${index}`, 'v');
    order.push(index);
    return put.ok;
  });
  const answering = setInterval(answerAll, 1);
  cleanups.push(async () => clearInterval(answering));
  expect(await Promise.all(calls)).toEqual(calls.map(() => true));
  expect(order).toEqual(calls.map((_, index) => index));
  expect(mostOpen()).toBeLessThanOrEqual(MAX);
  expect(fake.connectionCount).toBe(1);
});

test('a call that found no room in its time was certainly not sent', async () => {
  const { client, fake, open, answerAll } = await server();
  const held = [client.kv.put('a', 'v'), client.kv.put('b', 'v')];
  await expect.poll(() => open.size).toBe(MAX);
  const late = await client.kv.put('c', 'v', { deadlineMs: 50 });
  expect(late).toMatchObject({ ok: false, error: { kind: 'not-sent', why: 'no-room' } });
  const stopping = new AbortController();
  const stopped = client.kv.put('d', 'v', { signal: stopping.signal });
  stopping.abort();
  expect(await stopped).toMatchObject({ ok: false, error: { kind: 'not-sent', why: 'cancelled' } });
  expect(fake.calls).toHaveLength(MAX);
  answerAll();
  expect((await Promise.all(held)).map(({ ok }) => ok)).toEqual([true, true]);
});

test('those who wait for room learn at once that the connection is gone', async () => {
  const { client, fake, open, answerAll } = await server();
  const held = [client.kv.put('a', 'v'), client.kv.put('b', 'v')];
  await expect.poll(() => open.size).toBe(MAX);
  const waiting = client.kv.put('c', 'v');
  for (const session of fake.sessions) session.destroy();
  const ends = await Promise.all(held);
  expect(ends.map((end) => (end.ok ? 'ok' : end.error.kind))).toEqual(['unknown', 'unknown']);
  // It is dialled for anew, or was turned away unseen with the connection; it hangs in no case, and is never unknown.
  const answering = setInterval(answerAll, 1);
  cleanups.push(async () => clearInterval(answering));
  const end = await waiting;
  expect(end.ok ? 'ok' : end.error.kind).toMatch(/^(?:ok|not-sent)$/);
});
