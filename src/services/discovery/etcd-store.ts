import { type Clock, type Problem, err, ok } from '../../base/index.js';
import {
  type CallResult,
  type Comparison,
  type EtcdClient,
  type EtcdError,
  type KeyValue,
  type TxnAnswer,
  type TxnOperation,
  compare,
  problemOfEtcdError,
  textOf,
} from '../../etcd/index.js';
import { discoveryStorageSilent } from './problems.js';
import { parseRecord, recordText } from './record.js';
import type {
  Change,
  DiscoveryStore,
  Follower,
  KeptToken,
  NewRegistration,
  Registration,
  TokenRecord,
  TokenSight,
} from './store.js';

const ROOT = '/quorate/discovery';
const MEMBERS = `${ROOT}/members/`;
const tokenKey = (token: string): string => `${ROOT}/tokens/${token}`;
const membersOf = (token: string): string => `${MEMBERS}${token}/`;

/** Where etcd itself looks over the v3 protocol (etcd-facts 14.4). */
const v3Root = (token: string): string => `/_etcd/registry/${token}/`;
const v3Size = (token: string): string => `${v3Root(token)}_config/size`;
const v3Members = (token: string): string => `${v3Root(token)}members/`;

/** More than any token has: a directory of somebody else's making is not read whole. */
const REGISTRATIONS_READ_MAX = 64;
/** Between two tries to follow a store that refuses. */
const FOLLOW_PAUSE_MS = 1_000;

export interface EtcdStoreOptions {
  readonly client: Pick<EtcdClient, 'kv' | 'lease' | 'watch'>;
  readonly clock: Clock;
  /** For one call. */
  readonly deadlineMs: number;
}

/** Tokens in a real etcd. Its revisions are the indexes of the v2 protocol. */
export function createEtcdStore({ client, clock, deadlineMs }: EtcdStoreOptions): DiscoveryStore {
  const txn = (
    conditions: readonly Comparison[],
    then: readonly TxnOperation[],
  ): Promise<CallResult<TxnAnswer>> => client.kv.txn({ if: conditions, then }, { deadlineMs });

  const changeOf = async (answer: Promise<CallResult<TxnAnswer>>): Promise<Change> => {
    const result = await answer;
    if (!result.ok) {
      const kind = result.error.kind === 'unknown' ? 'unknown' : 'failed';
      return { kind, problem: silent(result.error) };
    }
    const { succeeded, header } = result.value;
    return succeeded ? { kind: 'done', index: header.revision } : { kind: 'changed' };
  };

  /** A read changes nothing, so one that got no answer is asked once more. */
  const reading = async (operations: readonly TxnOperation[]): Promise<CallResult<TxnAnswer>> => {
    const first = await txn([], operations);
    return first.ok || first.error.kind !== 'unknown' || first.error.why === 'deadline'
      ? first
      : txn([], operations);
  };

  return {
    read: async (token) => {
      const answer = await reading([
        { kind: 'range', range: tokenKey(token) },
        list(membersOf(token)),
        { kind: 'range', range: v3Size(token) },
        list(v3Members(token)),
      ]);
      return answer.ok ? ok(sightOf(token, answer.value)) : err(silent(answer.error));
    },
    create: (record) => {
      const { token, leaseID } = record;
      const conditions = [
        compare(tokenKey(token)).isMissing(),
        compare({ prefix: v3Root(token) }).isMissing(),
      ];
      const puts: TxnOperation[] = [
        { kind: 'put', key: tokenKey(token), value: recordText(record), leaseID },
      ];
      if (record.protocols.includes('v3')) {
        puts.push({ kind: 'put', key: v3Size(token), value: String(record.size), leaseID });
      }
      return changeOf(txn(conditions, puts));
    },
    register: (kept, next, member) => changeOf(txn(...registering(kept, next, member))),
    unregister: (kept, next, id) => {
      const { token, leaseID } = next;
      return changeOf(
        txn(
          [compare(tokenKey(token)).modRevision('=', kept.version)],
          [
            { kind: 'put', key: tokenKey(token), value: recordText(next), leaseID },
            { kind: 'delete', range: membersOf(token) + id },
          ],
        ),
      );
    },
    grantLease: async (ttlMs) => {
      const granted = await client.lease.grant(Math.ceil(ttlMs / 1000), { deadlineMs });
      return granted.ok ? ok(granted.value.leaseID) : err(silent(granted.error));
    },
    health: async () => {
      const answer = await client.kv.range(ROOT, { deadlineMs, countOnly: true });
      return answer.ok ? ok(answer.value.header.revision) : err(silent(answer.error));
    },
    follow: (follower) => {
      const ending = new AbortController();
      void followMembers({ client, clock, deadlineMs }, follower, ending.signal);
      return { stop: () => ending.abort() };
    },
  };
}

