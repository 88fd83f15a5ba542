import { ok, type Revision } from '../../base/index.js';
import { bytesOf, textOf, type Bytes, type KeyValue } from '../api/common.js';
import { compare } from '../api/compare.js';
import type { KVAPI } from '../api/kv.js';
import type { LeaseAPI } from '../api/lease.js';
import type { CallOptions } from '../calls/caller.js';
import type { CallResult, EtcdError } from '../errors.js';
import type { WatchAPI } from '../watch/watch-api.js';

/** What recipes are made of. */
export interface RecipeParts {
  readonly kv: KVAPI;
  readonly lease: LeaseAPI;
  readonly watch: WatchAPI;
}

/** Whoever has a place: a session. */
export interface HoldsPlaces {
  readonly leaseID: bigint;
  readonly signal: AbortSignal;
}

/** A place in the queue of `name`: a key under the session's lease, ordered by when it was made. */
export interface Place {
  readonly key: string;
  readonly createRevision: Revision;
}

/**
 * Takes a place, or finds the one this session already has. After an answer that leaves it open whether the place
 * was taken, asking again is harmless: the key is the same.
 */
export async function takePlace(
  { kv }: RecipeParts,
  session: HoldsPlaces,
  name: string,
  value: Bytes,
  options: CallOptions,
): Promise<CallResult<Place>> {
  const key = `${name}/${session.leaseID.toString(16)}`;
  const taken = await kv.txn(
    {
      if: [compare(key).isMissing()],
      then: [{ kind: 'put', key, value, leaseID: session.leaseID }],
      else: [{ kind: 'range', range: key }],
    },
    options,
  );
  if (!taken.ok) {
    // It may have been taken after all: others must not wait for somebody who gave up.
    if (taken.error.kind === 'unknown') await kv.deleteRange(key);
    return taken;
  }
  const [answer] = taken.value.answers;
  const found = answer?.kind === 'range' ? answer.kvs[0] : undefined;
  return ok({ key, createRevision: found?.createRevision ?? taken.value.header.revision });
}

/**
 * Waits until fewer than `count` places are older than this one. On any failure, a lost session and a cancelled signal
 * included, the place is given up.
 */
export async function awaitTurn(
  parts: RecipeParts,
  session: HoldsPlaces,
  name: string,
  place: Place,
  count: number,
  options: CallOptions,
): Promise<CallResult<Place>> {
  const giveUp = async (error: EtcdError): Promise<CallResult<Place>> => {
    await parts.kv.deleteRange(place.key);
    return { ok: false, error };
  };
  for (;;) {
    if (session.signal.aborted) return await giveUp(lostSession());
    if (options.signal?.aborted === true) return await giveUp(cancelled());
    const before = await parts.kv.range(
      { prefix: `${name}/` },
      {
        createRevision: { max: place.createRevision - 1n },
        keysOnly: true,
        sort: { by: 'createRevision', order: 'ascending' },
      },
    );
    if (!before.ok) return await giveUp(before.error);
    const own = await parts.kv.get(place.key);
    if (!own.ok) return await giveUp(own.error);
    if (own.value === undefined) return { ok: false, error: lostSession() };
    const waitFor = before.value.kvs[before.value.kvs.length - count];
    if (waitFor === undefined) return ok(place);
    await untilDeleted(parts, session, waitFor, before.value.header.revision, options.signal);
  }
}

/** Until this key is deleted, or there is reason to look again. */
async function untilDeleted(
  { watch }: RecipeParts,
  session: HoldsPlaces,
  { key }: KeyValue,
  revision: Revision,
  signal: AbortSignal | undefined,
): Promise<void> {
  const watching = watch.open(textOf(key), {
    startRevision: revision + 1n,
    only: 'deletes',
    signal,
  });
  const onLost = () => watching.cancel();
  session.signal.addEventListener('abort', onLost, { once: true });
  for await (const item of watching) if (item.kind !== 'progress') break;
  session.signal.removeEventListener('abort', onLost);
}

const none = { endpoint: '', tried: [] } as const;
export const lostSession = (): EtcdError => ({
  kind: 'refused',
  reason: 'lease-not-found',
  code: 5,
  message: 'The lease of the session was lost.',
  ...none,
});
const cancelled = (): EtcdError => ({
  kind: 'not-sent',
  why: 'cancelled',
  message: 'The caller cancelled while it waited for its turn.',
  ...none,
});

export const isSameBytes = (a: Uint8Array, b: Bytes): boolean =>
  Buffer.compare(Buffer.from(a), Buffer.from(bytesOf(b))) === 0;
