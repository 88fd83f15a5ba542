import { describe, expect, test } from 'vitest';
import { err, ok, systemClock, type Clock, type Result } from '../../base/index.js';
import { authenticateWith } from '../api/auth.js';
import { Balancer } from '../balancers/balancer.js';
import { parseEndpoint, type Endpoint } from '../endpoints.js';
import { rpcs, type Rpc } from '../rpcs.js';
import type { Attempt, AttemptFailure, Transport } from '../transport/transport.js';
import { AuthenticateResponse } from '../wire/generated/auth.js';
import { Caller } from './caller.js';
import type { Codec } from './codec.js';
import { TokenSource } from './tokens.js';

type Reply = (attempt: Attempt) => Result<Uint8Array, AttemptFailure>;

const endpoints = ['http://a:1', 'http://b:1', 'http://c:1'].flatMap((text): Endpoint[] => {
  const parsed = parseEndpoint(text, false);
  return parsed.ok ? [parsed.value] : [];
});

/** A caller whose transport answers as `reply` says; `asked` are the attempts it got. */
function callerWith(
  reply: Reply,
  parts: { clock?: Clock; withLogin?: boolean; onNewTerm?: () => void } = {},
) {
  const asked: Attempt[] = [];
  const transport: Transport = {
    unary: async (attempt) => {
      asked.push(attempt);
      await Promise.resolve();
      return reply(attempt);
    },
    stream: () => Promise.reject(new Error('no stream here')),
    connect: () => Promise.resolve(ok(undefined)),
    states: () => new Map(),
    keepOnly: () => undefined,
    close: () => Promise.resolve(),
  };
  const { clock = systemClock } = parts;
  const balancer = new Balancer({ name: 'pin-first', transport, clock });
  balancer.replace(endpoints);
  const caller = new Caller({
    transport,
    balancer,
    onUse: () => undefined,
    onNewTerm: parts.onNewTerm ?? (() => undefined),
    clock,
    hasTLS: false,
    connectTimeoutMs: 2_000,
    login:
      parts.withLogin === true
        ? {
            tokens: new TokenSource(),
            authenticate: authenticateWith({ username: 'u', password: 'p' }),
          }
        : undefined,
  });
  const hosts = () => asked.map(({ endpoint }) => endpoint.host).join('');
  return { caller, asked, hosts };
}

const codec = (): Promise<Codec<null, string>> =>
  Promise.resolve({
    encode: () => new Uint8Array(0),
    decode: (bytes) => Buffer.from(bytes).toString(),
  });

const answered = ok(Buffer.from('answer'));
const status = (code: number, message: string) => err({ kind: 'status', code, message } as const);
const notSent = err({ kind: 'not-sent', why: 'connection-refused', message: 'refused' } as const);
const deadline = err({ kind: 'unknown', why: 'deadline', message: 'silence' } as const);
const lost = err({ kind: 'unknown', why: 'connection-lost', message: 'lost' } as const);

const REPEATABLE = [
  'range',
  'rangeSerializable',
  'memberList',
  'memberListLinearizable',
  'status',
  'hash',
  'hashKV',
  'alarmList',
  'downgradeValidate',
  'watch',
  'leaseKeepAlive',
  'leaseTimeToLive',
  'leaseList',
  'authenticate',
  'authStatus',
  'userGet',
  'userList',
  'roleGet',
  'roleList',
];

describe.each(Object.entries(rpcs))('%s', (name, rpc: Rpc) => {
  const isRepeatable = REPEATABLE.includes(name);

  test('is marked as it must be', () => {
    expect(rpc.repeatable).toBe(isRepeatable);
    expect(rpc.path).toMatch(
      /^\/etcdserverpb\.(KV|Cluster|Maintenance|Lease|Auth|Watch)\/[A-Z]\w+$/,
    );
    expect(rpc.deadlineMs).toBeGreaterThan(0);
  });

  test.each([
    ['without an answer', deadline],
    ['on a lost connection', lost],
    ['that the server gave up on', status(14, 'etcdserver: request timed out')],
    ['with an answer that says nothing', status(2, 'something new')],
  ])(`${isRepeatable ? 'goes on to the others' : 'is never sent again'} %s`, async (_, failure) => {
    const { caller, hosts } = callerWith(() => failure);
    const result = await caller.unary(rpc, codec, null);
    expect(result).toMatchObject({ ok: false, error: { kind: 'unknown' } });
    expect(hosts()).toBe(isRepeatable ? 'abc' : 'a');
  });

  test('that was not sent goes on to the others', async () => {
    const { caller, hosts } = callerWith(({ endpoint }) =>
      endpoint.host === 'c' ? answered : notSent,
    );
    expect(await caller.unary(rpc, codec, null)).toEqual(ok('answer'));
    expect(hosts()).toBe('abc');
  });

  test('that was refused is not asked elsewhere', async () => {
    const { caller, hosts } = callerWith(() => status(9, 'etcdserver: Peer URLs already exists'));
    const result = await caller.unary(rpc, codec, null);
    expect(result).toMatchObject({ error: { kind: 'refused', reason: 'peer-urls-exist' } });
    expect(hosts()).toBe('a');
  });
});

