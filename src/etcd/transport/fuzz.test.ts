/**
 * Seeded noise: right messages and right HTTP/2 exchanges made wrong. QUORATE_FUZZ_SEED and QUORATE_FUZZ_COUNT choose
 * other noise and more of it (the short form is for every run, 200000 for a long one).
 */
import { describe, expect, test } from 'vitest';
import { err, ok, seededRandom, systemClock } from '../../base/index.js';
import type { OpenStream } from '../calls/caller.js';
import { lazyCodec, type Codec } from '../calls/codec.js';
import { createClient } from '../index.js';
import { putAnswer, rangeAnswer } from '../testing/fake-server.js';
import { putEvent, watchAnswer } from '../testing/fake-streams.js';
import { mutate } from '../testing/mutate.js';
import { FakeSocket } from '../testing/fake-socket.js';
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  frameTypes,
  goodAnswer,
  h2frame,
  startRawServer,
} from '../testing/raw-http2.js';
import type { Watch } from '../watch/watch.js';
import { WatchAPI } from '../watch/watch-api.js';
import { WatchResponse } from '../wire/generated/watch.js';
import { FrameReader, frameOf } from './frames.js';
import { H2Connection } from './h2/h2-connection.js';
import { encodeHeaderBlock } from './hpack/hpack-encoder.js';
import type { ByteStream } from './transport.js';

const SEED = Number(process.env['QUORATE_FUZZ_SEED'] ?? 20_261_126);
const COUNT = Number(process.env['QUORATE_FUZZ_COUNT'] ?? 20_000);
/** A connection each costs a hundred times what a message costs. */
const EXCHANGES = Math.ceil(COUNT / 40);
/** HTTP/2 without sockets costs less. */
const CONVERSATIONS = Math.ceil(COUNT / 4);
const MESSAGES = COUNT - EXCHANGES - CONVERSATIONS;
/** A wrong length can leave the connection waiting for bytes that never come: then only the deadline ends the call. */
const EXCHANGE_MS = 250;
const ANSWER_BYTES_MAX = 1024 ** 2;
const MEMORY_MAX = 128 * 1024 ** 2;

const watchMessage = WatchResponse.encode(
  watchAnswer(1n, 10n, { created: true, events: [putEvent('k', 10n), putEvent('l', 11n)] }),
).finish();

const kv = () => import('../wire/generated/kv.js');
const CODECS: readonly (() => Promise<Pick<Codec<never, unknown>, 'decode'>>)[] = [
  lazyCodec(kv, 'RangeRequest', 'RangeResponse'),
  lazyCodec(kv, 'TxnRequest', 'TxnResponse'),
  lazyCodec(() => import('../wire/generated/maintenance.js'), 'StatusRequest', 'StatusResponse'),
  lazyCodec(
    () => import('../wire/generated/cluster.js'),
    'MemberListRequest',
    'MemberListResponse',
  ),
  lazyCodec(
    () => import('../wire/generated/lease.js'),
    'LeaseTimeToLiveRequest',
    'LeaseTimeToLiveResponse',
  ),
  lazyCodec(() => import('../wire/generated/watch.js'), 'WatchRequest', 'WatchResponse'),
];

const REQUEST_BLOCK = encodeHeaderBlock([{ name: ':method', value: 'POST' }]);

