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

function cacheOf(bytesMax: number): TokenCache {
  const cache = new TokenCache(bytesMax);
  cache.begin(0n);
  return cache;
}

const versionIn = (cache: TokenCache, token: string) => cache.get(token)?.kept?.version;

test('a token that was read earlier and arrives later does not take the place of a newer one', () => {
  const cache = cacheOf(100_000);
  cache.keep('a', sightOf('a', 7n));
  cache.keep('a', sightOf('a', 5n));
  expect(versionIn(cache, 'a')).toBe(7n);
  cache.keep('a', sightOf('a', 9n));
  expect(versionIn(cache, 'a')).toBe(9n);
});

test('those that were kept longest make room, also for one that is large', () => {
  const cache = cacheOf(10_000);
  for (const token of ['a', 'b', 'c']) cache.keep(token, sightOf(token, 1n));
  cache.keep('a', sightOf('a', 2n));
  cache.keep('large', sightOf('large', 3n, ['x'.repeat(3_000)]));
  expect(['a', 'b', 'c', 'large'].map((token) => versionIn(cache, token))).toEqual([
    2n,
    undefined,
    undefined,
    3n,
  ]);
  cache.keep('larger', sightOf('larger', 4n, ['x'.repeat(9_000)]));
  for (const token of ['a', 'c', 'large', 'larger'])
    expect(versionIn(cache, token)).toBeUndefined();
  cache.keep('b', sightOf('b', 5n));
  expect(versionIn(cache, 'b')).toBe(5n);
});

test('what is gone, or used over v3 past its record, is not kept', () => {
  const cache = cacheOf(100_000);
  cache.keep('a', sightOf('a', 1n));
  cache.keep('a', { ...sightOf('a', 2n), kept: undefined });
  expect(cache.get('a')).toBeUndefined();
  const [member] = sightOf('a', 3n, ['x=http://x:2380']).registrations;
  const registrations = member === undefined ? [] : [member];
  cache.keep('a', { ...sightOf('a', 3n), v3: { size: '3', registrations } });
  expect(cache.get('a')).toBeUndefined();
});

test('nothing is kept while nobody is told what changes, nor what was seen before that began', () => {
  const cache = new TokenCache(100_000);
  cache.keep('a', sightOf('a', 5n));
  expect(cache.get('a')).toBeUndefined();
  cache.begin(6n);
  cache.keep('a', sightOf('a', 5n));
  expect(cache.get('a')).toBeUndefined();
  // The same token, seen again later: whatever comes after that is told.
  cache.keep('a', { ...sightOf('a', 5n), index: 6n });
  expect(versionIn(cache, 'a')).toBe(5n);
  cache.end();
  expect(cache.get('a')).toBeUndefined();
});

test('what was read before a token was forgotten is not taken in again: it may be older than what was told', () => {
  const cache = cacheOf(100_000);
  cache.keep('a', sightOf('a', 8n));
  cache.forget('a');
  cache.keep('a', sightOf('a', 7n));
  expect(cache.get('a')).toBeUndefined();
  cache.keep('a', sightOf('a', 8n));
  expect(versionIn(cache, 'a')).toBe(8n);
  cache.gone('a', 12n);
  cache.keep('a', { ...sightOf('a', 8n), index: 11n });
  expect(cache.get('a')).toBeUndefined();
});

test('the same when it had to make room', () => {
  const cache = cacheOf(3_000);
  cache.keep('a', sightOf('a', 8n));
  for (const [token, at] of [
    ['b', 9n],
    ['c', 10n],
  ] as const) {
    cache.keep(token, sightOf(token, at));
  }
  expect(cache.get('a')).toBeUndefined();
  cache.keep('a', sightOf('a', 7n));
  expect(cache.get('a')).toBeUndefined();
});
