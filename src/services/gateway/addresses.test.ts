import { describe, expect, test } from 'vitest';
import { listenText, parseBackends, parseListenAddress } from './addresses.js';

describe('an address to listen on', () => {
  test.each([
    ['127.0.0.1:23790', { kind: 'tcp', host: '127.0.0.1', port: 23790 }],
    ['[::1]:0', { kind: 'tcp', host: '::1', port: 0 }],
    ['gateway.internal:2379', { kind: 'tcp', host: 'gateway.internal', port: 2379 }],
    [':2379', { kind: 'tcp', host: '', port: 2379 }],
    ['unix:/run/etcd.sock', { kind: 'unix', path: '/run/etcd.sock' }],
    ['unix:///run/etcd.sock', { kind: 'unix', path: '/run/etcd.sock' }],
  ] as const)('%s', (text, address) => {
    expect(parseListenAddress(text)).toEqual({ ok: true, value: address });
  });

  test.each([
    '2379',
    '127.0.0.1',
    '::1:2379',
    '127.0.0.1:70000',
    'http://127.0.0.1:2379',
    'unix:',
    '',
  ])('%s is none', (text) => {
    expect(parseListenAddress(text)).toMatchObject({
      ok: false,
      error: { code: 'gateway-bad-address' },
    });
  });

  test('is told as it would be typed', () => {
    for (const text of ['127.0.0.1:23790', '[::1]:1', 'unix:/run/etcd.sock']) {
      const parsed = parseListenAddress(text);
      expect(parsed.ok && listenText(parsed.value)).toBe(text);
    }
  });
});

test('endpoints are read as the client reads them; one that cannot be read is the problem', () => {
  const parsed = parseBackends(['10.0.0.1:2379', 'https://b:2379', '10.0.0.1:2379'], false);
  expect(parsed.ok && parsed.value.map(({ url }) => url)).toEqual([
    'http://10.0.0.1:2379',
    'https://b:2379',
  ]);
  expect(parseBackends(['10.0.0.1:2379', 'b'], true)).toMatchObject({
    ok: false,
    error: { code: 'gateway-bad-endpoint', data: { endpoint: 'b' } },
  });
});
