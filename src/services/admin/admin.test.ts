import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type Result, deadlineSignal, err, ok, systemClock } from '../../base/index.js';
import type { CallResult, EtcdError } from '../../etcd/index.js';
import { firstAnswer, oneAfterAnother } from './endpoints.js';
import { readClusterID, readMembers } from './members-json.js';
import { PEER_BODY_BYTES_MAX, createPeerProbe } from './peer.js';
import { ENDPOINTS_MAX, IDLE_MS_MAX, createUse } from './use.js';

const where = { message: 'test', endpoint: '', tried: [] };
const notSent: EtcdError = { kind: 'not-sent', why: 'connection-refused', ...where };
const lost: EtcdError = { kind: 'unknown', why: 'connection-lost', ...where };
const refusal = (reason: 'no-leader' | 'unhealthy-cluster'): EtcdError => ({
  kind: 'refused',
  reason,
  code: 14,
  ...where,
});

describe('the list on a peer port', () => {
  test('64-bit ids are kept to the last digit', () => {
    const body = '[{"id":12189531127621292784,"peerURLs":["http://a:1"],"name":"m1"}]';
    expect(readMembers(body)).toMatchObject([{ id: 'a929e9fa486f12f0' }]);
  });
  test('a name that looks like an id is left alone', () => {
    const name = '"id":18446744073709551615';
    const body = `[{"id": 1,"peerURLs":null,"name":${JSON.stringify(name)},"isLearner":true}]`;
    expect(readMembers(body)).toEqual([
      { id: '1', name, peerURLs: [], clientURLs: [], isLearner: true },
    ]);
  });
  test('no list yet', () => {
    expect(readMembers('null')).toEqual([]);
  });
  test.each(['', '{}', '[1]', '[{"id":-1}]', '[{"name":"m1"}]', '[{"id":1e30}]'])(
    'no list at all: %s',
    (body) => {
      expect(readMembers(body)).toBeUndefined();
    },
  );
  test('the cluster id as etcd writes it, and nothing else', () => {
    expect(readClusterID('0abc')).toBe('abc');
    expect(readClusterID('12345678901234567')).toBeUndefined();
    expect(readClusterID('nonsense')).toBeUndefined();
    expect(readClusterID(undefined)).toBeUndefined();
  });
});

describe('a peer port that', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });
  const asked = async (
    answer: Parameters<typeof createServer>[1],
    signal = deadlineSignal(5000),
    host = '127.0.0.1',
  ) => {
    const server = createServer(answer ?? (() => undefined));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const probe = createPeerProbe(undefined, (name) =>
      name === 'm1.example.invalid' ? '127.0.0.1' : undefined,
    );
    const { port } = server.address() as AddressInfo;
    const sight = await probe.ask(`http://${host}:${port}`, signal);
    probe.close();
    return sight;
  };

  test('answers', async () => {
    const sight = await asked((_request, response) => {
      response.setHeader('X-Etcd-Cluster-Id', 'c1').end('[]');
    });
    expect(sight).toEqual({ kind: 'answered', clusterID: 'c1', members: [] });
  });
  test('is named as the asker alone knows', async () => {
    const sight = await asked(
      (_request, response) => void response.setHeader('X-Etcd-Cluster-Id', 'c1').end('[]'),
      deadlineSignal(5000),
      'm1.example.invalid',
    );
    expect(sight.kind).toBe('answered');
  });
  test('is something else', async () => {
    const sight = await asked((_request, response) => void response.end('hello'));
    expect(sight).toMatchObject({ kind: 'silent', because: expect.stringContaining('no etcd') });
  });
  test('answers without end', async () => {
    const sight = await asked((_request, response) => {
      response.end('x'.repeat(PEER_BODY_BYTES_MAX + 1));
    });
    expect(sight).toMatchObject({ kind: 'silent', because: expect.stringContaining('more than') });
  });
  test('accepts and never answers', async () => {
    const sight = await asked(() => undefined, deadlineSignal(50));
    expect(sight).toMatchObject({ kind: 'silent', because: expect.stringContaining('in time') });
  });
  test('is no URL', async () => {
    expect(await createPeerProbe().ask('nonsense', deadlineSignal(50))).toMatchObject({
      kind: 'silent',
    });
  });
});

