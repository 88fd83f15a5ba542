import { createServer, type AddressInfo, type Server } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { createClient, type EtcdClient, type EtcdClientOptions } from './index.js';
import {
  answer,
  answerRaw,
  putAnswer,
  rangeAnswer,
  refuse,
  startFakeServer,
  type FakeServer,
} from './testing/fake-server.js';
import { frameOf } from './transport/frames.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

async function fake(handle: Parameters<typeof startFakeServer>[0]): Promise<FakeServer> {
  const server = await startFakeServer(handle);
  cleanups.push(() => server.close());
  return server;
}

function clientOf(
  endpoints: readonly string[],
  options: Omit<EtcdClientOptions, 'endpoints'> = {},
): EtcdClient {
  const client = createClient({ endpoints, balancer: 'pin-first', ...options });
  cleanups.push(() => client.close(0));
  return client;
}

/** A TCP port on which `serve` decides what happens to a connection. */
async function tcp(serve: Parameters<typeof createServer>[1]): Promise<string> {
  const server: Server = createServer(serve);
  const open = new Set<{ destroy(): void }>();
  server.on('connection', (socket) => open.add(socket.on('error', () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of open) socket.destroy();
    await closed;
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closedPort(): Promise<string> {
  const endpoint = await tcp(() => undefined);
  await cleanups.pop()?.();
  return endpoint;
}

const good = () =>
  fake(({ stream, path }) => answer(stream, path.endsWith('Put') ? putAnswer() : rangeAnswer('k')));
const mute = () => fake(() => undefined);

describe('an answer', () => {
  test('of a put carries its header', async () => {
    const server = await good();
    const put = await clientOf([server.endpoint]).kv.put('k', 'v');
    expect(put).toEqual({
      ok: true,
      value: {
        header: { clusterID: '1', memberID: '2', revision: 3n, raftTerm: 4n },
        previous: undefined,
      },
    });
    expect(server.calls[0]?.headers).toMatchObject({
      ':method': 'POST',
      'content-type': 'application/grpc',
      te: 'trailers',
      hasleader: 'true',
    });
  });

  test('that refuses gives the reason, the code and the text', async () => {
    const server = await fake(({ stream }) => refuse(stream, 14, 'etcdserver: unhealthy cluster'));
    const added = await clientOf([server.endpoint]).cluster.memberAdd({
      peerURLs: ['http://127.0.0.1:1'],
      isLearner: true,
    });
    expect(added).toMatchObject({
      ok: false,
      error: { kind: 'refused', reason: 'unhealthy-cluster', code: 14, endpoint: server.endpoint },
    });
  });

  test('with its status in trailers after no message is read the same', async () => {
    const server = await fake(({ stream }) => {
      answerRaw(stream, new Uint8Array(0), {
        'grpc-status': '5',
        'grpc-message': 'caf%C3%A9 100%',
      });
    });
    const put = await clientOf([server.endpoint]).kv.put('k', 'v');
    expect(put).toMatchObject({
      error: { kind: 'refused', reason: 'other', message: 'caf%C3%A9 100%' },
    });
  });

  test('“timed out” of the server itself is unknown and not sent again', async () => {
    const [first, second] = [
      await fake(({ stream }) => refuse(stream, 14, 'etcdserver: request timed out')),
      await good(),
    ];
    const put = await clientOf([first.endpoint, second.endpoint]).kv.put('k', 'v');
    expect(put).toMatchObject({ error: { kind: 'unknown', why: 'server-timeout' } });
    expect(second.calls).toHaveLength(0);
  });

  test('“no leader” did nothing, so another member is asked, even for a write', async () => {
    const [first, second] = [
      await fake(({ stream }) => refuse(stream, 14, 'etcdserver: no leader')),
      await good(),
    ];
    const put = await clientOf([first.endpoint, second.endpoint]).kv.put('k', 'v');
    expect(put.ok).toBe(true);
  });
});

describe('a garbage answer', () => {
  const noise = Buffer.from('<html>503</html>');
  const cases: Readonly<Record<string, (stream: Parameters<typeof answer>[0]) => void>> = {
    'stops inside a message': (stream) => answerRaw(stream, frameOf(putAnswer()).subarray(0, 9)),
    'has a length prefix that is too short': (stream) => {
      const frame = frameOf(putAnswer());
      frame[4] = 2;
      answerRaw(stream, frame);
    },
    'has no message': (stream) => answerRaw(stream, new Uint8Array(0)),
    'has two messages': (stream) => {
      answerRaw(stream, Buffer.concat([frameOf(putAnswer()), frameOf(putAnswer())]));
    },
    'is no protobuf': (stream) => answerRaw(stream, frameOf(noise)),
    'is compressed': (stream) => answerRaw(stream, Buffer.from([1, 0, 0, 0, 0])),
    'ends without a status': (stream) => answerRaw(stream, frameOf(putAnswer()), {}),
    'has a status that is no number': (stream) => {
      answerRaw(stream, frameOf(putAnswer()), { 'grpc-status': 'fine' });
    },
    'is a web page': (stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.end(noise);
    },
    'is an HTTP error': (stream) => {
      stream.respond({ ':status': 503, 'content-type': 'application/grpc' }, { endStream: true });
    },
  };

  test.each(Object.entries(cases))('that %s leaves a put unknown', async (_name, reply) => {
    const server = await fake(({ stream }) => reply(stream));
    const put = await clientOf([server.endpoint]).kv.put('k', 'v');
    expect(put).toMatchObject({ ok: false, error: { kind: 'unknown', why: 'bad-answer' } });
    expect(server.calls).toHaveLength(1);
  });

  test('that announces 4 GiB is cut off without waiting for them', async () => {
    const server = await fake(({ stream }) => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
      stream.write(Buffer.from([0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3]));
    });
    const read = await clientOf([server.endpoint]).kv.get('k');
    expect(read).toMatchObject({ error: { kind: 'unknown', why: 'answer-too-large' } });
  });

  test('of one member does not keep a read from the next one', async () => {
    const [first, second] = [await fake(({ stream }) => answerRaw(stream, noise)), await good()];
    const read = await clientOf([first.endpoint, second.endpoint]).kv.get('k');
    expect(read).toMatchObject({ ok: true, value: { modRevision: 2n } });
  });
});

describe('no answer', () => {
  test('to a put ends at its deadline, unknown, and it is not sent to anyone else', async () => {
    const [silent, other] = [await mute(), await good()];
    const put = await clientOf([silent.endpoint, other.endpoint]).kv.put('k', 'v', {
      deadlineMs: 150,
    });
    expect(put).toMatchObject({
      error: { kind: 'unknown', why: 'deadline', endpoint: silent.endpoint },
    });
    expect([silent.calls.length, other.calls.length]).toEqual([1, 0]);
  });

  test('to a read sends it to the next member within the same deadline', async () => {
    const [silent, other] = [await mute(), await good()];
    const client = clientOf([silent.endpoint, other.endpoint]);
    const read = await client.kv.get('k', { deadlineMs: 2_000 });
    expect(read.ok).toBe(true);
    expect([silent.calls.length, other.calls.length]).toEqual([1, 1]);
    await client.kv.get('k');
    expect(silent.calls).toHaveLength(1);
  });

  test('for a whole deadline makes the next call dial again', async () => {
    const server = await fake(({ stream }, count) => {
      if (count > 1) answer(stream, putAnswer());
    });
    const client = clientOf([server.endpoint]);
    const first = await client.kv.put('k', 'v', { deadlineMs: 100 });
    const second = await client.kv.put('k', 'v');
    expect([first.ok, second.ok]).toEqual([false, true]);
    expect(server.connectionCount).toBe(2);
  });

  test('while the caller cancels is unknown; a call cancelled before is not sent', async () => {
    const cancelling = new AbortController();
    const server = await fake(() => cancelling.abort());
    const client = clientOf([server.endpoint]);
    const { signal } = cancelling;
    const put = await client.kv.put('k', 'v', { signal });
    expect(put).toMatchObject({ error: { kind: 'unknown', why: 'cancelled' } });
    const later = await client.kv.put('k', 'v', { signal });
    expect(later).toMatchObject({ error: { kind: 'not-sent', why: 'cancelled' } });
    expect(server.calls).toHaveLength(1);
  });
});

describe('a call is certainly not sent', () => {
  test('when nothing listens', async () => {
    const put = await clientOf([await closedPort()]).kv.put('k', 'v');
    expect(put).toMatchObject({ error: { kind: 'not-sent', why: 'connection-refused' } });
  });

  test('when TCP is accepted and nothing follows, as by a frozen etcd or one without a leader', async () => {
    const frozen = await tcp(() => undefined);
    const put = await clientOf([frozen]).kv.put('k', 'v', { deadlineMs: 150 });
    expect(put).toMatchObject({ error: { kind: 'not-sent', why: 'connect-timeout' } });
  });

  test('when the connection is closed before it is ready', async () => {
    const closing = await tcp((socket) => socket.end());
    const put = await clientOf([closing]).kv.put('k', 'v');
    expect(put).toMatchObject({ error: { kind: 'not-sent' } });
  });

  test('when something else than HTTP/2 listens', async () => {
    const web = await tcp((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
    const put = await clientOf([web]).kv.put('k', 'v');
    expect(put).toMatchObject({ error: { kind: 'not-sent', why: 'not-http2' } });
  });

  test('when the host name does not resolve', async () => {
    const put = await clientOf(['http://nowhere.invalid:2379']).kv.put('k', 'v');
    expect(put).toMatchObject({ error: { kind: 'not-sent', why: 'name-unknown' } });
  });

  test('when there is no endpoint, or none that can be read', async () => {
    const none = await clientOf([]).kv.get('k');
    expect(none).toMatchObject({ error: { kind: 'not-sent', why: 'no-endpoint' } });
    const bad = await clientOf(['ftp://x', 'http://h']).kv.get('k');
    expect(bad).toMatchObject({
      error: {
        kind: 'not-sent',
        why: 'bad-endpoint',
        endpoint: 'ftp://x',
        tried: [{ endpoint: 'http://h' }],
      },
    });
    const pinned = await clientOf([]).kv.get('k', { endpoint: 'http://h' });
    expect(pinned).toMatchObject({ error: { why: 'bad-endpoint', endpoint: 'http://h' } });
  });

  test('when the server refuses the stream, and another member takes it', async () => {
    const REFUSED_STREAM = 7;
    const [first, second] = [
      await fake(({ stream }) => stream.close(REFUSED_STREAM)),
      await good(),
    ];
    const put = await clientOf([first.endpoint, second.endpoint]).kv.put('k', 'v');
    expect(put.ok).toBe(true);
    expect([first.calls.length, second.calls.length]).toEqual([1, 1]);
  });

  test('when GOAWAY says that it was not looked at, and another member takes it', async () => {
    const [first, second] = [
      await fake(({ stream }, count) => {
        const { session, id = 0 } = stream;
        if (count === 1) {
          answer(stream, putAnswer());
          return;
        }
        // The stream before this one is the last that was looked at.
        session?.goaway(0, id - 2);
        session?.ping(() => session.destroy());
      }),
      await good(),
    ];
    const client = clientOf([first.endpoint, second.endpoint]);
    await client.kv.put('k', 'v');
    const put = await client.kv.put('k', 'v');
    expect(put.ok).toBe(true);
    expect([first.calls.length, second.calls.length]).toEqual([2, 1]);
  });

  test('to every endpoint, and the error names each', async () => {
    const [one, two] = [await closedPort(), await closedPort()];
    const put = await clientOf([one, two]).kv.put('k', 'v');
    expect(put).toMatchObject({
      error: { kind: 'not-sent', endpoint: one, tried: [{ endpoint: two }] },
    });
  });
});

describe('a lost connection', () => {
  test('leaves the put that was under way unknown, and it is not sent again', async () => {
    const [first, second] = [await fake(({ stream }) => stream.session?.destroy()), await good()];
    const put = await clientOf([first.endpoint, second.endpoint]).kv.put('k', 'v');
    expect(put).toMatchObject({ error: { kind: 'unknown', why: 'connection-lost' } });
    expect(second.calls).toHaveLength(0);
  });

  test('after a GOAWAY that counts the put as taken is unknown too', async () => {
    const server = await fake(({ stream }) => {
      const { session } = stream;
      session?.goaway(11, stream.id ?? 0, Buffer.from('too_many_pings'));
      session?.ping(() => session.destroy());
    });
    const put = await clientOf([server.endpoint]).kv.put('k', 'v');
    expect(put).toMatchObject({ error: { kind: 'unknown', why: 'connection-lost' } });
    if (put.ok) return;
    expect(put.error.message).toContain('too_many_pings');
  });

  test('is dialled again by the next call; calls share one connection as long as it lives', async () => {
    const server = await good();
    const client = clientOf([server.endpoint]);
    await Promise.all([client.kv.get('a'), client.kv.get('b'), client.kv.put('c', 'v')]);
    expect(server.connectionCount).toBe(1);
    const lost = new Promise<void>((resolve) => {
      for (const session of server.sessions) session.once('close', resolve);
    });
    for (const session of server.sessions) session.destroy();
    await lost;
    await expect.poll(() => client.connections().get(server.endpoint)).toBe('idle');
    expect((await client.kv.get('a')).ok).toBe(true);
    expect(server.connectionCount).toBe(2);
  });

  test('after a graceful GOAWAY lets the call under way finish and the next one dial', async () => {
    const server = await fake(({ stream }, count) => {
      if (count > 1) {
        answer(stream, putAnswer());
        return;
      }
      const { session } = stream;
      session?.goaway(0, 2 ** 31 - 1);
      session?.ping(() => answer(stream, putAnswer()));
    });
    const client = clientOf([server.endpoint]);
    expect((await client.kv.put('k', 'v')).ok).toBe(true);
    expect((await client.kv.put('k', 'v')).ok).toBe(true);
    expect(server.connectionCount).toBe(2);
  });
});

describe('endpoints', () => {
  test('the first that answers is kept until it fails', async () => {
    const [one, two] = [await good(), await good()];
    const dead = await closedPort();
    const client = clientOf([dead, one.endpoint, two.endpoint]);
    for (let count = 0; count < 3; count++) await client.kv.get('k');
    expect([one.calls.length, two.calls.length]).toEqual([3, 0]);
    await one.close();
    expect((await client.kv.get('k')).ok).toBe(true);
    expect(two.calls).toHaveLength(1);
  });

  test('a call can name its own, which need not be one of the list', async () => {
    const [one, two] = [await good(), await good()];
    const client = clientOf([one.endpoint]);
    await client.kv.get('k', { endpoint: two.endpoint });
    expect([one.calls.length, two.calls.length]).toEqual([0, 1]);
    await client.kv.get('k', { endpoint: await closedPort() });
    expect([one.calls.length, two.calls.length]).toEqual([0, 1]);
  });

  test('can be replaced; the connection to one that left is closed', async () => {
    const [one, two] = [await good(), await good()];
    const client = clientOf([one.endpoint]);
    await client.kv.get('k');
    client.setEndpoints([two.endpoint]);
    await client.kv.get('k');
    expect([one.calls.length, two.calls.length]).toEqual([1, 1]);
    expect([...client.connections().keys()]).toEqual([two.endpoint]);
    await expect.poll(() => one.sessions.size).toBe(0);
  });
});

describe('closing', () => {
  test('lets calls under way finish and takes no more', async () => {
    let finish: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const server = await fake(({ stream }) => {
      finish();
      stream.session?.ping(() => answer(stream, putAnswer()));
    });
    const client = clientOf([server.endpoint]);
    const put = client.kv.put('k', 'v');
    await arrived;
    await client.close();
    expect((await put).ok).toBe(true);
    const later = await client.kv.put('k', 'v');
    expect(later).toMatchObject({ error: { kind: 'not-sent', why: 'closed' } });
  });

  test('cuts calls that outlast the grace, as unknown', async () => {
    let arrive: () => void = () => undefined;
    const arrived = new Promise<void>((resolve) => {
      arrive = resolve;
    });
    const server = await fake(() => arrive());
    const client = clientOf([server.endpoint]);
    const put = client.kv.put('k', 'v');
    await arrived;
    await client.close(20);
    expect(await put).toMatchObject({ error: { kind: 'unknown', why: 'connection-lost' } });
  });

  test('ends a dial under way', async () => {
    const frozen = await tcp(() => undefined);
    const client = clientOf([frozen], { limits: { connectTimeoutMs: 60_000 } });
    const put = client.kv.put('k', 'v', { deadlineMs: 60_000 });
    await expect.poll(() => client.connections().get(frozen)).toBe('connecting');
    await client.close(0);
    expect(await put).toMatchObject({ error: { kind: 'not-sent', why: 'closed' } });
  });
});

test('a request above the limit is not sent', async () => {
  const server = await good();
  const client = clientOf([server.endpoint], { limits: { requestBytesMax: 100 } });
  const put = await client.kv.put('k', 'v'.repeat(200));
  expect(put).toMatchObject({ error: { kind: 'not-sent', why: 'request-too-large' } });
  expect(server.calls).toHaveLength(0);
});

describe('an endpoint with a name', () => {
  test('is looked up at each dial: who moves with its name is found, and nothing is set anew', async () => {
    const before = await good();
    const port = Number(new URL(before.endpoint).port);
    const after = await startFakeServer(
      ({ stream }) => answer(stream, rangeAnswer('k')),
      {},
      { host: '127.0.0.2', port },
    );
    cleanups.push(() => after.close());
    let address = '127.0.0.1';
    const asked: string[] = [];
    const client = clientOf([`http://m2.example.com:${port}`], {
      addressOf: (host) => {
        asked.push(host);
        return address;
      },
    });
    expect((await client.kv.get('k')).ok).toBe(true);
    address = '127.0.0.2';
    // The connection that is there goes on; only who dials asks.
    expect((await client.kv.get('k')).ok).toBe(true);
    expect(after.calls).toHaveLength(0);
    await before.close();
    await expect.poll(async () => (await client.kv.get('k')).ok).toBe(true);
    expect(after.calls.length).toBeGreaterThan(0);
    expect(new Set(asked)).toEqual(new Set(['m2.example.com']));
  });

  test('that its owner does not know is left to this machine', async () => {
    const server = await good();
    const client = clientOf([server.endpoint.replace('127.0.0.1', 'localhost')], {
      addressOf: () => undefined,
    });
    expect((await client.kv.get('k')).ok).toBe(true);
  });
});