/** The first registration over v2 takes the token from the v3 protocol: a member over v3 finds no size then and ends. */
function registering(
  kept: KeptToken,
  next: TokenRecord,
  { id, value }: NewRegistration,
): [readonly Comparison[], readonly TxnOperation[]] {
  const { token, leaseID } = next;
  const member = membersOf(token) + id;
  return [
    [
      compare(tokenKey(token)).modRevision('=', kept.version),
      compare(member).isMissing(),
      compare({ prefix: v3Members(token) }).isMissing(),
    ],
    [
      { kind: 'put', key: member, value, leaseID },
      { kind: 'put', key: tokenKey(token), value: recordText(next), leaseID },
      { kind: 'delete', range: v3Size(token) },
    ],
  ];
}

const list = (prefix: string): TxnOperation => ({
  kind: 'range',
  range: { prefix },
  limit: REGISTRATIONS_READ_MAX,
  sort: { by: 'createRevision', order: 'ascending' },
});

function sightOf(token: string, { header, answers }: TxnAnswer): TokenSight {
  const kvsAt = (at: number): readonly KeyValue[] => {
    const answer = answers[at];
    return answer?.kind === 'range' ? answer.kvs : [];
  };
  const [kv] = kvsAt(0);
  const [size] = kvsAt(2);
  const record = kv === undefined ? undefined : parseRecord(token, textOf(kv.value));
  return {
    index: header.revision,
    kept:
      kv === undefined || record === undefined
        ? undefined
        : { record, createdIndex: kv.createRevision, version: kv.modRevision },
    registrations: kvsAt(1).map((each) => registrationOf(token, each)),
    v3: {
      size: size === undefined ? undefined : textOf(size.value),
      registrations: kvsAt(3).map((each) => registrationOf(token, each)),
    },
  };
}

function registrationOf(token: string, kv: KeyValue): Registration {
  const key = textOf(kv.key);
  return {
    token,
    id: key.slice(key.lastIndexOf('/') + 1),
    value: textOf(kv.value),
    createdIndex: kv.createRevision,
  };
}

/** One watch for all tokens; the client takes it up again after every break. */
async function followMembers(
  { client, clock, deadlineMs }: EtcdStoreOptions,
  { onRegistration, onGap }: Follower,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const now = await client.kv.range(ROOT, { deadlineMs, countOnly: true, signal });
    if (now.ok) {
      const startRevision = now.value.header.revision + 1n;
      const watch = client.watch.open({ prefix: MEMBERS }, { startRevision, only: 'puts', signal });
      onGap();
      for await (const item of watch) {
        if (item.kind !== 'events') continue;
        for (const { kv } of item.events) {
          const [token = ''] = textOf(kv.key).slice(MEMBERS.length).split('/');
          onRegistration(registrationOf(token, kv));
        }
      }
    }
    // Refused, compacted or silent: begin anew from what is there.
    await clock.sleep(FOLLOW_PAUSE_MS, signal).catch(() => undefined);
  }
}

const silent = (error: EtcdError): Problem => {
  const { summary, detail } = problemOfEtcdError(error, {
    what: 'read and write discovery tokens',
    target: 'the etcd behind the discovery service',
  });
  return discoveryStorageSilent({ because: `${summary}. ${detail}` });
};
