import { Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { virtualClock } from '../../base/testing/virtual-clock.js';
import type { Backend } from './backend.js';
import { dialFirst } from './dial.js';

const backend = (host: string): Backend => ({
  url: `http://${host}:2379`,
  host,
  port: 2379,
  secure: false,
});
const ALL = ['a', 'b', 'c'].map(backend);

/** Dials a, b, c in this order; each socket does only what the test says. */
function dial(goodCount = ALL.length) {
  const clock = virtualClock();
  const sockets = new Map<string, Socket>();
  const failures: string[] = [];
  const { result, cancel } = dialFirst(ALL, goodCount, {
    clock,
    limits: { dialTimeoutMs: 2_000, dialNextAfterMs: 250 },
    connect: ({ host }) => {
      const socket = new Socket();
      sockets.set(host, socket);
      return socket;
    },
    onFailure: ({ host }, because) => failures.push(`${host}: ${because}`),
  });
  const socketOf = (host: string): Socket => {
    const socket = sockets.get(host);
    if (socket === undefined) throw new Error(`${host} was not dialled`);
    return socket;
  };
  const fail = (host: string, code: string) =>
    socketOf(host).emit('error', Object.assign(new Error(code), { code }));
  return { clock, sockets, failures, result, cancel, socketOf, fail };
}

describe('dialling', () => {
  test('the first that accepts is taken and nobody else is dialled', async () => {
    const { clock, sockets, result, socketOf } = dial();
    socketOf('a').emit('connect');
    expect(await result).toMatchObject({ backend: { host: 'a' } });
    await clock.run({ untilMs: 5_000 });
    expect([...sockets.keys()]).toEqual(['a']);
  });

  test('one that refuses is passed over at once, and told', async () => {
    const { result, failures, fail, socketOf } = dial();
    fail('a', 'ECONNREFUSED');
    socketOf('b').emit('connect');
    expect(await result).toMatchObject({ backend: { host: 'b' } });
    expect(failures).toEqual(['a: ECONNREFUSED']);
  });

  test('while the first is slow the next is dialled too, and the loser is closed', async () => {
    const { clock, result, socketOf, failures } = dial();
    await clock.run({ untilMs: 250 });
    socketOf('b').emit('connect');
    expect(await result).toMatchObject({ backend: { host: 'b' } });
    expect(socketOf('a').destroyed).toBe(true);
    expect(failures).toEqual([]);
  });

  test('one that is out is not dialled beside one that is in and slow, only after it', async () => {
    const { clock, sockets, result, socketOf, fail } = dial(1);
    await clock.run({ untilMs: 1_000 });
    expect([...sockets.keys()]).toEqual(['a']);
    fail('a', 'EHOSTUNREACH');
    socketOf('b').emit('connect');
    expect(await result).toMatchObject({ backend: { host: 'b' } });
  });

  test('nobody accepts: each gets its time and is told, then it is over', async () => {
    const { clock, result, failures } = dial();
    await clock.run({ untilMs: 2_500 });
    expect(await result).toBeUndefined();
    expect(failures).toHaveLength(3);
  });

  test('want of file descriptors here is not held against a backend', async () => {
    const { result, failures, fail } = dial();
    for (const host of ['a', 'b', 'c']) fail(host, 'EMFILE');
    expect(await result).toBeUndefined();
    expect(failures).toEqual([]);
  });

  test('when it is cancelled, what is being dialled is closed', async () => {
    const { clock, result, cancel, socketOf } = dial();
    await clock.run({ untilMs: 250 });
    cancel();
    expect(await result).toBeUndefined();
    expect([socketOf('a').destroyed, socketOf('b').destroyed]).toEqual([true, true]);
  });
});
