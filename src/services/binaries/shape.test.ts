import { expect, test } from 'vitest';
import { hasShape } from './shape.js';

const SHAPE = {
  name: ['etcd', 'etcdctl'],
  sha256: /^[0-9a-f]{4}$/,
  sizeBytes: 'number',
  gitSha: 'text?',
} as const;
const good = { name: 'etcd', sha256: 'beef', sizeBytes: 7 };

test('a whole record is taken, whatever else stands in it', () => {
  expect(hasShape({ ...good, gitSha: 'abc', more: true }, SHAPE)).toBe(true);
  expect(hasShape(good, SHAPE)).toBe(true);
});

test.each([
  [{ ...good, name: 'bash' }],
  [{ ...good, sha256: 'beef!' }],
  [{ ...good, sizeBytes: '7' }],
  [{ ...good, gitSha: 1 }],
  [{ name: 'etcd' }],
  ['text'],
  [null],
  [undefined],
])('%j is none', (value) => {
  expect(hasShape(value, SHAPE)).toBe(false);
});
