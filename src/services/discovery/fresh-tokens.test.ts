import { expect, test } from 'vitest';
import { FreshTokens } from './fresh-tokens.js';

test('the last ones are remembered, and no more than was said', () => {
  const fresh = new FreshTokens(10);
  const names = Array.from({ length: 100 }, (_, at) => `t${at}`);
  for (const [at, name] of names.entries()) fresh.add(name, BigInt(at));
  const known = names.filter((name) => fresh.indexOf(name) !== undefined);
  expect(known.length).toBeGreaterThanOrEqual(5);
  expect(known.length).toBeLessThanOrEqual(10);
  expect(known).toEqual(names.slice(-known.length));
  expect(fresh.indexOf('t99')).toBe(99n);
});