describe('a change', () => {
  const send = async (...ends: CallResult<string>[]) => {
    const asked: string[] = [];
    const end = await oneAfterAnother(['a', 'b', 'c'], (endpoint) => {
      asked.push(endpoint);
      return Promise.resolve(ends[asked.length - 1] ?? err(notSent));
    });
    return { asked: asked.join(''), end };
  };
  test('goes to the next only when the one before certainly did nothing', async () => {
    expect(await send(ok('done'))).toMatchObject({ asked: 'a', end: { value: 'done' } });
    expect(await send(err(notSent), ok('done'))).toMatchObject({ asked: 'ab' });
    expect(await send(err(refusal('no-leader')), ok('done'))).toMatchObject({ asked: 'ab' });
  });
  test('is never sent again when its end is unknown, nor when the cluster refused it', async () => {
    expect(await send(err(lost), ok('twice'))).toEqual({ asked: 'a', end: err(lost) });
    expect(await send(err(refusal('unhealthy-cluster')), ok('x'))).toMatchObject({ asked: 'a' });
  });
  test('without endpoints is not sent', async () => {
    expect(await oneAfterAnother([], () => Promise.resolve(ok(1)))).toBeUndefined();
  });
});

describe('a read', () => {
  const signal = new AbortController().signal;
  const read = (
    answers: Record<string, (inner: AbortSignal) => Promise<Result<string, EtcdError>>>,
  ) =>
    firstAnswer(Object.keys(answers), systemClock, signal, (endpoint, inner) =>
      (answers[endpoint] ?? (() => Promise.resolve(err(notSent))))(inner),
    );
  const untilAborted = (inner: AbortSignal) =>
    new Promise<Result<string, EtcdError>>((resolve) => {
      inner.addEventListener('abort', () => resolve(err(lost)), { once: true });
    });

  test('is asked of the next while the first hangs, and the first is then let go', async () => {
    let letGo = false;
    const a = async (inner: AbortSignal) => {
      const end = await untilAborted(inner);
      letGo = true;
      return end;
    };
    expect(await read({ a, b: () => Promise.resolve(ok('b')) })).toEqual(ok('b'));
    await Promise.resolve();
    expect(letGo).toBe(true);
  });
  test('does not wait for the hedge when the first fails', async () => {
    const order: string[] = [];
    const a = () => (order.push('a'), Promise.resolve(err(notSent)));
    const b = () => (order.push('b'), Promise.resolve(ok('b')));
    expect(await read({ a, b, c: untilAborted })).toEqual(ok('b'));
    expect(order).toEqual(['a', 'b']);
  });
  test('all fail: the first one’s reason', async () => {
    const failed = err(refusal('no-leader'));
    expect(
      await read({ a: () => Promise.resolve(failed), b: () => Promise.resolve(err(notSent)) }),
    ).toEqual(failed);
  });
  test('without endpoints there is none', async () => {
    expect(await read({})).toBeUndefined();
  });
});

describe('connections', () => {
  const world = () => {
    const kept: (readonly string[])[] = [];
    let nowMs = 0;
    const clock = { ...systemClock, monotonicMs: () => nowMs };
    const use = createUse(clock, (recent) => kept.push(recent));
    return { kept, use, pass: (ms: number) => (nowMs += ms) };
  };
  test('that nobody used for a while are dropped', () => {
    const { kept, use, pass } = world();
    use.of(['a', 'b']);
    pass(IDLE_MS_MAX - 1);
    use.of(['b']);
    expect(kept).toEqual([]);
    pass(1);
    use.of(['b']);
    expect(kept).toEqual([['b']]);
  });
  test('are bounded', () => {
    const { kept, use } = world();
    for (let i = 0; i <= ENDPOINTS_MAX; i++) use.of([`e${i}`]);
    expect(kept).toHaveLength(1);
    expect(kept[0]).toHaveLength(ENDPOINTS_MAX);
    expect(kept[0]).not.toContain('e0');
  });
});
