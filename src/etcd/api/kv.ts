import type { Revision } from '../../base/index.js';
import type { Caller, CallOptions } from '../calls/caller.js';
import { lazyCodec } from '../calls/codec.js';
import type { CallResult } from '../errors.js';
import { rpcs } from '../rpcs.js';
import {
  acknowledged,
  mapCall,
  type Acknowledged,
  type Bytes,
  type KeyRange,
  type KeyValue,
} from './common.js';
import {
  deleteAnswerOf,
  deleteRequestOf,
  putAnswerOf,
  putRequestOf,
  rangeAnswerOf,
  rangeRequestOf,
  type DeleteAnswer,
  type DeleteOptions,
  type PutAnswer,
  type PutOptions,
  type RangeAnswer,
  type RangeOptions,
} from './kv-messages.js';
import { txnAnswerOf, txnRequestOf, type Txn, type TxnAnswer } from './txn.js';

/**
 * Reading and writing keys. Reads are linearizable unless they say `serializable`. Deadlines are in milliseconds and for
 * the whole call; every error is a value, and says whether a write certainly had no effect (`refused`, `not-sent`) or
 * may have been done (`unknown`).
 */
export class KVAPI {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /**
   * One key, or undefined when there is none.
   *
   * @example
   * const found = await client.kv.get('greeting', { deadlineMs: 500 });
   * if (found.ok && found.value !== undefined) console.log(textOf(found.value.value));
   */
  async get(
    key: Bytes,
    options: CallOptions & Pick<RangeOptions, 'revision' | 'serializable'> = {},
  ): Promise<CallResult<KeyValue | undefined>> {
    return mapCall(await this.range(key, options), ({ kvs }) => kvs[0]);
  }

  /**
   * The keys of a range. Refused with `compacted` or `future-revision` when `revision` is not to be had.
   *
   * @example
   * const jobs = await client.kv.range({ prefix: 'jobs/' }, { limit: 100, sort: { by: 'key', order: 'ascending' } });
   * if (jobs.ok) for (const { key } of jobs.value.kvs) console.log(textOf(key));
   */
  async range(
    range: KeyRange,
    options: CallOptions & RangeOptions = {},
  ): Promise<CallResult<RangeAnswer>> {
    const rpc = options.serializable === true ? rpcs.rangeSerializable : rpcs.range;
    const request = rangeRequestOf(range, options);
    return mapCall(await this.#caller.unary(rpc, rangeCodec, request, options), rangeAnswerOf);
  }

  /**
   * Writes one key. Refused with `lease-not-found`, `no-space` or `request-too-large` (1.5 MiB unless etcd is told
   * otherwise), among others; never sent twice.
   *
   * @example
   * const put = await client.kv.put('greeting', 'hello', { leaseID });
   * if (!put.ok && put.error.kind === 'unknown') console.warn('it may have been written');
   */
  async put(
    key: Bytes,
    value: Bytes,
    options: CallOptions & PutOptions = {},
  ): Promise<CallResult<PutAnswer>> {
    const request = putRequestOf(key, value, options);
    return mapCall(await this.#caller.unary(rpcs.put, putCodec, request, options), putAnswerOf);
  }

  /**
   * Deletes a key or a range; deleting nothing is no error.
   *
   * @example
   * const gone = await client.kv.deleteRange({ prefix: 'jobs/done/' });
   * if (gone.ok) console.log(`${gone.value.deletedCount} jobs forgotten`);
   */
  async deleteRange(
    range: KeyRange,
    options: CallOptions & DeleteOptions = {},
  ): Promise<CallResult<DeleteAnswer>> {
    const request = deleteRequestOf(range, options);
    const answer = await this.#caller.unary(rpcs.deleteRange, deleteCodec, request, options);
    return mapCall(answer, deleteAnswerOf);
  }

  /**
   * All of it or nothing, at one revision: `then` when every comparison holds, else `else`. Refused with
   * `too-many-operations` above etcd's limit (128 by default).
   *
   * @example
   * const taken = await client.kv.txn({
   *   if: [compare('lock').isMissing()],
   *   then: [{ kind: 'put', key: 'lock', value: 'me', leaseID }],
   * });
   * if (taken.ok && taken.value.succeeded) console.log('mine');
   */
  async txn(txn: Txn, options?: CallOptions): Promise<CallResult<TxnAnswer>> {
    const answer = await this.#caller.unary(rpcs.txn, txnCodec, txnRequestOf(txn), options);
    return mapCall(answer, txnAnswerOf);
  }

  /**
   * Forgets the history before `revision`. With `physical` it answers when the space is free inside the database.
   * Refused with `compacted` when that was done before.
   */
  async compact(
    revision: Revision,
    options: CallOptions & { readonly physical?: boolean } = {},
  ): Promise<CallResult<Acknowledged>> {
    const request = { revision, physical: options.physical === true };
    return mapCall(
      await this.#caller.unary(rpcs.compact, compactCodec, request, options),
      acknowledged,
    );
  }
}

const wire = () => import('../wire/generated/kv.js');
export const rangeCodec = lazyCodec(wire, 'RangeRequest', 'RangeResponse');
const putCodec = lazyCodec(wire, 'PutRequest', 'PutResponse');
const deleteCodec = lazyCodec(wire, 'DeleteRangeRequest', 'DeleteRangeResponse');
const txnCodec = lazyCodec(wire, 'TxnRequest', 'TxnResponse');
const compactCodec = lazyCodec(wire, 'CompactionRequest', 'CompactionResponse');
