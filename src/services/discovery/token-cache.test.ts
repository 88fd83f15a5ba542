import { expect, test } from 'vitest';
import type { TokenRecord, TokenSight } from './store.js';
import { TokenCache } from './token-cache.js';

const NO_V3 = { size: undefined, registrations: [] };

function sightOf(token: string, version: bigint, values: readonly string[] = []): TokenSight {
  const record: TokenRecord = {
    token,
    size: 3,
    protocols: ['v2'],
    path: `/${token}`,
    url: undefined,
    secretDigest: '',
    leaseID: undefined,
    members: [],
  };
  return {
    index: version,
    kept: { record, createdIndex: 1n, version },
    registrations: values.map((value, i) => ({ token, id: `${i}`, value, createdIndex: version })),
    v3: NO_V3,
  };
}

const versionIn = (cache: TokenCache, token: string) => cache.get(token)?.kept?.version;

test('a token that was read earlier and arrives later does not take the place of a newer one', () => {
  const cache = new TokenCache(100_000);
  cache.keep('a', sightOf('a', 7n));
  cache.keep('a', sightOf('a', 5n));
  expect(versionIn(cache, 'a')).toBe(7n);
  cache.keep('a', sightOf('a', 9n));
  expect(versionIn(cache, 'a')).toBe(9n);
});

test('the one that was kept longest makes room, also for one that is large', () => {
  const cache = new TokenCache(10_000);
  for (const token of ['a', 'b', 'c']) cache.keep(token, sightOf(token, 1n));
  cache.keep('a', sightOf('a', 2n));
  cache.keep('large', sightOf('large', 3n, ['x'.repeat(3_000)]));
  expect(['a', 'b', 'c', 'large'].map((token) => versionIn(cache, token))).toEqual([
    2n,
    undefined,
    1n,
    3n,
  ]);
  cache.keep('larger', sightOf('larger', 4n, ['x'.repeat(9_000)]));
  for (const token of ['a', 'c', 'large', 'larger'])
    expect(versionIn(cache, token)).toBeUndefined();
  cache.keep('b', sightOf('b', 5n));
  expect(versionIn(cache, 'b')).toBe(5n);
});

test('what is gone, or used over v3 past its record, is not kept', () => {
  const cache = new TokenCache(100_000);
  cache.keep('a', sightOf('a', 1n));
  cache.keep('a', { ...sightOf('a', 2n), kept: undefined });
  expect(cache.get('a')).toBeUndefined();
  const [member] = sightOf('a', 3n, ['x=http://x:2380']).registrations;
  const registrations = member === undefined ? [] : [member];
  cache.keep('a', { ...sightOf('a', 3n), v3: { size: '3', registrations } });
  expect(cache.get('a')).toBeUndefined();
});
