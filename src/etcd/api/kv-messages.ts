import type * as Wire from '../wire/generated/kv.js';
import {
  bytesOf,
  headerOf,
  keyRangeOf,
  keyValueOf,
  type Bytes,
  type KeyRange,
  type KeyValue,
  type ResponseHeader,
} from './common.js';

export interface RangeOptions {
  /** At most so many keys; the answer says whether there are more. */
  readonly limit?: number | undefined;
  /** The store as it was at this revision; the newest when absent. */
  readonly revision?: bigint | undefined;
  /** Answered by one member from its own data, which may be out of date. Works without a quorum. */
  readonly serializable?: boolean | undefined;
  readonly keysOnly?: boolean | undefined;
  readonly countOnly?: boolean | undefined;
  readonly sort?:
    | { readonly by: keyof typeof SORT_TARGETS; readonly order: 'ascending' | 'descending' }
    | undefined;
  /** Only keys whose last change lies in these revisions, both included. */
  readonly modRevision?: RevisionSpan | undefined;
  readonly createRevision?: RevisionSpan | undefined;
}

export interface RevisionSpan {
  readonly min?: bigint | undefined;
  readonly max?: bigint | undefined;
}

export interface RangeAnswer {
  readonly header: ResponseHeader;
  readonly kvs: readonly KeyValue[];
  /** Keys in the range, whatever the limit was. */
  readonly count: bigint;
  readonly hasMore: boolean;
}

export interface PutOptions {
  /** The key goes when this lease ends. */
  readonly leaseID?: bigint | undefined;
  /** Answer with what the key was before. */
  readonly wantPrevious?: boolean | undefined;
  /** Keep the value, change only the lease; the key must exist. */
  readonly keepValue?: boolean | undefined;
  readonly keepLease?: boolean | undefined;
}

export interface PutAnswer {
  readonly header: ResponseHeader;
  readonly previous: KeyValue | undefined;
}

export interface DeleteOptions {
  readonly wantPrevious?: boolean | undefined;
}

export interface DeleteAnswer {
  readonly header: ResponseHeader;
  readonly deletedCount: bigint;
  readonly previous: readonly KeyValue[];
}

const SORT_TARGETS = {
  key: 0,
  version: 1,
  createRevision: 2,
  modRevision: 3,
  value: 4,
} as const satisfies Readonly<Record<string, Wire.RangeRequest_SortTarget>>;

const SORT_ORDERS = { none: 0, ascending: 1, descending: 2 } as const satisfies Readonly<
  Record<string, Wire.RangeRequest_SortOrder>
>;

export function rangeRequestOf(range: KeyRange, options: RangeOptions): Wire.RangeRequest {
  const { key, rangeEnd } = keyRangeOf(range);
  return {
    key,
    rangeEnd,
    limit: options.limit === undefined ? 0n : BigInt(options.limit),
    revision: options.revision ?? 0n,
    serializable: options.serializable === true,
    keysOnly: options.keysOnly === true,
    countOnly: options.countOnly === true,
    sortOrder: SORT_ORDERS[options.sort?.order ?? 'none'],
    sortTarget: SORT_TARGETS[options.sort?.by ?? 'key'],
    minModRevision: options.modRevision?.min ?? 0n,
    maxModRevision: options.modRevision?.max ?? 0n,
    minCreateRevision: options.createRevision?.min ?? 0n,
    maxCreateRevision: options.createRevision?.max ?? 0n,
  };
}

export const rangeAnswerOf = ({ header, kvs, count, more }: Wire.RangeResponse): RangeAnswer => ({
  header: headerOf(header),
  kvs: kvs.map(keyValueOf),
  count,
  hasMore: more,
});

export const putRequestOf = (key: Bytes, value: Bytes, options: PutOptions): Wire.PutRequest => ({
  key: bytesOf(key),
  value: bytesOf(value),
  lease: options.leaseID ?? 0n,
  prevKv: options.wantPrevious === true,
  ignoreValue: options.keepValue === true,
  ignoreLease: options.keepLease === true,
});

export const putAnswerOf = ({ header, prevKv }: Wire.PutResponse): PutAnswer => ({
  header: headerOf(header),
  previous: prevKv === undefined ? undefined : keyValueOf(prevKv),
});

export const deleteRequestOf = (
  range: KeyRange,
  options: DeleteOptions,
): Wire.DeleteRangeRequest => ({
  ...keyRangeOf(range),
  prevKv: options.wantPrevious === true,
});

export const deleteAnswerOf = (answer: Wire.DeleteRangeResponse): DeleteAnswer => ({
  header: headerOf(answer.header),
  deletedCount: answer.deleted,
  previous: answer.prevKvs.map(keyValueOf),
});
