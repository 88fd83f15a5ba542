import { type Clock, type Problem, type Result, err, ok } from '../../base/index.js';
import {
  type CallResult,
  type Comparison,
  type EtcdClient,
  type EtcdError,
  type KeyValue,
  type Txn,
  type TxnAnswer,
  type TxnOperation,
  type TxnOperationAnswer,
  compare,
  problemOfEtcdError,
  textOf,
} from '../../etcd/index.js';
import { Batcher } from './batcher.js';
import { discoveryStorageSilent } from './problems.js';
import { parseRecord, recordText } from './record.js';
import { TokenCache } from './token-cache.js';
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
/** What etcd takes in one transaction by default (`--max-txn-ops`). */
const OPERATIONS_MAX = 128;
/** Of one token: its record, its members, and what the v3 protocol has of it. */
const READS_OF_ONE = 4;
/** etcd subtracts the outer operations from what an inner transaction may have. */
const CHANGES_MAX = 64;
/** One on its way while another is being answered. */
const CHANGES_AT_ONCE_MAX = 2;
/** A read is short: those that come meanwhile cost etcd and us less together than they gain apart. */
const READS_AT_ONCE_MAX = 1;

/** Some thousands of usual tokens. */
const CACHED_BYTES_MAX = 8 * 1024 ** 2;

