import { describe, expect, test } from 'vitest';
import { err, ok, seededRandom } from '../../base/index.js';
import { virtualClock, type VirtualClock } from '../../base/testing/virtual-clock.js';
import type { OpenStream } from '../calls/caller.js';
import type { StreamOpener } from '../calls/lasting-stream.js';
import type { CallResult, EtcdError } from '../errors.js';
import type { ByteStream } from '../transport/transport.js';
import { LeaseKeepAliveRequest, LeaseKeepAliveResponse } from '../wire/generated/lease.js';
import { LeaseHub } from './lease-hub.js';

const TTL_SECONDS = 10;
const HOUR_MS = 3_600_000;

type Item = Awaited<ReturnType<ByteStream['next']>>;

/** A server in memory: `answer` gives the time to live for a renewal, or undefined when it stays silent. */
function serverOf(clock: VirtualClock, answer: (leaseID: bigint) => number | undefined) {
  const renewedAtMs: number[] = [];
  let streamCount = 0;
  let breakStream: () => void = () => undefined;
  const open = (): OpenStream => {
    streamCount++;
    const items: Item[] = [];
    let wake: () => void = () => undefined;
    const push = (item: Item) => {
      items.push(item);
      wake();
    };
    const lost = err({ kind: 'unknown', why: 'connection-lost', message: 'lost' } as const);
    breakStream = () => push(lost);
    const stream: ByteStream = {
      send: (bytes) => {
        const { ID } = LeaseKeepAliveRequest.decode(bytes);
        renewedAtMs.push(clock.monotonicMs());
        const TTL = answer(ID);
        if (TTL !== undefined) {
          const message = { header: undefined, ID, TTL: BigInt(TTL) };
          clock.after(1, () => push(ok(LeaseKeepAliveResponse.encode(message).finish())));
        }
        return Promise.resolve();
      },
      next: async () => {
        while (items.length === 0) await new Promise<void>((resolve) => (wake = resolve));
        return items.shift() ?? lost;
      },
      onLeaving: () => undefined,
      finishSending: () => undefined,
      cancel: () => push(lost),
    };
    const endpoint = { url: 'http://a:1', host: 'a', port: 1, secure: false };
    return { stream, endpoint, ended: () => undefined };
  };
  const opener: StreamOpener = { stream: () => Promise.resolve(ok(open())) };
  return { opener, renewedAtMs, streams: () => streamCount, breakStream: () => breakStream() };
}

const hubOf = (opener: StreamOpener, clock: VirtualClock) =>
  new LeaseHub({ opener, clock, random: seededRandom(1) });

/** The codec is loaded from a file, which no virtual time waits for. */
async function untilLoaded(isDone: () => boolean): Promise<void> {
  await expect.poll(isDone).toBe(true);
}

describe('a lease that is kept alive', () => {
  test('lives for a day, is renewed a third of its time after each renewal at the latest, and does not drift', async () => {
    const clock = virtualClock();
    const server = serverOf(clock, () => TTL_SECONDS);
    const keeper = hubOf(server.opener, clock).keep(1n);
    await untilLoaded(() => server.renewedAtMs.length > 0);
    await clock.run({ untilMs: 24 * HOUR_MS });
    expect(keeper.signal.aborted).toBe(false);
    const gaps = server.renewedAtMs
      .slice(1)
      .map((at, index) => at - (server.renewedAtMs[index] ?? 0));
    expect(gaps.length).toBeGreaterThan((24 * HOUR_MS) / 3_334);
    expect(Math.max(...gaps)).toBeLessThanOrEqual((TTL_SECONDS * 1000) / 3);
    // Spread, so that many leases do not come at once.
    expect(new Set(gaps).size).toBeGreaterThan(100);
    expect(server.streams()).toBe(1);
  });

  test('outlives breaks of the stream', async () => {
    const clock = virtualClock();
    const server = serverOf(clock, () => TTL_SECONDS);
    const keeper = hubOf(server.opener, clock).keep(1n);
    await untilLoaded(() => server.renewedAtMs.length > 0);
    for (let minute = 1; minute <= 60; minute++) {
      await clock.run({ untilMs: minute * 60_000 });
      server.breakStream();
    }
    await clock.run({ untilMs: 61 * 60_000 });
    expect(keeper.signal.aborted).toBe(false);
    expect(server.streams()).toBe(61);
  });

  test('that nobody answers for is lost when it may have ended, counted from the last renewal’s sending', async () => {
    const clock = virtualClock();
    const silentFromMs = 60_000;
    const server = serverOf(clock, () =>
      clock.monotonicMs() < silentFromMs ? TTL_SECONDS : undefined,
    );
    const keeper = hubOf(server.opener, clock).keep(1n);
    await untilLoaded(() => server.renewedAtMs.length > 0);
    await clock.run({ isDone: () => keeper.signal.aborted });
    expect(await keeper.lost).toMatchObject({ kind: 'expired' });
    const lastAnswered = Math.max(...server.renewedAtMs.filter((at) => at < silentFromMs));
    expect(clock.monotonicMs()).toBe(lastAnswered + TTL_SECONDS * 1000);
    expect(keeper.leftMs()).toBe(0);
    // It did not stay with the stream that gave no answer.
    expect(server.streams()).toBeGreaterThan(1);
  });

  test('that the server does not know any more is gone', async () => {
    const clock = virtualClock();
    const server = serverOf(clock, () => (clock.monotonicMs() < 30_000 ? TTL_SECONDS : 0));
    const keeper = hubOf(server.opener, clock).keep(1n);
    await untilLoaded(() => server.renewedAtMs.length > 0);
    await clock.run({ isDone: () => keeper.signal.aborted });
    expect(await keeper.lost).toEqual({ kind: 'gone' });
  });

  test('is let go by stop and by its signal', async () => {
    const clock = virtualClock();
    const server = serverOf(clock, () => TTL_SECONDS);
    const hub = hubOf(server.opener, clock);
    const stopping = new AbortController();
    const keepers = [hub.keep(1n), hub.keep(2n, { signal: stopping.signal })];
    await untilLoaded(() => server.renewedAtMs.length >= 2);
    hub.stop(1n);
    stopping.abort();
    const losses = await Promise.all(keepers.map(({ lost }) => lost));
    expect(losses).toEqual([{ kind: 'stopped' }, { kind: 'stopped' }]);
    const count = server.renewedAtMs.length;
    await clock.run({ untilMs: HOUR_MS });
    expect(server.renewedAtMs).toHaveLength(count);
  });

  test('is lost at once when renewing is refused for good', async () => {
    const refused: EtcdError = {
      kind: 'refused',
      reason: 'permission-denied',
      code: 7,
      message: 'etcdserver: permission denied',
      endpoint: 'http://a:1',
      tried: [],
    };
    const opener: StreamOpener = {
      stream: () => Promise.resolve<CallResult<OpenStream>>(err(refused)),
    };
    const keeper = hubOf(opener, virtualClock()).keep(1n);
    expect(await keeper.lost).toEqual({ kind: 'failed', error: refused });
  });
});
