import { err, ok } from '../../base/index.js';
import type { CallOptions } from '../calls/caller.js';
import type { CallResult } from '../errors.js';
import { heldOf, type HeldLock } from './lock.js';
import { awaitTurn, takePlace, type RecipeParts, type HoldsPlaces } from './places.js';

/** At most so many holders at once, in the order of arrival. */
export class Semaphore {
  readonly #parts: RecipeParts;
  readonly #session: HoldsPlaces;
  readonly #name: string;
  readonly #count: number;

  constructor(parts: RecipeParts, session: HoldsPlaces, name: string, count: number) {
    this.#parts = parts;
    this.#session = session;
    this.#name = name;
    this.#count = count;
  }

  /** Waits for a free slot for as long as the signal lets it. One session holds one slot. */
  async acquire(options: CallOptions = {}): Promise<CallResult<HeldLock>> {
    const [parts, session, name] = [this.#parts, this.#session, this.#name];
    const place = await takePlace(parts, session, name, '', options);
    if (!place.ok) return place;
    const turn = await awaitTurn(parts, session, name, place.value, this.#count, options);
    return turn.ok ? ok(heldOf(parts, session, turn.value)) : err(turn.error);
  }
}
