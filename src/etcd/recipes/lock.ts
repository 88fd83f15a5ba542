import type { Comparison } from '../api/txn.js';
import { compare } from '../api/compare.js';
import { err, ok } from '../../base/index.js';
import type { CallOptions } from '../calls/caller.js';
import type { CallResult } from '../errors.js';
import { awaitTurn, takePlace, type Place, type RecipeParts, type HoldsPlaces } from './places.js';

/** A lock that is held. */
export interface HeldLock {
  /** Larger with every holder: what is protected can refuse a late one by it. */
  readonly fencingToken: bigint;
  /** Holds as long as the lock does: put it into the `if` of every transaction that relies on the lock. */
  readonly stillHeld: Comparison;
  /** Aborts when the session, and so the lock, may be lost. */
  readonly signal: AbortSignal;
  release(options?: CallOptions): Promise<CallResult<undefined>>;
}

/**
 * Mutual exclusion, in the order of arrival; the same keys as etcd's own lock recipe.
 *
 * @example
 * const held = await session.lock('locks/report').acquire();
 * if (held.ok) try { await work(held.value.signal); } finally { await held.value.release(); }
 */
export class Lock {
  readonly #parts: RecipeParts;
  readonly #session: HoldsPlaces;
  readonly #name: string;

  constructor(parts: RecipeParts, session: HoldsPlaces, name: string) {
    this.#parts = parts;
    this.#session = session;
    this.#name = name;
  }

  /**
   * Waits for its turn for as long as the signal lets it; the deadline is for each call it is made of. A session that
   * holds the lock already holds it again at once.
   */
  async acquire(options: CallOptions = {}): Promise<CallResult<HeldLock>> {
    const place = await takePlace(this.#parts, this.#session, this.#name, '', options);
    if (!place.ok) return place;
    const turn = await awaitTurn(this.#parts, this.#session, this.#name, place.value, 1, options);
    return turn.ok ? ok(heldOf(this.#parts, this.#session, turn.value)) : err(turn.error);
  }
}

export const heldOf = ({ kv }: RecipeParts, session: HoldsPlaces, place: Place): HeldLock => ({
  fencingToken: place.createRevision,
  stillHeld: compare(place.key).createRevision('=', place.createRevision),
  signal: session.signal,
  release: async (options) => {
    const deleted = await kv.deleteRange(place.key, options);
    return deleted.ok ? ok(undefined) : deleted;
  },
});
