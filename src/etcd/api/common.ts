import {
  clusterIDOf,
  memberIDOf,
  unsafeBrand,
  type ClusterID,
  type MemberID,
  type RaftIndex,
  type RaftTerm,
  type Result,
  type Revision,
} from '../../base/index.js';
import type { CallResult } from '../errors.js';
import type * as Header from '../wire/generated/header.js';
import type * as MVCC from '../wire/generated/mvcc.js';

/**
 * Who answered, and where it stood. What a server leaves out is `0`: the revision in answers about members, and the
 * whole header in 3.4's answers about alarms.
 */
export interface ResponseHeader {
  readonly clusterID: ClusterID;
  readonly memberID: MemberID;
  readonly revision: Revision;
  readonly raftTerm: RaftTerm;
}

/** An answer that says nothing but that it was done. */
export interface Acknowledged {
  readonly header: ResponseHeader;
}

export const revisionOf = (value: bigint): Revision => unsafeBrand<Revision>(value);
export const raftTermOf = (value: bigint): RaftTerm => unsafeBrand<RaftTerm>(value);
export const raftIndexOf = (value: bigint): RaftIndex => unsafeBrand<RaftIndex>(value);

export function headerOf(header: Header.ResponseHeader | undefined): ResponseHeader {
  return {
    clusterID: clusterIDOf(header?.clusterId ?? 0n),
    memberID: memberIDOf(header?.memberId ?? 0n),
    revision: revisionOf(header?.revision ?? 0n),
    raftTerm: raftTermOf(header?.raftTerm ?? 0n),
  };
}

export const acknowledged = (answer: {
  readonly header: Header.ResponseHeader | undefined;
}): Acknowledged => ({ header: headerOf(answer.header) });

export const bigintOfMemberID = (id: MemberID): bigint => BigInt(`0x${id}`);

/** Applies `shape` to the value of a call that succeeded. */
export const mapCall = <A, B>(result: CallResult<A>, shape: (value: A) => B): CallResult<B> =>
  result.ok ? { ok: true, value: shape(result.value) } : (result as Result<never, never>);

/** A key or a value: text is taken as UTF-8. */
export type Bytes = string | Uint8Array;

const decoder = new TextDecoder();

/** Text from Node's pool: an array of its own for each key costs more than all else about it. */
export const bytesOf = (bytes: Bytes): Uint8Array =>
  typeof bytes === 'string' ? Buffer.from(bytes) : bytes;

/** A key or value as text; bytes that are no UTF-8 become U+FFFD. */
export const textOf = (bytes: Uint8Array): string => decoder.decode(bytes);

/** One key, every key with a prefix (the empty one: all keys), or `from` up to but without `to` (absent: to the end). */
export type KeyRange =
  Bytes | { readonly prefix: Bytes } | { readonly from: Bytes; readonly to?: Bytes | undefined };

const NONE = new Uint8Array(0);
/** As a key: before every other. As the end of a range: after every other. */
const ZERO = new Uint8Array([0]);

export function keyRangeOf(range: KeyRange): {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
} {
  if (typeof range === 'string' || range instanceof Uint8Array) {
    return { key: bytesOf(range), rangeEnd: NONE };
  }
  if ('prefix' in range) {
    const prefix = bytesOf(range.prefix);
    return prefix.length === 0
      ? { key: ZERO, rangeEnd: ZERO }
      : { key: prefix, rangeEnd: prefixEnd(prefix) };
  }
  const from = bytesOf(range.from);
  const to = range.to === undefined ? ZERO : bytesOf(range.to);
  return { key: from.length === 0 ? ZERO : from, rangeEnd: to };
}

/** The first key after all keys with this prefix: its last byte that is not 0xff counted up, the rest cut off. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  for (let index = prefix.length - 1; index >= 0; index--) {
    const byte = prefix[index] ?? 0xff;
    if (byte < 0xff) {
      // A copy: `slice` of a Buffer is a view, and would change the prefix itself.
      const end = Uint8Array.from(prefix.subarray(0, index + 1));
      end[index] = byte + 1;
      return end;
    }
  }
  return ZERO;
}

/** A key as it was at one revision. `key` and `value` are views into the answer they came with. */
export interface KeyValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
  readonly createRevision: Revision;
  readonly modRevision: Revision;
  /** 1 at creation, one more with each put. */
  readonly version: bigint;
  /** 0: none. */
  readonly leaseID: bigint;
}

export const keyValueOf = (kv: MVCC.KeyValue): KeyValue => ({
  key: kv.key,
  value: kv.value,
  createRevision: revisionOf(kv.createRevision),
  modRevision: revisionOf(kv.modRevision),
  version: kv.version,
  leaseID: kv.lease,
});
