import { expect, test } from 'vitest';
import { marginOf, quorumOf } from './quorum.js';

test.each([
  [1, 1],
  [2, 2],
  [3, 2],
  [4, 3],
  [5, 3],
  [6, 4],
  [7, 4],
])('%i voters need %i', (voters, quorum) => {
  expect(quorumOf(voters)).toBe(quorum);
});

test('two quorums of the same voters always share one voter', () => {
  for (let n = 1; n <= 7; n++) expect(2 * quorumOf(n)).toBeGreaterThan(n);
});

test('margin is what may still fail', () => {
  for (let n = 1; n <= 7; n++) {
    for (let healthy = 0; healthy <= n; healthy++) {
      const margin = marginOf(n, healthy);
      // The slow way: fail one voter after the other until fewer than a quorum are left.
      let left = healthy;
      let failures = 0;
      while (left >= quorumOf(n)) {
        left--;
        failures++;
      }
      expect(margin >= 0 ? margin : -1).toBe(failures - 1);
    }
  }
});