describe('the error of several tries', () => {
  test('is what says most: a refusal before silence before no connection', async () => {
    const replies = { a: notSent, b: status(14, 'etcdserver: no leader'), c: deadline };
    const { caller } = callerWith(({ endpoint }) => replies[endpoint.host as 'a' | 'b' | 'c']);
    expect(await caller.unary(rpcs.range, codec, null)).toMatchObject({
      error: {
        kind: 'refused',
        reason: 'no-leader',
        endpoint: 'http://b:1',
        tried: [{ endpoint: 'http://a:1' }, { endpoint: 'http://c:1' }],
      },
    });
  });

  test('of a write keeps what came before the end of the matter', async () => {
    const { caller } = callerWith(({ endpoint }) => (endpoint.host === 'a' ? notSent : deadline));
    expect(await caller.unary(rpcs.put, codec, null)).toMatchObject({
      error: { kind: 'unknown', endpoint: 'http://b:1', tried: [{ endpoint: 'http://a:1' }] },
    });
  });
});

describe('time', () => {
  /** A clock that stands still but for what the transport uses up. */
  function stoppedClock() {
    let nowMs = 1_000;
    const clock: Clock = { ...systemClock, monotonicMs: () => nowMs };
    return { clock, pass: (ms: number) => (nowMs += ms) };
  }

  test('of a read is shared among the endpoints that are left', async () => {
    const { clock, pass } = stoppedClock();
    const { caller, asked } = callerWith(
      ({ deadlineMs }) => {
        pass(deadlineMs);
        return deadline;
      },
      { clock },
    );
    await caller.unary(rpcs.range, codec, null, { deadlineMs: 900 });
    expect(asked.map(({ deadlineMs }) => deadlineMs)).toEqual([300, 300, 300]);
  });

  test('of a write is all for the answer; only its connecting is shared', async () => {
    const { clock, pass } = stoppedClock();
    const { caller, asked } = callerWith(
      ({ connectMs, endpoint }) => {
        pass(connectMs);
        return endpoint.host === 'b' ? deadline : notSent;
      },
      { clock },
    );
    await caller.unary(rpcs.put, codec, null, { deadlineMs: 900 });
    expect(asked.map(({ connectMs, deadlineMs }) => [connectMs, deadlineMs])).toEqual([
      [300, 900],
      [300, 600],
    ]);
  });

  test('that has run out ends the tries', async () => {
    const { clock, pass } = stoppedClock();
    const { caller, hosts } = callerWith(
      () => {
        pass(5_000);
        return notSent;
      },
      { clock },
    );
    await caller.unary(rpcs.put, codec, null, { deadlineMs: 900 });
    expect(hosts()).toBe('a');
  });
});

