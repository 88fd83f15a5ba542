import type { Clock } from '../../base/index.js';
import { type EtcdClient, type KeyValue, textOf } from '../../etcd/index.js';
import { type OwnChange, sightOfOwn } from './own-change.js';
import { sightOfKept } from './record.js';
import { looksSealed } from './sealed-token.js';
import type { Revisions } from './revisions.js';
import { ROOT, TOKENS } from './store-keys.js';
import type { Follower, TokenSight } from './store.js';
import type { TokenCache } from './token-cache.js';
import { keptOf } from './token-reading.js';

/** Between two tries to follow a store that refuses. */
const FOLLOW_PAUSE_MS = 1_000;

export interface Following {
  readonly client: Pick<EtcdClient, 'kv' | 'watch'>;
  readonly clock: Clock;
  readonly deadlineMs: number;
  readonly revisions: Revisions;
  readonly cache: TokenCache;
  readonly underWay: ReadonlyMap<string, OwnChange>;
  /** Aborted when the store turns out to be another one. */
  readonly newRound: () => AbortSignal;
}

/** One watch for all tokens; the client takes it up again after every break. */
export async function followTokens(
  { client, clock, deadlineMs, revisions, cache, underWay, newRound }: Following,
  { onRegistration, onGap }: Follower,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const atLeast = revisions.latest;
    const now = await client.kv.range(ROOT, { deadlineMs, countOnly: true, signal });
    if (now.ok) {
      const { revision } = now.value.header;
      revisions.heard(revision, atLeast);
      const until = AbortSignal.any([signal, newRound()]);
      const watch = client.watch.open(
        { prefix: TOKENS },
        { startRevision: revision + 1n, signal: until },
      );
      cache.begin(revision);
      onGap();
      for await (const item of watch) {
        if (item.kind !== 'events') continue;
        for (const { kind, kv } of item.events) {
          const token = textOf(kv.key).slice(TOKENS.length);
          revisions.heard(kv.modRevision);
          if (kind === 'delete') cache.gone(token, kv.modRevision);
          // A token that was made by name has no members yet that anybody could have missed.
          else if (kv.version > 1n || looksSealed(token)) {
            const sight = told(cache, token, kv, underWay.get(token));
            const last = sight?.registrations.at(-1);
            const record = sight?.kept?.record;
            if (last?.createdIndex === kv.modRevision && record) onRegistration(last, record);
          }
        }
      }
      cache.end();
    }
    // Refused, compacted or silent: begin anew from what is there.
    await clock.sleep(FOLLOW_PAUSE_MS, signal).catch(() => undefined);
  }
}

/** A token as an event shows it, which is in the cache before anybody is told. What we wrote ourselves is there already. */
function told(
  cache: TokenCache,
  token: string,
  kv: KeyValue,
  own: OwnChange | undefined,
): TokenSight | undefined {
  const seen = cache.get(token);
  if (seen?.kept?.version === kv.modRevision) return seen;
  // The same text is the same record, and need not be read again.
  if (own !== undefined && own.value === textOf(kv.value)) {
    const sight = sightOfOwn(own, kv.modRevision);
    cache.keep(token, sight);
    return sight;
  }
  const kept = keptOf(token, kv);
  if (kept === undefined) {
    cache.gone(token, kv.modRevision);
    return undefined;
  }
  const sight = sightOfKept(kv.modRevision, kept);
  cache.keep(token, sight);
  return sight;
}
