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
import { goodAnswer, startRawServer } from '../testing/raw-http2.js';
import type { Watch } from '../watch/watch.js';
import { WatchAPI } from '../watch/watch-api.js';
import { WatchResponse } from '../wire/generated/watch.js';
import { FrameReader, frameOf } from './frames.js';
import type { ByteStream } from './transport.js';

const SEED = Number(process.env['QUORATE_FUZZ_SEED'] ?? 20_261_126);
const COUNT = Number(process.env['QUORATE_FUZZ_COUNT'] ?? 20_000);
/** A connection each costs a hundred times what a message costs. */
const EXCHANGES = Math.ceil(COUNT / 40);
const MESSAGES = COUNT - EXCHANGES;
/** After some errors Node reads on no more and does not say so: then only the deadline ends the call. */
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
