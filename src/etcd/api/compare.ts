import type { Bytes, KeyRange } from './common.js';
import type { Comparison } from './txn.js';

type Is = Comparison['is'];

/** What a key is compared by; each takes a relation and an operand of its own type. */
export interface CompareBuilder {
  /** How often the key was put since its creation; 0: there is no such key. */
  version(is: Is, to: bigint): Comparison;
  createRevision(is: Is, to: bigint): Comparison;
  modRevision(is: Is, to: bigint): Comparison;
  /** 0: none. */
  lease(is: Is, to: bigint): Comparison;
  /** A key that does not exist equals no value, not even the empty one. */
  value(is: Is, to: Bytes): Comparison;
  exists(): Comparison;
  isMissing(): Comparison;
}

/**
 * A comparison for a transaction, written as one reads it.
 *
 * @example
 * await client.kv.txn({
 *   if: [compare('job').value('=', 'free'), compare('paused').isMissing()],
 *   then: [{ kind: 'put', key: 'job', value: 'mine' }],
 * });
 */
export const compare = (on: KeyRange): CompareBuilder => ({
  version: (is, to) => ({ on, compare: 'version', is, to }),
  createRevision: (is, to) => ({ on, compare: 'createRevision', is, to }),
  modRevision: (is, to) => ({ on, compare: 'modRevision', is, to }),
  lease: (is, to) => ({ on, compare: 'lease', is, to }),
  value: (is, to) => ({ on, compare: 'value', is, to }),
  exists: () => ({ on, compare: 'createRevision', is: '>', to: 0n }),
  isMissing: () => ({ on, compare: 'createRevision', is: '=', to: 0n }),
});
