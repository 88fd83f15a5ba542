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

/** Reading and writing keys. Reads are linearizable unless they say `serializable`. */
export class KVAPI {
  readonly #caller: Caller;

  constructor(caller: Caller) {
    this.#caller = caller;
  }

  /** One key, or undefined when there is none. */
  async get(
    key: Bytes,
    options: CallOptions & Pick<RangeOptions, 'revision' | 'serializable'> = {},
  ): Promise<CallResult<KeyValue | undefined>> {
    return mapCall(await this.range(key, options), ({ kvs }) => kvs[0]);
  }

  async range(
    range: KeyRange,
    options: CallOptions & RangeOptions = {},
  ): Promise<CallResult<RangeAnswer>> {
    const rpc = options.serializable === true ? rpcs.rangeSerializable : rpcs.range;
    const request = rangeRequestOf(range, options);
    return mapCall(await this.#caller.unary(rpc, rangeCodec, request, options), rangeAnswerOf);
  }

  async put(
    key: Bytes,
    value: Bytes,
    options: CallOptions & PutOptions = {},
  ): Promise<CallResult<PutAnswer>> {
    const request = putRequestOf(key, value, options);
    return mapCall(await this.#caller.unary(rpcs.put, putCodec, request, options), putAnswerOf);
  }

  async deleteRange(
    range: KeyRange,
    options: CallOptions & DeleteOptions = {},
  ): Promise<CallResult<DeleteAnswer>> {
    const request = deleteRequestOf(range, options);
    const answer = await this.#caller.unary(rpcs.deleteRange, deleteCodec, request, options);
    return mapCall(answer, deleteAnswerOf);
  }

  /** All of it or nothing, at one revision: `then` when every comparison holds, else `else`. */
  async txn(txn: Txn, options?: CallOptions): Promise<CallResult<TxnAnswer>> {
    const answer = await this.#caller.unary(rpcs.txn, txnCodec, txnRequestOf(txn), options);
    return mapCall(answer, txnAnswerOf);
  }

  /** Forgets the history before `revision`. With `physical` it answers when the space is free inside the database. */
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
