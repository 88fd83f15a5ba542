import { assertNever } from '../../base/index.js';
import type * as Wire from '../wire/generated/kv.js';
import {
  bytesOf,
  headerOf,
  keyRangeOf,
  type Bytes,
  type KeyRange,
  type ResponseHeader,
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

/** etcd takes at most 128 operations by default (`--max-txn-ops`). */
export interface Txn {
  readonly if?: readonly Comparison[] | undefined;
  readonly then?: readonly TxnOperation[] | undefined;
  readonly else?: readonly TxnOperation[] | undefined;
}

/** `on` one key, or on every key of a range. A key that does not exist has version and revisions 0. */
export type Comparison =
  | ComparisonOf<'version' | 'createRevision' | 'modRevision' | 'lease', bigint>
  | ComparisonOf<'value', Bytes>;

interface ComparisonOf<Target extends string, Operand> {
  readonly on: KeyRange;
  readonly compare: Target;
  readonly is: '=' | '!=' | '<' | '>';
  readonly to: Operand;
}

export type TxnOperation =
  | ({ readonly kind: 'range'; readonly range: KeyRange } & RangeOptions)
  | ({ readonly kind: 'put'; readonly key: Bytes; readonly value: Bytes } & PutOptions)
  | ({ readonly kind: 'delete'; readonly range: KeyRange } & DeleteOptions)
  | { readonly kind: 'txn'; readonly txn: Txn };

export interface TxnAnswer {
  readonly header: ResponseHeader;
  /** Whether every comparison held, so that `then` was done. */
  readonly succeeded: boolean;
  /** One for each operation that was done, in their order. */
  readonly answers: readonly TxnOperationAnswer[];
}

export type TxnOperationAnswer =
  | ({ readonly kind: 'range' } & RangeAnswer)
  | ({ readonly kind: 'put' } & PutAnswer)
  | ({ readonly kind: 'delete' } & DeleteAnswer)
  | ({ readonly kind: 'txn' } & TxnAnswer);

export const txnRequestOf = (txn: Txn): Wire.TxnRequest => ({
  compare: (txn.if ?? []).map(compareOf),
  success: (txn.then ?? []).map(operationOf),
  failure: (txn.else ?? []).map(operationOf),
});

export const txnAnswerOf = (answer: Wire.TxnResponse): TxnAnswer => ({
  header: headerOf(answer.header),
  succeeded: answer.succeeded,
  answers: answer.responses.flatMap(operationAnswerOf),
});

const RESULTS = { '=': 0, '>': 1, '<': 2, '!=': 3 } as const satisfies Readonly<
  Record<Comparison['is'], Wire.Compare_CompareResult>
>;

const TARGETS = {
  version: 0,
  createRevision: 1,
  modRevision: 2,
  value: 3,
  lease: 4,
} as const satisfies Readonly<Record<Comparison['compare'], Wire.Compare_CompareTarget>>;

function compareOf(comparison: Comparison): Wire.Compare {
  const { key, rangeEnd } = keyRangeOf(comparison.on);
  return {
    key,
    rangeEnd,
    result: RESULTS[comparison.is],
    target: TARGETS[comparison.compare],
    targetUnion: operandOf(comparison),
  };
}

function operandOf(comparison: Comparison): Wire.Compare['targetUnion'] {
  switch (comparison.compare) {
    case 'version':
      return { $case: 'version', version: comparison.to };
    case 'createRevision':
      return { $case: 'createRevision', createRevision: comparison.to };
    case 'modRevision':
      return { $case: 'modRevision', modRevision: comparison.to };
    case 'lease':
      return { $case: 'lease', lease: comparison.to };
    case 'value':
      return { $case: 'value', value: bytesOf(comparison.to) };
    default:
      return assertNever(comparison);
  }
}

function operationOf(operation: TxnOperation): Wire.RequestOp {
  switch (operation.kind) {
    case 'range': {
      const requestRange = rangeRequestOf(operation.range, operation);
      return { request: { $case: 'requestRange', requestRange } };
    }
    case 'put': {
      const requestPut = putRequestOf(operation.key, operation.value, operation);
      return { request: { $case: 'requestPut', requestPut } };
    }
    case 'delete': {
      const requestDeleteRange = deleteRequestOf(operation.range, operation);
      return { request: { $case: 'requestDeleteRange', requestDeleteRange } };
    }
    case 'txn':
      return { request: { $case: 'requestTxn', requestTxn: txnRequestOf(operation.txn) } };
    default:
      return assertNever(operation);
  }
}

/** None for a kind that a newer server may know and we do not; it answers only what we asked. */
function operationAnswerOf({ response }: Wire.ResponseOp): readonly TxnOperationAnswer[] {
  switch (response?.$case) {
    case 'responseRange':
      return [{ kind: 'range', ...rangeAnswerOf(response.responseRange) }];
    case 'responsePut':
      return [{ kind: 'put', ...putAnswerOf(response.responsePut) }];
    case 'responseDeleteRange':
      return [{ kind: 'delete', ...deleteAnswerOf(response.responseDeleteRange) }];
    case 'responseTxn':
      return [{ kind: 'txn', ...txnAnswerOf(response.responseTxn) }];
    case undefined:
      return [];
  }
}
