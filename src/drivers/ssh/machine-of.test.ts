import { expect, test } from 'vitest';
import { machineOf } from './machine-of.js';

const program = (machine: number, endian: 1 | 2 = 1): Uint8Array => {
  const head = Buffer.alloc(64);
  head.write('\x7fELF', 0, 'latin1');
  head[5] = endian;
  if (endian === 1) head.writeUInt16LE(machine, 18);
  else head.writeUInt16BE(machine, 18);
  return head;
};

test.each([
  [62, 1, 'x86_64'],
  [183, 1, 'aarch64'],
  [22, 2, 's390x'],
  [9999, 1, undefined],
] as const)('a program for machine %i (%i) is for %s', (machine, endian, word) => {
  expect(machineOf(program(machine, endian))).toBe(word);
});

test('what is no program says nothing', () => {
  expect(machineOf(Buffer.from('#!/bin/sh\n'))).toBeUndefined();
  expect(machineOf(Buffer.alloc(0))).toBeUndefined();
});
