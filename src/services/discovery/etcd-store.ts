import { type Clock, type Random, type Result, err, ok } from '../../base/index.js';
import {
  type CallResult,
  type Comparison,
  type EtcdClient,
  type EtcdError,
  type Txn,
  type TxnAnswer,
  type TxnOperation,
  compare,
} from '../../etcd/index.js';
import { Batcher } from './batcher.js';
import { followTokens } from './follow-tokens.js';
import { FreshTokens } from './fresh-tokens.js';
import { type OwnChange, sightOfOwn } from './own-change.js';
import { discoveryStorageSilent } from './problems.js';
import { recordText, sightOfKept } from './record.js';
import { Revisions } from './revisions.js';
import { NONCE_BYTES, type Sealer, looksSealed, unwritten } from './sealed-token.js';
import { SealingKey } from './sealing-key.js';
import { silent } from './storage-silent.js';
import { ROOT, SEALING_KEY, tokenKey, v3Members, v3Root, v3Size } from './store-keys.js';
import { TokenCache } from './token-cache.js';
import { READS_OF_ONE, readingOf, sightOf } from './token-reading.js';
import type {
  Change,
  DiscoveryStore,
  KeptToken,
  SealedToken,
  TokenRecord,
  TokenSight,
} from './store.js';

/** What etcd takes in one transaction by default (`--max-txn-ops`), of comparisons as of operations. */
const OPERATIONS_MAX = 128;
/** Some thousands of usual tokens. */
const CACHED_BYTES_MAX = 8 * 1024 ** 2;
/** Sealed here and not asked for yet: a name each. Most of those that are used at all are used soon. */
const FRESH_MAX = 8_192;

interface TokenChange {
  readonly token: string;
  readonly change: {
    readonly if: readonly Comparison[];
    readonly then: readonly TxnOperation[];
  };
}

export interface EtcdStoreOptions {
  readonly client: Pick<EtcdClient, 'kv' | 'lease' | 'watch'>;
  readonly clock: Clock;
  /** For one call. */
  readonly deadlineMs: number;
}

