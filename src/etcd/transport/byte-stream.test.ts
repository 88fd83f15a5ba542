import { expect, test } from 'vitest';
import { QueuedStream } from './byte-stream.js';
import { STREAM_QUEUE_MAX } from './limits.js';

test('a stream that nobody reads stops the socket, and starts it again when it is read', async () => {
  const stream = new QueuedStream();
  let isPaused = false;
  stream.attach({
    pause: () => (isPaused = true),
    resume: () => (isPaused = false),
    send: () => Promise.resolve(),
    onLeaving: () => undefined,
    finishSending: () => undefined,
    abandon: () => undefined,
  });
  for (let count = 1; count < STREAM_QUEUE_MAX; count++) stream.onMessage(new Uint8Array([count]));
  expect(isPaused).toBe(false);
  stream.onMessage(new Uint8Array([STREAM_QUEUE_MAX]));
  expect(isPaused).toBe(true);
  expect(await stream.next()).toEqual({ ok: true, value: new Uint8Array([1]) });
  expect(isPaused).toBe(false);
});

test('one stream has one reader at a time', async () => {
  const stream = new QueuedStream();
  const first = stream.next();
  await expect(stream.next()).rejects.toThrow('two readers');
  stream.onEnd({ kind: 'status', code: 0, message: '' });
  expect(await first).toEqual({ ok: true, value: undefined });
});