interface TokenChange {
  readonly token: string;
  readonly change: Txn;
}

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
  const txn = (then: readonly TxnOperation[]): Promise<CallResult<TxnAnswer>> =>
    client.kv.txn({ then }, { deadlineMs });

  /** Changes of several tokens in one transaction of transactions: one proposal, one write to the disk. */
  const send = async (batch: readonly TokenChange[]): Promise<readonly Change[]> => {
    const answer = await txn(batch.map(({ change }) => ({ kind: 'txn', txn: change })));
    if (answer.ok) {
      const { header, answers } = answer.value;
      return batch.map((_, at): Change => {
        const each = answers[at];
        return each?.kind === 'txn' && each.succeeded
          ? { kind: 'done', index: header.revision }
          : { kind: 'changed' };
      });
    }
    const { error } = answer;
    if (error.kind === 'refused' && batch.length > 1) {
      // One of them, or their sum, is too much for etcd: the others must not suffer for it.
      return (await Promise.all(batch.map((each) => send([each])))).flat();
    }
    const kind = error.kind === 'unknown' ? 'unknown' : 'failed';
    return batch.map(() => ({ kind, problem: silent(error) }));
  };
  const changes = new Batcher<TokenChange, Change>(send, {
    batchMax: CHANGES_MAX,
    atOnceMax: CHANGES_AT_ONCE_MAX,
    apart: ({ token }) => token,
  });

  const cache = new TokenCache(CACHED_BYTES_MAX);

  /** One question for all: is what is cached still so? The rest is read; when one of them is not so, all are. */
  const readingOfAll = (
    tokens: readonly string[],
    cached: readonly (TokenSight | undefined)[],
  ): Txn => {
    const conditions: Comparison[] = [];
    const unseen: TxnOperation[] = [];
    for (const [at, token] of tokens.entries()) {
      const kept = cached[at]?.kept;
      if (kept === undefined) unseen.push(...readingOf(token));
      else conditions.push(compare(tokenKey(token)).modRevision('=', kept.version));
    }
    return {
      if: conditions,
      // Without a read in it, etcd would answer from what this member has, be it old.
      then: unseen.length === 0 ? [{ kind: 'range', range: ROOT, countOnly: true }] : unseen,
      else: conditions.length === 0 ? [] : tokens.flatMap(readingOf),
    };
  };

  const reads = new Batcher<string, Result<TokenSight>>(
    async (asked) => {
      const tokens = [...new Set(asked)];
      const cached = tokens.map((token) => cache.get(token));
      const question = readingOfAll(tokens, cached);
      let answer = await client.kv.txn(question, { deadlineMs });
      // A read changes nothing, so one that was cut off is asked once more.
      if (!answer.ok && answer.error.kind === 'unknown' && answer.error.why !== 'deadline') {
        answer = await client.kv.txn(question, { deadlineMs });
      }
      if (!answer.ok) {
        const problem = silent(answer.error);
        return asked.map(() => err(problem));
      }
      const { header, answers, succeeded } = answer.value;
      const index = header.revision;
      let next = 0;
      const seen = new Map<string, Result<TokenSight>>();
      for (const [at, token] of tokens.entries()) {
        const still = succeeded ? cached[at] : undefined;
        if (still !== undefined) {
          seen.set(token, ok({ ...still, index }));
          continue;
        }
        const sight = sightOf(token, index, answers.slice(next, next + READS_OF_ONE));
        next += READS_OF_ONE;
        cache.keep(token, sight);
        seen.set(token, ok(sight));
      }
      return asked.map(
        (token) => seen.get(token) ?? err(discoveryStorageSilent({ because: 'Nobody asked it.' })),
      );
    },
    { batchMax: Math.floor(OPERATIONS_MAX / READS_OF_ONE), atOnceMax: READS_AT_ONCE_MAX },
  );

  /** What a change of ours did is known without reading it. */
  const changing = async (
    change: TokenChange,
    after: (index: bigint) => TokenSight | undefined,
  ) => {
    const outcome = await changes.add(change);
    const sight = outcome.kind === 'done' ? after(outcome.index) : undefined;
    if (sight === undefined) cache.forget(change.token);
    else cache.keep(change.token, sight);
    return outcome;
  };
  const sightAt = ({ token }: TokenRecord, { version }: KeptToken): TokenSight | undefined => {
    const sight = cache.get(token);
    return sight?.kept?.version === version ? sight : undefined;
  };

  return {
    read: (token) => reads.add(token),
    glance: (token) => cache.get(token),
    create: (record) => {
      const { token, leaseID } = record;
      const puts: TxnOperation[] = [
        { kind: 'put', key: tokenKey(token), value: recordText(record), leaseID },
      ];
      if (record.protocols.includes('v3')) {
        puts.push({ kind: 'put', key: v3Size(token), value: String(record.size), leaseID });
      }
      const conditions = [
        compare(tokenKey(token)).isMissing(),
        compare({ prefix: v3Root(token) }).isMissing(),
      ];
      return changing({ token, change: { if: conditions, then: puts } }, (index) => ({
        index,
        kept: { record, createdIndex: index, version: index },
        registrations: [],
        v3: { size: undefined, registrations: [] },
      }));
    },
    register: (kept, next, member) => {
      const { token } = next;
      const before = sightAt(next, kept);
      return changing({ token, change: registering(kept, next, member) }, (index) =>
        before === undefined
          ? undefined
          : {
              ...before,
              index,
              kept: { ...kept, record: next, version: index },
              registrations: [...before.registrations, { token, ...member, createdIndex: index }],
            },
      );
    },
    unregister: (kept, next, id) => {
      const { token, leaseID } = next;
      const change: Txn = {
        if: [compare(tokenKey(token)).modRevision('=', kept.version)],
        then: [
          { kind: 'put', key: tokenKey(token), value: recordText(next), leaseID },
          { kind: 'delete', range: membersOf(token) + id },
        ],
      };
      return changing({ token, change }, () => undefined);
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
function registering(kept: KeptToken, next: TokenRecord, { id, value }: NewRegistration): Txn {
  const { token, leaseID } = next;
  const member = membersOf(token) + id;
  return {
    if: [
      compare(tokenKey(token)).modRevision('=', kept.version),
      compare(member).isMissing(),
      compare({ prefix: v3Members(token) }).isMissing(),
    ],
    then: [
      { kind: 'put', key: member, value, leaseID },
      { kind: 'put', key: tokenKey(token), value: recordText(next), leaseID },
      { kind: 'delete', range: v3Size(token) },
    ],
  };
}

const list = (prefix: string): TxnOperation => ({
  kind: 'range',
  range: { prefix },
  limit: REGISTRATIONS_READ_MAX,
  sort: { by: 'createRevision', order: 'ascending' },
});

const readingOf = (token: string): readonly TxnOperation[] => [
  { kind: 'range', range: tokenKey(token) },
  list(membersOf(token)),
  { kind: 'range', range: v3Size(token) },
  list(v3Members(token)),
];

function sightOf(token: string, index: bigint, answers: readonly TxnOperationAnswer[]): TokenSight {
  const kvsAt = (at: number): readonly KeyValue[] => {
    const answer = answers[at];
    return answer?.kind === 'range' ? answer.kvs : [];
  };
  const [kv] = kvsAt(0);
  const [size] = kvsAt(2);
  const record = kv === undefined ? undefined : parseRecord(token, textOf(kv.value));
  return {
    index,
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
