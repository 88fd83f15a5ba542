import { err, ok } from '../../base/index.js';
import type { Bytes, KeyValue } from '../api/common.js';
import type { CallOptions } from '../calls/caller.js';
import type { CallResult } from '../errors.js';
import { heldOf, type HeldLock } from './lock.js';
import {
  awaitTurn,
  isSameBytes,
  lostSession,
  takePlace,
  type RecipeParts,
  type HoldsPlaces,
} from './places.js';

/** A leadership that is held; `release` resigns. */
export interface Leadership extends HeldLock {
  /** Changes the value that others see, if the leadership is still held. */
  proclaim(value: Bytes, options?: CallOptions): Promise<CallResult<undefined>>;
}

/**
 * One leader at a time, in the order of candidacy; the same keys as etcd's own election recipe.
 *
 * @example
 * const leading = await session.election('leaders/scheduler').campaign('host-1');
 * if (leading.ok) await lead(leading.value.signal);
 */
export class Election {
  readonly #parts: RecipeParts;
  readonly #session: HoldsPlaces;
  readonly #name: string;

  constructor(parts: RecipeParts, session: HoldsPlaces, name: string) {
    this.#parts = parts;
    this.#session = session;
    this.#name = name;
  }

  /** Stands and waits to be elected for as long as the signal lets it. */
  async campaign(value: Bytes, options: CallOptions = {}): Promise<CallResult<Leadership>> {
    const [parts, session, name] = [this.#parts, this.#session, this.#name];
    const place = await takePlace(parts, session, name, value, options);
    if (!place.ok) return place;
    const turn = await awaitTurn(parts, session, name, place.value, 1, options);
    if (!turn.ok) return err(turn.error);
    const held = heldOf(parts, session, turn.value);
    const { key } = turn.value;
    const proclaim: Leadership['proclaim'] = async (proclaimed, callOptions) => {
      const put = { kind: 'put', key, value: proclaimed, leaseID: session.leaseID } as const;
      const done = await parts.kv.txn({ if: [held.stillHeld], then: [put] }, callOptions);
      if (!done.ok) return done;
      return done.value.succeeded ? ok(undefined) : err(lostSession());
    };
    // A place that was found again may carry what an earlier candidacy said.
    const now = await parts.kv.get(key, options);
    if (!now.ok) return now;
    if (now.value !== undefined && !isSameBytes(now.value.value, value)) {
      const proclaimed = await proclaim(value, options);
      if (!proclaimed.ok) return proclaimed;
    }
    return ok({ ...held, proclaim });
  }

  /** The leader's key and value now, or undefined when there is none. */
  async leader(options: CallOptions = {}): Promise<CallResult<KeyValue | undefined>> {
    const first = { sort: { by: 'createRevision', order: 'ascending' }, limit: 1 } as const;
    const found = await this.#parts.kv.range(
      { prefix: `${this.#name}/` },
      { ...options, ...first },
    );
    return found.ok ? ok(found.value.kvs[0]) : found;
  }
}