/** Tokens in a real etcd. Its revisions are the indexes of the v2 protocol. */
export function createEtcdStore({ client, clock, deadlineMs }: EtcdStoreOptions): DiscoveryStore {
  const cache = new TokenCache(CACHED_BYTES_MAX);
  const fresh = new FreshTokens(FRESH_MAX);
  const underWay = new Map<string, OwnChange>();
  let round = new AbortController();
  /** Nothing that was seen is so, and what is told now is told by a watch of what was. */
  const revisions = new Revisions(() => {
    cache.end();
    fresh.clear();
    round.abort();
  });
  const key = new SealingKey(SEALING_KEY, { client, clock, deadlineMs, failed: silent, revisions });
  const txn = (then: readonly TxnOperation[]): Promise<CallResult<TxnAnswer>> =>
    client.kv.txn({ then }, { deadlineMs });

  /**
   * Changes of several tokens in one transaction: one proposal, one write to the disk. Nearly always all of them hold, so
   * that is asked first; if not, each is a transaction of its own within the one.
   */
  const send = async (batch: readonly TokenChange[]): Promise<readonly Change[]> => {
    const atLeast = revisions.latest;
    const together = await client.kv.txn(
      {
        if: batch.flatMap(({ change }) => change.if),
        then: batch.flatMap(({ change }) => change.then),
      },
      { deadlineMs },
    );
    if (!together.ok) return failed(together.error, batch);
    const { header, succeeded } = together.value;
    revisions.heard(header.revision, atLeast);
    if (succeeded) return batch.map(() => ({ kind: 'done', index: header.revision }));
    return batch.length === 1 ? [{ kind: 'changed' }] : sendApart(batch);
  };
  const sendApart = async (batch: readonly TokenChange[]): Promise<readonly Change[]> => {
    const answer = await txn(batch.map(({ change }) => ({ kind: 'txn', txn: change })));
    if (!answer.ok) return failed(answer.error, batch);
    const { header, answers } = answer.value;
    return batch.map((_, at): Change => {
      const each = answers[at];
      return each?.kind === 'txn' && each.succeeded
        ? { kind: 'done', index: header.revision }
        : { kind: 'changed' };
    });
  };
  const failed = async (
    error: EtcdError,
    batch: readonly TokenChange[],
  ): Promise<readonly Change[]> => {
    if (error.kind === 'refused' && batch.length > 1) {
      // One of them, or their sum, is too much for etcd: the others must not suffer for it.
      return (await Promise.all(batch.map((each) => send([each])))).flat();
    }
    const kind = error.kind === 'unknown' ? 'unknown' : 'failed';
    return batch.map(() => ({ kind, problem: silent(error) }));
  };
  const changes = new Batcher<TokenChange, Change>(send, {
    batchMax: OPERATIONS_MAX,
    weightOf: ({ change }) => Math.max(change.if.length, change.then.length),
    apart: ({ token }) => token,
  });

  /** One question for all: is what is cached still so? The rest is read; when one of them is not so, all are. */
  const readingOfAll = (
    tokens: readonly string[],
    cached: readonly (TokenSight | undefined)[],
  ): Txn => {
    const conditions: Comparison[] = [];
    const keys = new Set<string>();
    const unseen: string[] = [];
    for (const [at, token] of tokens.entries()) {
      const kept = cached[at]?.kept;
      if (kept === undefined) unseen.push(token);
      else {
        conditions.push(isStill(kept));
        if (kept.sealedBy !== undefined) keys.add(kept.sealedBy);
      }
    }
    conditions.push(...[...keys].map((each) => compare(SEALING_KEY).value('=', each)));
    return {
      if: conditions,
      // Without a read in it, etcd would answer from what this member has, be it old.
      then: unseen.length === 0 ? [COUNT] : readingOf(unseen),
      else: conditions.length === 0 ? [] : readingOf(tokens),
    };
  };

  const reads = new Batcher<string, Result<TokenSight>>(
    async (asked) => {
      const tokens = [...new Set(asked)];
      const cached = tokens.map((token) => cache.get(token));
      const question = readingOfAll(tokens, cached);
      const atLeast = revisions.latest;
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
      revisions.heard(index, atLeast);
      const last = answers.at(-1);
      const sealer = key.read(last?.kind === 'range' ? last.kvs[0]?.value : undefined);
      let next = 0;
      const seen = new Map<string, Result<TokenSight>>();
      for (const [at, token] of tokens.entries()) {
        const still = succeeded ? cached[at] : undefined;
        if (still !== undefined) {
          seen.set(token, ok({ ...still, index }));
          continue;
        }
        const sight = sightOf(token, index, answers.slice(next, next + READS_OF_ONE), sealer);
        next += READS_OF_ONE;
        cache.keep(token, sight);
        seen.set(token, ok(sight));
      }
      return asked.map(
        (token) => seen.get(token) ?? err(discoveryStorageSilent({ because: 'Nobody asked it.' })),
      );
    },
    // Beside the key.
    { batchMax: Math.floor((OPERATIONS_MAX - 1) / READS_OF_ONE) },
  );

  /** What a change of ours did is known without reading it. */
  const changing = async (
    kept: KeptToken | undefined,
    next: TokenRecord,
    { if: conditions, then }: TokenChange['change'],
  ): Promise<Change> => {
    const { token, leaseID } = next;
    const value = recordText(next);
    const put: TxnOperation = { kind: 'put', key: tokenKey(token), value, leaseID };
    const own: OwnChange = { value, next, createdIndex: kept?.createdIndex };
    underWay.set(token, own);
    const change = { if: conditions, then: [put, ...then] };
    const outcome = await changes.add({ token, change });
    if (underWay.get(token) === own) underWay.delete(token);
    if (outcome.kind !== 'done') cache.forget(token);
    else if (cache.get(token)?.kept?.version !== outcome.index) {
      cache.keep(token, sightOfOwn(own, outcome.index));
    }
    return outcome;
  };
  const sealed = (
    sealer: Sealer,
    wish: { readonly size: number; readonly base: string },
    random: Random,
  ): Result<SealedToken> => {
    const made = sealer.seal({ ...wish, nonce: random.hex(NONCE_BYTES) });
    const index = revisions.latest;
    fresh.add(made.token, index);
    return ok({ ...made, index });
  };
  /** Nobody can have registered before there was such a name; the cache knows whether anybody may have since. */
  const glanceAtFresh = (token: string): TokenSight | undefined => {
    const index = fresh.indexOf(token);
    const sealer = key.sure();
    const kept = index === undefined || sealer === undefined ? undefined : unwritten(token, sealer);
    if (index === undefined || kept === undefined) return undefined;
    cache.keep(token, sightOfKept(index, kept));
    return cache.get(token);
  };

  const newRound = (): AbortSignal => {
    round = new AbortController();
    return round.signal;
  };

  return {
    read: (token) => reads.add(token),
    glance: (token) => cache.get(token) ?? glanceAtFresh(token),
    seal: (wish, random) => {
      const sealer = key.sure();
      if (sealer !== undefined) return sealed(sealer, wish, random);
      return key
        .confirm(random)
        .then((confirmed) => (confirmed.ok ? sealed(confirmed.value, wish, random) : confirmed));
    },
    create: (record) => {
      const { token, size, leaseID } = record;
      const isV3 = record.protocols.includes('v3');
      return changing(undefined, record, {
        if: [compare(tokenKey(token)).isMissing(), compare({ prefix: v3Root(token) }).isMissing()],
        then: isV3 ? [{ kind: 'put', key: v3Size(token), value: String(size), leaseID }] : [],
      });
    },
    // The first registration over v2 takes the token from the v3 protocol: a member over v3 finds no size then and ends.
    register: (kept, next) =>
      changing(kept, next, {
        if: [isStill(kept), ...besides(kept)],
        then: next.protocols.includes('v3') ? [{ kind: 'delete', range: v3Size(next.token) }] : [],
      }),
    unregister: (kept, next) => changing(kept, next, { if: [isStill(kept)], then: [] }),
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
      const following = { client, clock, deadlineMs, revisions, cache, underWay, newRound };
      void followTokens(following, follower, ending.signal);
      return { stop: () => ending.abort() };
    },
  };
}

/** The version of what was never written is that of a key that is not there. */
const isStill = ({ record: { token }, version }: KeptToken): Comparison =>
  compare(tokenKey(token)).modRevision('=', version);

/**
 * What else a registration needs: that the store is the one that sealed the token, or that nobody has come over v3, which
 * has no size of a token that was sealed.
 */
function besides({ record: { token }, sealedBy }: KeptToken): readonly Comparison[] {
  if (sealedBy !== undefined) return [compare(SEALING_KEY).value('=', sealedBy)];
  return looksSealed(token) ? [] : [compare({ prefix: v3Members(token) }).isMissing()];
}

const COUNT: TxnOperation = { kind: 'range', range: ROOT, countOnly: true };
