import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { parseEndpoint, type Endpoint } from '../endpoints.js';
import { answerRaw, refuse, startFakeServer, type FakeServer } from '../testing/fake-server.js';
import { frameOf } from './frames.js';
import { Http2Transport } from './http2-transport.js';
import { DEFAULT_LIMITS, type TransportLimits } from './limits.js';
import type { ByteStream } from './transport.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function fake(handle: Parameters<typeof startFakeServer>[0]): Promise<FakeServer> {
  const server = await startFakeServer(handle);
  cleanups.push(() => server.close());
  return server;
}

function endpointOf(url: string): Endpoint {
  const parsed = parseEndpoint(url, false);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

async function open(
  url: string,
  limits: Partial<TransportLimits> = {},
  signal?: AbortSignal,
): Promise<ByteStream> {
  const transport = new Http2Transport(undefined, { ...DEFAULT_LIMITS, ...limits });
  cleanups.push(() => transport.close(0));
  const opened = await transport.stream({
    endpoint: endpointOf(url),
    path: '/etcdserverpb.Watch/Watch',
    metadata: {},
    deadlineMs: 5_000,
    connectMs: 5_000,
    signal,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

const text = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString();
const frame = (message: string) => frameOf(Buffer.from(message));
const HEADERS = { ':status': 200, 'content-type': 'application/grpc' };

describe('a stream', () => {
  test('gives its messages in order, then its end', async () => {
    const server = await fake(({ stream }) => {
      answerRaw(stream, Buffer.concat([frame('one'), frame('two')]));
    });
    const stream = await open(server.endpoint);
    stream.finishSending();
    const seen = [await stream.next(), await stream.next(), await stream.next()];
    expect(seen.map((item) => (item.ok ? text(item.value) : item.error))).toEqual([
      'one',
      'two',
      undefined,
    ]);
  });

  test('carries messages both ways', async () => {
    const server = await fake(({ stream }) => {
      stream.respond(HEADERS);
      stream.on('data', (chunk: Uint8Array) => stream.write(chunk));
    });
    const stream = await open(server.endpoint);
    for (const message of ['a', 'b']) {
      await stream.send(Buffer.from(message));
      const echoed = await stream.next(5_000);
      expect(echoed.ok && text(echoed.value)).toBe(message);
    }
  });

  test('that is refused after some messages says so after them', async () => {
    const server = await fake(({ stream }) => {
      answerRaw(stream, frame('one'), { 'grpc-status': '14', 'grpc-message': 'no%20more' });
    });
    const stream = await open(server.endpoint);
    expect((await stream.next()).ok).toBe(true);
    expect(await stream.next()).toEqual({
      ok: false,
      error: { kind: 'status', code: 14, message: 'no more' },
    });
  });

  test('that is refused at once, while we could still send, is over', async () => {
    const server = await fake(({ stream }) => refuse(stream, 14, 'etcdserver: no leader'));
    const stream = await open(server.endpoint);
    expect(await stream.next()).toMatchObject({ error: { kind: 'status', code: 14 } });
    await stream.send(Buffer.from('late'));
    stream.cancel();
  });

  test('that falls silent ends at the limit of its reader', async () => {
    const server = await fake(({ stream }) => {
      stream.respond(HEADERS);
      stream.write(frame('one'));
    });
    const stream = await open(server.endpoint);
    expect((await stream.next(5_000)).ok).toBe(true);
    const silent = { error: { kind: 'unknown', why: 'deadline' } };
    expect(await stream.next(50)).toMatchObject(silent);
    expect(await stream.next()).toMatchObject(silent);
  });

  test('ends when its caller cancels, and the server is told', async () => {
    const cancelling = new AbortController();
    let ended: (code: number) => void = () => undefined;
    const told = new Promise<number>((resolve) => {
      ended = resolve;
    });
    const server = await fake(({ stream }) => {
      stream.respond(HEADERS);
      stream.once('close', () => ended(stream.rstCode));
      cancelling.abort();
    });
    const stream = await open(server.endpoint, {}, cancelling.signal);
    expect(await stream.next()).toMatchObject({ error: { kind: 'unknown', why: 'cancelled' } });
    const CANCEL = 8;
    expect(await told).toBe(CANCEL);
  });

  test('that nobody reads holds back the server, and then gives everything in its order', async () => {
    const [COUNT, BYTES] = [64, 256 * 1024];
    let waiting = 0;
    const server = await fake(({ stream }) => {
      stream.respond(HEADERS);
      for (let count = 0; count < COUNT; count++) {
        waiting++;
        stream.write(frameOf(Buffer.alloc(BYTES, count)), () => waiting--);
      }
      stream.end();
    });
    const stream = await open(server.endpoint);
    // Once two looks agree nothing moves any more.
    let before = -1;
    await expect
      .poll(() => {
        const isStill = before === waiting && waiting < COUNT;
        before = waiting;
        return isStill;
      })
      .toBe(true);
    expect(waiting * BYTES).toBeGreaterThan((COUNT * BYTES) / 2);
    for (let count = 0; count < COUNT; count++) {
      const item = await stream.next(10_000);
      expect(item.ok && item.value?.length).toBe(BYTES);
      expect(item.ok && item.value?.[BYTES - 1]).toBe(count);
    }
  });

  test('that is read only after the server ended it and hung up gives everything all the same', async () => {
    const COUNT = 100;
    const server = await fake(({ stream }) => {
      stream.respond(HEADERS, { waitForTrailers: true });
      stream.once('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      for (let count = 0; count < COUNT; count++) stream.write(frame(String(count)));
      stream.end();
    });
    const stream = await open(server.endpoint);
    const first = await stream.next(5_000);
    expect(first.ok && text(first.value)).toBe('0');
    await expect.poll(() => server.calls[0]?.stream.destroyed).toBe(true);
    for (const session of server.sessions) session.destroy();
    await expect.poll(() => server.sessions.size).toBe(0);
    for (let count = 1; count < COUNT; count++) {
      const item = await stream.next();
      expect(item.ok && text(item.value)).toBe(String(count));
    }
    expect(await stream.next()).toEqual({ ok: true, value: undefined });
  });

  test('on a connection that no longer answers pings is lost', async () => {
    const server = await fake(({ stream }) => {
      stream.respond(HEADERS);
      stream.write(frame('one'));
    });
    const relay = await relayTo(server.endpoint);
    const stream = await open(relay.endpoint, { keepaliveIntervalMs: 20, keepaliveTimeoutMs: 40 });
    expect((await stream.next()).ok).toBe(true);
    relay.freeze();
    const lost = await stream.next();
    expect(lost).toMatchObject({ error: { kind: 'unknown', why: 'connection-lost' } });
    expect(lost.ok ? '' : lost.error.message).toContain('ping');
  });

  test('on a silent connection that answers pings lives on', async () => {
    let say: (message: string) => void = () => undefined;
    let pings = 0;
    const server = await fake(({ stream }) => {
      stream.respond(HEADERS);
      say = (message) => stream.write(frame(message));
      stream.session?.on('ping', () => {
        if (++pings === 4) say('still here');
      });
    });
    const stream = await open(server.endpoint, {
      keepaliveIntervalMs: 20,
      keepaliveTimeoutMs: 2_000,
    });
    const item = await stream.next();
    expect(item.ok && text(item.value)).toBe('still here');
  });
});

test('a request and an answer larger than all windows arrive whole', async () => {
  const BYTES = 20 * 1024 * 1024;
  const message = Buffer.alloc(BYTES, 'abcdefg');
  const server = await fake(({ stream }) => {
    const parts: Buffer[] = [];
    stream.on('data', (part: Buffer) => parts.push(part));
    stream.once('end', () => answerRaw(stream, Buffer.concat(parts)));
  });
  const transport = new Http2Transport(undefined, DEFAULT_LIMITS);
  cleanups.push(() => transport.close(0));
  const echoed = await transport.unary({
    endpoint: endpointOf(server.endpoint),
    path: '/etcdserverpb.KV/Put',
    metadata: {},
    message,
    deadlineMs: 25_000,
    connectMs: 5_000,
    signal: undefined,
  });
  expect(echoed.ok && message.equals(echoed.value)).toBe(true);
});

describe('a connection that breaks in the moment in which it is ready', () => {
  test.each<[string, Buffer]>([
    ['by a goodbye', Buffer.from('0000080700000000000000000000000001', 'hex')],
    ['by nonsense', Buffer.from('HTTP/1.1 400 Bad Request')],
  ])(
    '%s: the call was not sent, it is dialled no more than twice, and closing waits for nothing',
    async (_name, bytes) => {
      let dialled = 0;
      const server = createServer((socket) => {
        dialled++;
        socket.resume();
        socket.on('error', () => undefined);
        socket.write(Buffer.concat([Buffer.from('000000040000000000', 'hex'), bytes]));
      });
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      cleanups.push(() => new Promise((resolve) => server.close(resolve)));
      const transport = new Http2Transport(undefined, DEFAULT_LIMITS);
      const asked = await transport.unary({
        endpoint: endpointOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
        path: '/etcdserverpb.KV/Range',
        metadata: {},
        message: new Uint8Array(0),
        deadlineMs: 5_000,
        connectMs: 5_000,
        signal: undefined,
      });
      expect(asked).toMatchObject({ error: { kind: 'not-sent', why: 'connect-failed' } });
      expect(dialled).toBe(2);
      const NEVER_MS = 1_000_000;
      await transport.close(NEVER_MS);
    },
  );
});

/** Passes bytes on until it is frozen: then it keeps the connections and passes on nothing, as a vanished host does. */
async function relayTo(target: string): Promise<{ endpoint: string; freeze(): void }> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(new URL(target).port), '127.0.0.1');
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) sockets.add(socket.on('error', () => undefined));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    freeze: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}
