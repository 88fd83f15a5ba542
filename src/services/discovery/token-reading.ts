import {
  type KeyValue,
  type TxnOperation,
  type TxnOperationAnswer,
  textOf,
} from '../../etcd/index.js';
import { parseRecord, sightOfKept } from './record.js';
import { SEALED_INDEX, type Sealer, looksSealed, unwritten } from './sealed-token.js';
import { SEALING_KEY, tokenKey, v3Members, v3Size } from './store-keys.js';
import type { KeptToken, Registration, TokenSight } from './store.js';

/** More than any token has: a directory of somebody else's making is not read whole. */
const REGISTRATIONS_READ_MAX = 64;
/** Of one token: its record, and what the v3 protocol has of it. */
export const READS_OF_ONE = 3;

const list = (prefix: string): TxnOperation => ({
  kind: 'range',
  range: { prefix },
  limit: REGISTRATIONS_READ_MAX,
  sort: { by: 'createRevision', order: 'ascending' },
});

/** Of each `READS_OF_ONE`, and last the key. */
export const readingOf = (tokens: readonly string[]): readonly TxnOperation[] => [
  ...tokens.flatMap((token): readonly TxnOperation[] => [
    { kind: 'range', range: tokenKey(token) },
    { kind: 'range', range: v3Size(token) },
    list(v3Members(token)),
  ]),
  { kind: 'range', range: SEALING_KEY },
];

export function sightOf(
  token: string,
  index: bigint,
  answers: readonly TxnOperationAnswer[],
  sealer: Sealer | undefined,
): TokenSight {
  const kvsAt = (at: number): readonly KeyValue[] => {
    const answer = answers[at];
    return answer?.kind === 'range' ? answer.kvs : [];
  };
  const [kv] = kvsAt(0);
  const [size] = kvsAt(1);
  const fromName = sealer === undefined ? undefined : unwritten(token, sealer);
  const kept = kv === undefined ? fromName : keptOf(token, kv);
  const v3 = {
    size: size === undefined ? undefined : textOf(size.value),
    registrations: kvsAt(2).map((each) => v3RegistrationOf(token, each)),
  };
  return kept === undefined ? { index, kept, registrations: [], v3 } : sightOfKept(index, kept, v3);
}

export function keptOf(token: string, kv: KeyValue): KeptToken | undefined {
  const version = kv.modRevision;
  const record = parseRecord(token, textOf(kv.value), version);
  const createdIndex = looksSealed(token) ? SEALED_INDEX : kv.createRevision;
  return record === undefined ? undefined : { record, createdIndex, version };
}

function v3RegistrationOf(token: string, kv: KeyValue): Registration {
  const key = textOf(kv.key);
  return {
    token,
    id: key.slice(key.lastIndexOf('/') + 1),
    value: textOf(kv.value),
    createdIndex: kv.createRevision,
    ...(kv.version > 1n ? { againIndex: kv.modRevision } : {}),
  };
}