/** What a server sends on a connection with three calls: with every type of frame, padding, and a table that is used. */
function conversation(): Buffer {
  const { headers, data, continuation, settings, ping, windowUpdate, rstStream, goaway } =
    frameTypes;
  const PADDED = 8;
  const increment = Buffer.from([0, 1, 0, 0]);
  const block = Buffer.from('885f8b1d75d0620d263d4c4d6564', 'hex');
  const trailers = Buffer.from('40889acac8b21234da8f013040899acac8b5254207317f00', 'hex');
  const both = END_HEADERS | END_STREAM;
  const message = frameOf(putAnswer());
  const padded = Buffer.concat([Buffer.from([5]), message, Buffer.alloc(5)]);
  return Buffer.concat([
    h2frame(settings, 0, 0, Buffer.from('00030000006400040000ffff', 'hex')),
    h2frame(settings, ACK, 0),
    h2frame(windowUpdate, 0, 0, increment),
    h2frame(ping, 0, 0, Buffer.from('12345678')),
    h2frame(headers, END_HEADERS, 1, block),
    h2frame(data, 0, 1, message),
    h2frame(headers, 0, 3, Buffer.from('88be', 'hex')),
    h2frame(continuation, END_HEADERS, 3, Buffer.from('be', 'hex')),
    h2frame(headers, both, 1, trailers),
    h2frame(windowUpdate, 0, 3, increment),
    h2frame(data, PADDED, 3, padded),
    h2frame(headers, both, 3, Buffer.from('bfbe', 'hex')),
    h2frame(rstStream, 0, 5, Buffer.from([0, 0, 0, 2])),
    h2frame(goaway, 0, 0, Buffer.from([0, 0, 0, 5, 0, 0, 0, 0])),
  ]);
}

const heldBytes = () => {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
};

