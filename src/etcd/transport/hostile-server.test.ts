/** Servers that mean harm, by name: each leaves a typed error, a connection that is gone, and memory as it was. */
import type { Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '../index.js';
import { putAnswer } from '../testing/fake-server.js';
import {
  END_HEADERS,
  frameTypes,
  goodAnswer,
  h2frame,
  headerBlock,
  SETTINGS,
  startRawServer,
} from '../testing/raw-http2.js';
import { frameOf } from './frames.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const MIB = 1024 ** 2;
const MEMORY_MAX = 96 * MIB;

const GOOD_HEADERS = h2frame(
  frameTypes.headers,
  END_HEADERS,
  1,
  headerBlock([':status', '200'], ['content-type', 'application/grpc']),
);
const times = (count: number, bytes: Uint8Array) =>
  Buffer.concat(Array.from({ length: count }, () => bytes));
const ping = h2frame(frameTypes.ping, 0, 0, Buffer.alloc(8));
const rst = (stream: number) => h2frame(frameTypes.rstStream, 0, stream, Buffer.from([0, 0, 0, 8]));
const goaway = h2frame(frameTypes.goaway, 0, 0, Buffer.from([0x7f, 255, 255, 255, 0, 0, 0, 0]));

/** Writes as long as the client takes it, at most 256 MiB. */
function forever(socket: Socket, bytes: Buffer): void {
  let written = 0;
  const write = () => {
    while (!socket.destroyed && written < 256 * MIB) {
      written += bytes.length;
      if (!socket.write(bytes)) {
        socket.once('drain', write);
        return;
      }
    }
    socket.end();
  };
  write();
}

const cases: Readonly<Record<string, (socket: Socket) => void>> = {
  'announces a message of 2 GiB': (socket) => {
    const prefix = Buffer.from([0, 0x80, 0, 0, 0, 1, 2, 3]);
    socket.write(Buffer.concat([SETTINGS, GOOD_HEADERS, h2frame(frameTypes.data, 0, 1, prefix)]));
  },
  'sends empty messages without end': (socket) => {
    socket.write(Buffer.concat([SETTINGS, GOOD_HEADERS]));
    forever(socket, h2frame(frameTypes.data, 0, 1, times(3_000, frameOf(new Uint8Array(0)))));
  },
  'sends ten thousand headers': (socket) => {
    const pairs = Array.from({ length: 10_000 }, (_, index) => [`x-${index}`, 'v'] as const);
    const block = headerBlock([':status', '200'], ...pairs);
    const parts: Buffer[] = [
      SETTINGS,
      h2frame(frameTypes.headers, 0, 1, block.subarray(0, 16_000)),
    ];
    for (let at = 16_000; at < block.length; at += 16_000) {
      const flags = at + 16_000 >= block.length ? END_HEADERS : 0;
      parts.push(h2frame(frameTypes.continuation, flags, 1, block.subarray(at, at + 16_000)));
    }
    socket.end(Buffer.concat(parts));
  },
  'continues its headers without end': (socket) => {
    socket.write(
      Buffer.concat([SETTINGS, h2frame(frameTypes.headers, 0, 1, headerBlock([':status', '200']))]),
    );
    forever(socket, h2frame(frameTypes.continuation, 0, 1, headerBlock(['x', 'y'.repeat(8_000)])));
  },
  'sends a header of a megabyte': (socket) => {
    const block = headerBlock([':status', '200'], ['x', 'y'.repeat(MIB)]);
    const parts: Buffer[] = [
      SETTINGS,
      h2frame(frameTypes.headers, 0, 1, block.subarray(0, 16_000)),
    ];
    for (let at = 16_000; at < block.length; at += 16_000) {
      parts.push(h2frame(frameTypes.continuation, 0, 1, block.subarray(at, at + 16_000)));
    }
    socket.end(Buffer.concat(parts));
  },
  'pings without end': (socket) => {
    socket.write(SETTINGS);
    forever(socket, times(2_000, ping));
  },
  'changes its settings without end': (socket) => {
    forever(socket, times(2_000, h2frame(frameTypes.settings, 0, 0)));
  },
  'resets the call a thousand times': (socket) => {
    socket.end(Buffer.concat([SETTINGS, times(1_000, rst(1))]));
  },
  'resets calls that never were': (socket) => {
    socket.end(
      Buffer.concat([SETTINGS, ...Array.from({ length: 1_000 }, (_, index) => rst(2 * index + 3))]),
    );
  },
  'says goodbye a thousand times and hangs up': (socket) => {
    socket.end(Buffer.concat([SETTINGS, times(1_000, goaway)]));
  },
  'pushes what nobody asked for': (socket) => {
    const promise = Buffer.concat([Buffer.from([0, 0, 0, 2]), headerBlock([':method', 'GET'])]);
    socket.write(
      Buffer.concat([SETTINGS, h2frame(frameTypes.pushPromise, END_HEADERS, 1, promise)]),
    );
  },
  'grants a window beyond all bounds': (socket) => {
    const grant = h2frame(frameTypes.windowUpdate, 0, 0, Buffer.from([0x7f, 255, 255, 255]));
    socket.end(Buffer.concat([SETTINGS, times(4, grant)]));
  },
  'sends a frame of a size that was not agreed': (socket) => {
    socket.end(
      Buffer.concat([SETTINGS, GOOD_HEADERS, h2frame(frameTypes.data, 0, 1, Buffer.alloc(MIB))]),
    );
  },
  'speaks of calls that do not exist': (socket) => {
    socket.end(Buffer.concat([SETTINGS, h2frame(frameTypes.data, 0, 99, Buffer.from('x'))]));
  },
  'compresses headers into nonsense': (socket) => {
    socket.end(
      Buffer.concat([
        SETTINGS,
        h2frame(frameTypes.headers, END_HEADERS, 1, Buffer.alloc(64, 0xff)),
      ]),
    );
  },
};

test.each(Object.entries(cases))('a server that %s', async (_name, answer) => {
  const server = await startRawServer((socket) => answer(socket));
  cleanups.push(() => server.close());
  const client = createClient({ endpoints: [server.endpoint] });
  cleanups.push(() => client.close(0));
  const before = process.memoryUsage();
  let most = 0;
  const watching = setInterval(() => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    most = Math.max(most, heapUsed + arrayBuffers - before.heapUsed - before.arrayBuffers);
  }, 5);
  const put = await client.kv.put('k', 'v', { deadlineMs: 2_000 });
  clearInterval(watching);
  expect(put.ok).toBe(false);
  // It was sent, so whatever the server does, it may have been done; unless it says that it did not look at it.
  if (!put.ok) expect(['unknown', 'not-sent']).toContain(put.error.kind);
  expect(most).toBeLessThan(MEMORY_MAX);
  // The client is as good as new: the same call to a good server succeeds.
  const good = await startRawServer((socket) => socket.write(goodAnswer(frameOf(putAnswer()))));
  cleanups.push(() => good.close());
  expect((await client.kv.put('k', 'v', { endpoint: good.endpoint })).ok).toBe(true);
});
