import { describe, expect, test } from 'vitest';
import { WAL_HEAD_BYTES, logIdentityOf, oldestLogFile } from './wal.js';

/** A varint field, protobuf key first. */
const varint = (field: number, value: bigint): number[] => {
  const bytes = [field << 3];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 0x80n; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return [...bytes, Number(rest)];
};
const bytes = (field: number, value: number[]): number[] => [
  (field << 3) | 2,
  value.length,
  ...value,
];

/** A bytes field of zeros, longer than one byte of length can say. */
const bytesLong = (field: number, length: number): number[] => [
  (field << 3) | 2,
  (length & 0x7f) | 0x80,
  length >> 7,
  ...Array.from({ length }, () => 0),
];

/** A record as etcd frames it: 8 bytes of length, padded to a multiple of 8. */
function frame(message: number[]): Buffer {
  const padding = (8 - (message.length % 8)) % 8;
  const header = Buffer.alloc(8);
  const topByte = padding === 0 ? 0 : 0x80 | padding;
  header.writeBigUInt64LE((BigInt(topByte) << 56n) | BigInt(message.length));
  return Buffer.concat([header, Buffer.from(message), Buffer.alloc(padding)]);
}
const crc = frame([...varint(1, 4n), ...varint(2, 0n)]);
const metadata = (nodeID: bigint, clusterID: bigint): Buffer =>
  frame([
    ...varint(1, 1n),
    ...varint(2, 123456n),
    ...bytes(3, [...varint(1, nodeID), ...varint(2, clusterID)]),
  ]);

describe('the identity in a write-ahead log', () => {
  const identityIn = (...parts: Buffer[]) => logIdentityOf(Buffer.concat(parts));

  test('is read with all 64 bits', () => {
    const rest = Buffer.alloc(1000);
    expect(identityIn(crc, metadata(0xffffffffffffffffn, 0x0f2fbc505168a321n), rest)).toEqual({
      memberID: 'ffffffffffffffff',
      clusterID: 'f2fbc505168a321',
    });
  });

  test.each([
    ['an empty file', []],
    ['zeros, as preallocated and never written', [Buffer.alloc(4096)]],
    ['half a length', [crc.subarray(0, 5)]],
    ['no metadata after the checksum', [crc]],
    ['metadata cut short', [crc, metadata(1n, 2n).subarray(0, 12)]],
    ['metadata without the checksum', [metadata(1n, 2n)]],
    ['another record where the metadata belongs', [crc, crc]],
    ['ids of zero', [crc, metadata(0n, 0n)]],
    ['a length beyond reason', [Buffer.from('ffffffffffffff7f', 'hex'), Buffer.alloc(64)]],
    ['text', [Buffer.from('this is a letter and no log at all, however long it may be')]],
  ])('is not found in %s', (_what, parts) => {
    expect(identityIn(...parts)).toBeUndefined();
  });

  test('is found in so many bytes, and in a slice of a larger buffer', () => {
    const longest = frame([...varint(1, 4n), ...bytesLong(3, 4090)]);
    const file = Buffer.concat([Buffer.alloc(3), longest, metadata(7n, 8n), Buffer.alloc(99)]);
    expect(logIdentityOf(file.subarray(3, 3 + WAL_HEAD_BYTES))).toEqual({
      memberID: '7',
      clusterID: '8',
    });
  });
});

test('the oldest file of a log is the one with the lowest sequence, whatever else lies there', () => {
  const files = ['0000000000000001-000000000000a0b1.wal', '0000000000000000-0000000000000000.wal'];
  expect(oldestLogFile(['0.tmp', ...files, 'x.wal'])).toBe(files[1]);
  expect(oldestLogFile(['0.tmp'])).toBeUndefined();
});
