import { type FileHandle, open } from 'node:fs/promises';
import { type ClusterID, type MemberID, clusterIDOf, memberIDOf } from '../../base/index.js';
import { readSlice } from './files.js';

/** Whose log it is, as the write-ahead log itself says. */
export interface LogIdentity {
  readonly memberID: MemberID;
  readonly clusterID: ClusterID;
}

/** `sequence-index.wal`, both 16 hex digits. */
export const WAL_FILE = /^[0-9a-f]{16}-[0-9a-f]{16}\.wal$/;

/** The two records that open every file are a few dozen bytes each; anything longer is no write-ahead log. */
const RECORD_BYTES_MAX = 4096;
const CRC_RECORD = 4n;
const METADATA_RECORD = 1n;

/**
 * The member and cluster that a write-ahead log belongs to, or undefined when the file does not begin like one.
 * Every file begins with a checksum record and a metadata record. A record is an 8-byte little-endian length (56 bits
 * of size; the top byte holds the padding) and a protobuf message {1: type, 2: crc, 3: data}; the metadata's data is
 * {1: member id, 2: cluster id}. Seen so in 3.4 to 3.7.
 */
export async function readLogIdentity(path: string): Promise<LogIdentity | undefined> {
  const file = await open(path, 'r');
  try {
    const first = await readRecord(file, 0);
    if (first === undefined || first.type !== CRC_RECORD) return undefined;
    const second = await readRecord(file, first.end);
    if (second === undefined || second.type !== METADATA_RECORD) return undefined;
    const metadata = parseMessage(second.data);
    const memberID = metadata?.get(1);
    const clusterID = metadata?.get(2);
    if (typeof memberID !== 'bigint' || typeof clusterID !== 'bigint') return undefined;
    // Zeros are what a disk leaves where nothing was written; no member and no cluster has that id.
    if (memberID === 0n || clusterID === 0n) return undefined;
    return { memberID: memberIDOf(memberID), clusterID: clusterIDOf(clusterID) };
  } finally {
    await file.close();
  }
}

interface WalRecord {
  readonly type: bigint;
  readonly data: Uint8Array;
  /** Where the next record begins. */
  readonly end: number;
}

async function readRecord(file: FileHandle, offset: number): Promise<WalRecord | undefined> {
  const header = await readSlice(file, offset, 8);
  if (header.length < 8) return undefined;
  const length = header.readBigUInt64LE();
  const size = Number(length & 0xff_ffff_ffff_ffffn);
  const topByte = Number(length >> 56n);
  const padding = (topByte & 0x80) === 0 ? 0 : topByte & 0x7;
  if (size === 0 || size > RECORD_BYTES_MAX) return undefined;
  const body = await readSlice(file, offset + 8, size);
  if (body.length < size) return undefined;
  const message = parseMessage(body);
  const type = message?.get(1);
  const data = message?.get(3) ?? new Uint8Array();
  if (typeof type !== 'bigint' || typeof data === 'bigint') return undefined;
  return { type, data, end: offset + 8 + size + padding };
}

/** Protobuf with varint and bytes fields only, which is all these two messages have. */
function parseMessage(bytes: Uint8Array): ReadonlyMap<number, bigint | Uint8Array> | undefined {
  const fields = new Map<number, bigint | Uint8Array>();
  let at = 0;
  const varint = (): bigint | undefined => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) return undefined;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    return undefined;
  };
  while (at < bytes.length) {
    const key = varint();
    const value = varint();
    if (key === undefined || value === undefined) return undefined;
    const field = Number(key >> 3n);
    switch (Number(key & 7n)) {
      case 0:
        fields.set(field, value);
        break;
      case 2: {
        const end = at + Number(value);
        if (end > bytes.length) return undefined;
        fields.set(field, bytes.subarray(at, end));
        at = end;
        break;
      }
      default:
        return undefined;
    }
  }
  return fields;
}
