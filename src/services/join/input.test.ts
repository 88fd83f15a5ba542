import { describe, expect, test } from 'vitest';
import type { JoinWords } from '../../core/bootstrap/index.js';
import { readInput } from './input.js';

const words = (more: Partial<JoinWords> = {}): JoinWords => ({
  name: 'm1',
  discovery: 'http://10.0.0.9:8087/abc',
  discoveryToken: undefined,
  discoveryEndpoints: undefined,
  listenPeer: 'http://10.0.0.1:2380',
  listenClient: 'http://10.0.0.1:2379',
  dataDir: undefined,
  version: '3.6',
  sizeExceeded: 'gateway',
  ...more,
});

const faults = (more: Partial<JoinWords>) => {
  const read = readInput(words(more));
  return read.ok ? [] : read.error.map(({ code, summary }) => `${code}: ${summary}`);
};

describe('what was typed', () => {
  test('is read whole', () => {
    expect(readInput(words())).toEqual({
      ok: true,
      value: {
        name: 'm1',
        place: { protocol: 'v2', url: 'http://10.0.0.9:8087/abc' },
        said: { peerURL: 'http://10.0.0.1:2380', clientURL: 'http://10.0.0.1:2379' },
        dataDir: 'm1.etcd',
        version: '3.6',
        sizeExceeded: 'gateway',
      },
    });
  });

  test('may leave out where and from where', () => {
    const bare = readInput(
      words({ discovery: undefined, listenPeer: undefined, listenClient: undefined }),
    );
    expect(bare).toMatchObject({ ok: true, value: { place: undefined, said: undefined } });
  });

  test('a token comes with the etcd that keeps it', () => {
    const token = {
      discovery: undefined,
      discoveryToken: 'abc',
      discoveryEndpoints: 'http://e:2379, http://f:2379',
    };
    expect(readInput(words(token))).toMatchObject({
      value: {
        place: { protocol: 'v3', token: 'abc', endpoints: ['http://e:2379', 'http://f:2379'] },
      },
    });
  });

  test('every fault is told at once', () => {
    expect(
      faults({
        name: '-',
        discovery: 'http://10.0.0.9:8087/abc/',
        listenPeer: 'https://10.0.0.1:2380',
        listenClient: 'http://0.0.0.0:2379',
        version: '2.3',
        sizeExceeded: 'gatewy',
      }).map((fault) => fault.split(' cannot be ')[0]),
    ).toEqual([
      'join-bad-value: --name',
      'join-bad-value: --discovery',
      'join-needs-tls: --listen-peer uses TLS, and this host has no certificates: https://10.0.0.1:2380',
      'join-bad-value: --listen-client',
      'join-bad-value: --version',
      'join-bad-value: --size-exceeded',
    ]);
  });

  test.each([
    ['both protocols', { discoveryToken: 'abc' }, 'exclude each other'],
    ['half a token', { discovery: undefined, discoveryToken: 'abc' }, 'belong together'],
    ['one address', { listenPeer: undefined }, 'belong together'],
    ['the same address twice', { listenPeer: 'http://10.0.0.1:2379' }, 'are one address'],
    ['a URL without a port', { listenPeer: 'http://10.0.0.1' }, '--listen-peer cannot be'],
    ['a socket', { listenClient: 'unix://sock:1' }, '--listen-client cannot be'],
  ] as const)('%s is refused', (_what, more, text) => {
    expect(faults(more)).toEqual([expect.stringContaining(text)]);
  });
});
