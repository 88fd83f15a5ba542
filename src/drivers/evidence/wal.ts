import { type ClusterID, type MemberID, clusterIDOf, memberIDOf } from '../../base/index.js';

/** Whose log it is, as the write-ahead log itself says. */
export interface LogIdentity {
  readonly memberID: MemberID;
  readonly clusterID: ClusterID;
}

/** `sequence-index.wal`, both 16 hex digits. */
const WAL_FILE = /^[0-9a-f]{16}-[0-9a-f]{16}\.wal$/;

/** The two records that open every file are a few dozen bytes each; anything longer is no write-ahead log. */
const RECORD_BYTES_MAX = 4096;
const HEADER_BYTES = 8;
/** As much of a file as its identity can take, with the padding between the two records. */
export const WAL_HEAD_BYTES = 2 * (HEADER_BYTES + RECORD_BYTES_MAX) + 7;
const CRC_RECORD = 4n;
const METADATA_RECORD = 1n;

/** The oldest file among the names in a log's directory; undefined when there is no log. */
export const oldestLogFile = (names: readonly string[]): string | undefined =>
  names.filter((name) => WAL_FILE.test(name)).sort()[0];

/**
 * The member and cluster that a write-ahead log belongs to, by the first bytes of its oldest file (`WAL_HEAD_BYTES` are
 * enough); undefined when it does not begin like one.
 * Every file begins with a checksum record and a metadata record. A record is an 8-byte little-endian length (56 bits
 * of size; the top byte holds the padding) and a protobuf message {1: type, 2: crc, 3: data}; the metadata's data is
 * {1: member id, 2: cluster id}. Seen so in 3.4 to 3.7.
 */
export function logIdentityOf(head: Uint8Array): LogIdentity | undefined {
  const first = recordAt(head, 0);
  if (first === undefined || first.type !== CRC_RECORD) return undefined;
  const second = recordAt(head, first.end);
  if (second === undefined || second.type !== METADATA_RECORD) return undefined;
  const metadata = parseMessage(second.data);
  const memberID = metadata?.get(1);
  const clusterID = metadata?.get(2);
  if (typeof memberID !== 'bigint' || typeof clusterID !== 'bigint') return undefined;
  // Zeros are what a disk leaves where nothing was written; no member and no cluster has that id.
  if (memberID === 0n || clusterID === 0n) return undefined;
  return { memberID: memberIDOf(memberID), clusterID: clusterIDOf(clusterID) };
}

interface WalRecord {
  readonly type: bigint;
  readonly data: Uint8Array;
  /** Where the next record begins. */
  readonly end: number;
}

function recordAt(bytes: Uint8Array, offset: number): WalRecord | undefined {
  const bodyAt = offset + HEADER_BYTES;
  if (bytes.length < bodyAt) return undefined;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(offset, true);
  const size = Number(length & 0xff_ffff_ffff_ffffn);
  const topByte = Number(length >> 56n);
  const padding = (topByte & 0x80) === 0 ? 0 : topByte & 0x7;
  if (size === 0 || size > RECORD_BYTES_MAX || bytes.length < bodyAt + size) return undefined;
  const message = parseMessage(bytes.subarray(bodyAt, bodyAt + size));
  const type = message?.get(1);
  const data = message?.get(3) ?? new Uint8Array();
  if (typeof type !== 'bigint' || typeof data === 'bigint') return undefined;
  return { type, data, end: bodyAt + size + padding };
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
