import { expect, test } from 'vitest';
import { memberIDOf } from '../../base/index.js';
import { bigintOfMemberID, keyRangeOf, prefixEnd, textOf } from './common.js';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
const range = (given: Parameters<typeof keyRangeOf>[0]) => {
  const { key, rangeEnd } = keyRangeOf(given);
  return [hex(key), hex(rangeEnd)];
};

test('the end of a prefix is the first key after all keys that have it', () => {
  const end = (...bytes: number[]) => hex(prefixEnd(new Uint8Array(bytes)));
  expect(end(0x61)).toBe('62');
  expect(end(0x61, 0xff)).toBe('62');
  expect(end(0x61, 0xff, 0xff)).toBe('62');
  expect(end(0x61, 0x00)).toBe('6101');
  expect(end(0xff, 0xff)).toBe('00');
});

test('ranges become a key and an end', () => {
  expect(range('a')).toEqual(['61', '']);
  expect(range(new Uint8Array([0]))).toEqual(['00', '']);
  expect(range({ prefix: 'a' })).toEqual(['61', '62']);
  const given = Buffer.from('a');
  expect(range({ prefix: given })).toEqual(['61', '62']);
  expect(given.toString()).toBe('a');
  expect(range({ prefix: '' })).toEqual(['00', '00']);
  expect(range({ from: 'a', to: 'c' })).toEqual(['61', '63']);
  expect(range({ from: 'a' })).toEqual(['61', '00']);
  expect(range({ from: '' })).toEqual(['00', '00']);
});

test('member ids of 64 bits come through unchanged', () => {
  for (const id of [0n, 1n, 0xf2fbc505168a321n, 12189531127621292784n, 2n ** 64n - 1n]) {
    expect(bigintOfMemberID(memberIDOf(id))).toBe(id);
  }
});

test('text is UTF-8', () => {
  expect(textOf(Buffer.from('schön'))).toBe('schön');
});