describe(`noise from seed ${SEED}`, { timeout: 3_600_000 }, () => {
  test(`${MESSAGES} messages are read or refused, in any cut`, async () => {
    const random = seededRandom(SEED);
    const decoders = await Promise.all(CODECS.map((load) => load()));
    const originals = [rangeAnswer('a', 'b', 'c'), putAnswer(), watchMessage].map(frameOf);
    const heldBefore = heldBytes();
    const ends = { read: 0, refused: 0, unfinished: 0 };
    for (let count = 0; count < MESSAGES; count++) {
      const original = originals[count % originals.length] ?? new Uint8Array(0);
      const bytes = mutate(original, random);
      const reader = new FrameReader(ANSWER_BYTES_MAX);
      const cut = Math.floor(random.next() * (bytes.length + 1));
      const parts = [reader.push(bytes.subarray(0, cut)), reader.push(bytes.subarray(cut))];
      const decoder = decoders[count % decoders.length];
      for (const message of parts.flatMap(({ messages }) => messages)) {
        try {
          decoder?.decode(message);
          ends.read++;
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
          ends.refused++;
        }
      }
      if (parts.some(({ fault }) => fault !== undefined)) ends.refused++;
      else if (reader.isMidFrame) ends.unfinished++;
    }
    // Noise that is all of one kind tests nothing.
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(MESSAGES / 100);
    expect(heldBytes() - heldBefore).toBeLessThan(MEMORY_MAX);
  });

  test(`${EXCHANGES} exchanges end in an answer or a typed error, and leave no connection behind`, async () => {
    const random = seededRandom(SEED + 1);
    const original = goodAnswer(frameOf(putAnswer()));
    const server = await startRawServer((socket) => socket.end(mutate(original, random)));
    const ends = new Map<string, number>();
    const heldBefore = heldBytes();
    let left = EXCHANGES;
    const lane = async () => {
      while (left-- > 0) {
        const client = createClient({ endpoints: [server.endpoint] });
        const put = await client.kv.put('k', 'v', { deadlineMs: EXCHANGE_MS });
        const end = put.ok ? 'ok' : put.error.kind;
        ends.set(end, (ends.get(end) ?? 0) + 1);
        await client.close(0);
      }
    };
    await Promise.all(Array.from({ length: 32 }, lane));
    await expect.poll(() => server.openCount).toBe(0);
    await server.close();
    expect([...ends.values()].reduce((sum, each) => sum + each, 0)).toBe(EXCHANGES);
    expect(ends.get('ok')).toBeGreaterThan(0);
    expect(ends.get('unknown')).toBeGreaterThan(0);
    expect(heldBytes() - heldBefore).toBeLessThan(MEMORY_MAX);
  });

  test(`${CONVERSATIONS} conversations of HTTP/2 end in answers or in the end of the connection, in any cut`, async () => {
    const random = seededRandom(SEED + 3);
    const original = conversation();
    const heldBefore = heldBytes();
    const ends = { answered: 0, lost: 0, waiting: 0, connectionsClosed: 0 };
    for (let count = 0; count < CONVERSATIONS; count++) {
      const socket = new FakeSocket();
      let closings = 0;
      const connection = new H2Connection(socket.socket, {
        onSettings: () => undefined,
        onGoaway: () => undefined,
        onStreamOver: () => undefined,
        onClosed: () => closings++,
      });
      const calls = Array.from({ length: 3 }, () => {
        const heard = { ended: 0, lost: 0 };
        const stream = connection.open(REQUEST_BLOCK, {
          onHeaders: () => undefined,
          onData: (bytes) => stream.giveBack(bytes.length),
          onEnd: () => heard.ended++,
          onLost: () => heard.lost++,
        });
        stream.send(Buffer.from('ask'), true);
        return heard;
      });
      // The first one is whole: only what is nearly right reaches far.
      const bytes = count === 0 ? original : Buffer.from(mutate(original, random));
      const cut = Math.floor(random.next() * (bytes.length + 1));
      socket.emit('data', bytes.subarray(0, cut));
      socket.emit('data', bytes.subarray(cut));
      if (count === 0) {
        const [answered, reset] = [
          { ended: 1, lost: 0 },
          { ended: 0, lost: 1 },
        ];
        expect([closings, ...calls]).toEqual([0, answered, answered, reset]);
      }
      expect(closings).toBeLessThanOrEqual(1);
      for (const { ended, lost } of calls) {
        // A call ends once; one whose connection is closed has ended.
        expect(ended + lost).toBeLessThanOrEqual(1);
        expect(ended + lost + (1 - closings)).toBeGreaterThan(0);
        ends.answered += ended;
        ends.lost += lost;
        ends.waiting += 1 - ended - lost;
      }
      ends.connectionsClosed += closings;
      connection.close('the test is over');
      socket.destroy();
      if (count % 100 === 0) await socket.turn();
    }
    expect(Math.min(...Object.values(ends))).toBeGreaterThan(CONVERSATIONS / 100);
    expect(heldBytes() - heldBefore).toBeLessThan(MEMORY_MAX);
  });

  test('a watch that hears noise gives revisions in order or ends, and holds no more than it may', async () => {
    const random = seededRandom(SEED + 2);
    let left = Math.ceil(COUNT / 10);
    let current: Watch | undefined;
    const endpoint = { url: 'http://a:1', host: 'a', port: 1, secure: false };
    const cancelled = err({ kind: 'unknown', why: 'cancelled', message: 'over' } as const);
    const open = (): OpenStream => {
      let isOver = false;
      const stream: ByteStream = {
        send: () => Promise.resolve(),
        onLeaving: () => undefined,
        finishSending: () => undefined,
        cancel: () => (isOver = true),
        next: async () => {
          await Promise.resolve();
          if (left-- <= 0) current?.cancel();
          if (isOver || left <= 0) return cancelled;
          return ok(mutate(watchMessage, random));
        },
      };
      return { stream, endpoint, ended: () => undefined };
    };
    const clock = { ...systemClock, sleep: () => Promise.resolve() };
    const watches = new WatchAPI({
      opener: { stream: () => Promise.resolve(ok(open())) },
      clock,
      random,
    });
    let last = 0n;
    while (left > 0) {
      current = watches.open('k', { startRevision: last + 1n });
      for await (const item of current) {
        if (item.kind === 'ended') break;
        if (item.kind === 'events') {
          expect(item.revision).toBeGreaterThan(last);
          last = item.revision;
        }
        // Noise can claim any revision; what comes after the largest would never be seen.
        if (last > 1_000n) last = 0n;
        if (last === 0n || left <= 0) break;
      }
    }
    expect(left).toBeLessThanOrEqual(0);
  });
});