describe('a login', () => {
  const tokenAnswer = (token: string) =>
    ok(AuthenticateResponse.encode({ header: undefined, token }).finish());
  const isLogin = ({ path }: Attempt) => path === rpcs.authenticate.path;
  const tokens = (asked: readonly Attempt[]) =>
    asked.map((attempt) => (isLogin(attempt) ? 'login' : (attempt.metadata['token'] ?? '-')));

  test('comes before the first call, once for many', async () => {
    const { caller, asked } = callerWith(
      (attempt) => (isLogin(attempt) ? tokenAnswer('t1') : answered),
      { withLogin: true },
    );
    await Promise.all([1, 2, 3].map(() => caller.unary(rpcs.put, codec, null)));
    await caller.unary(rpcs.range, codec, null);
    expect(tokens(asked)).toEqual(['login', 't1', 't1', 't1', 't1']);
  });

  test('is repeated once when the token was refused, and then the write is sent', async () => {
    let logins = 0;
    const { caller, asked } = callerWith(
      (attempt) => {
        if (isLogin(attempt)) return tokenAnswer(`t${++logins}`);
        const isOld = attempt.metadata['token'] === 't1';
        return isOld ? status(16, 'etcdserver: invalid auth token') : answered;
      },
      { withLogin: true },
    );
    expect(await caller.unary(rpcs.put, codec, null)).toEqual(ok('answer'));
    expect(tokens(asked)).toEqual(['login', 't1', 'login', 't2']);
  });

  test('is not repeated for ever', async () => {
    const { caller, asked } = callerWith(
      (attempt) =>
        isLogin(attempt) ? tokenAnswer('t') : status(16, 'etcdserver: invalid auth token'),
      { withLogin: true },
    );
    const result = await caller.unary(rpcs.put, codec, null);
    expect(result).toMatchObject({ error: { kind: 'refused', reason: 'invalid-auth-token' } });
    expect(tokens(asked)).toEqual(['login', 't', 'login', 't']);
  });

  test('that is refused refuses the call', async () => {
    const text = 'etcdserver: authentication failed, invalid user ID or password';
    const { caller, asked } = callerWith(() => status(3, text), { withLogin: true });
    const result = await caller.unary(rpcs.put, codec, null);
    expect(result).toMatchObject({ error: { kind: 'refused', reason: 'auth-failed' } });
    expect(tokens(asked)).toEqual(['login']);
  });

  test('without an answer leaves the call not sent, and the next member is asked', async () => {
    const { caller, asked } = callerWith(
      (attempt) => {
        if (attempt.endpoint.host === 'a') return deadline;
        return isLogin(attempt) ? tokenAnswer('t') : answered;
      },
      { withLogin: true },
    );
    expect(await caller.unary(rpcs.put, codec, null)).toEqual(ok('answer'));
    expect(tokens(asked)).toEqual(['login', 'login', 't']);
  });

  test('that a cluster without users declines is not tried again', async () => {
    const { caller, asked } = callerWith(
      (attempt) =>
        isLogin(attempt) ? status(9, 'etcdserver: authentication is not enabled') : answered,
      { withLogin: true },
    );
    await caller.unary(rpcs.put, codec, null);
    await caller.unary(rpcs.put, codec, null);
    expect(tokens(asked)).toEqual(['login', '-', '-']);
  });

  test('comes after all when users were switched on later', async () => {
    let hasUsers = false;
    const { caller, asked } = callerWith(
      (attempt) => {
        if (isLogin(attempt)) {
          return hasUsers
            ? tokenAnswer('t')
            : status(9, 'etcdserver: authentication is not enabled');
        }
        const isNameless = attempt.metadata['token'] === undefined;
        return hasUsers && isNameless ? status(3, 'etcdserver: user name is empty') : answered;
      },
      { withLogin: true },
    );
    await caller.unary(rpcs.put, codec, null);
    hasUsers = true;
    expect(await caller.unary(rpcs.put, codec, null)).toEqual(ok('answer'));
    expect(tokens(asked)).toEqual(['login', '-', '-', 'login', 't']);
  });
});

test('an answer from a later term than any before is told, once, and not by a call that names its endpoint', async () => {
  let told = 0;
  const { caller } = callerWith(() => answered, { onNewTerm: () => told++ });
  const ask = async (raftTerm: bigint, endpoint?: string) => {
    const from = (): Promise<Codec<null, object>> =>
      Promise.resolve({
        encode: () => new Uint8Array(0),
        decode: () => ({ header: { raftTerm } }),
      });
    await caller.unary(rpcs.put, from, null, { endpoint });
    return told;
  };
  expect(await ask(2n)).toBe(1);
  expect(await ask(2n)).toBe(1);
  expect(await ask(9n, 'http://a:1')).toBe(1);
  expect(await ask(3n)).toBe(2);
  expect(await ask(2n)).toBe(2);
  await caller.unary(rpcs.put, codec, null);
  expect(told).toBe(2);
});
