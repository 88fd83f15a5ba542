import { err, ok } from '../../base/index.js';
import { bytesOf, textOf, type Bytes } from '../api/common.js';
import { compare } from '../api/compare.js';
import type { KVAPI } from '../api/kv.js';
import type { TxnOperation } from '../api/txn.js';
import type { CallOptions } from '../calls/caller.js';
import type { CallResult, EtcdError } from '../errors.js';

/** The keys as one attempt of a transaction sees them; what it writes is seen by nobody until it is done. */
export interface View {
  /** The value, or undefined when there is no such key; what was written in this attempt is read back. */
  get(key: string): Promise<string | undefined>;
  put(key: string, value: Bytes): void;
  delete(key: string): void;
}

/** A read that failed, on its way through the user's function; never leaves this file. */
class ReadFailed extends Error {
  readonly error: EtcdError;
  constructor(error: EtcdError) {
    super(error.message);
    this.error = error;
  }
}

/**
 * Runs `body` on keys that nobody else changes meanwhile: when somebody did, it is run again on the new values. It
 * must therefore do nothing but read and write through its view. What it answers is the result. An error that it
 * throws comes out of this call, and nothing is written.
 */
export async function runSTM<T>(
  kv: KVAPI,
  body: (view: View) => Promise<T> | T,
  options: CallOptions = {},
): Promise<CallResult<T>> {
  for (;;) {
    const reads = new Map<
      string,
      { readonly value: string | undefined; readonly modRevision: bigint }
    >();
    const writes = new Map<string, Bytes | undefined>();
    const view: View = {
      get: async (key) => {
        if (writes.has(key)) {
          const written = writes.get(key);
          return written === undefined ? undefined : textOf(bytesOf(written));
        }
        const known = reads.get(key);
        if (known !== undefined) return known.value;
        const found = await kv.get(key, options);
        if (!found.ok) throw new ReadFailed(found.error);
        const value = found.value === undefined ? undefined : textOf(found.value.value);
        reads.set(key, { value, modRevision: found.value?.modRevision ?? 0n });
        return value;
      },
      put: (key, value) => void writes.set(key, value),
      delete: (key) => void writes.set(key, undefined),
    };
    let result: T;
    try {
      result = await body(view);
    } catch (error) {
      if (error instanceof ReadFailed) return err(error.error);
      throw error;
    }
    const done = await kv.txn(
      {
        if: [...reads].map(([key, { modRevision }]) => compare(key).modRevision('=', modRevision)),
        then: [...writes].map(([key, value]): TxnOperation =>
          value === undefined ? { kind: 'delete', range: key } : { kind: 'put', key, value },
        ),
      },
      options,
    );
    if (!done.ok) return done;
    if (done.value.succeeded) return ok(result);
  }
}
