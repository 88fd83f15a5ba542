import type { TokenSight } from './store.js';

/**
 * Tokens as they were last seen, so that a read can ask the store whether one is still so instead of what it is. What
 * is here is a guess: it is answered only after the store has said, after the question came, that it still holds.
 */
export class TokenCache {
  readonly #byToken = new Map<string, TokenSight>();
  readonly #bytesMax: number;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(token: string): TokenSight | undefined {
    return this.#byToken.get(token);
  }

  /** Keeps it, unless a newer one is here. The one that was kept longest makes room. */
  keep(token: string, sight: TokenSight): void {
    const { kept, v3 } = sight;
    // Over v3 members register past us and past the record, so that its version says nothing about them.
    if (kept === undefined || v3.registrations.length > 0) {
      this.forget(token);
      return;
    }
    const before = this.#byToken.get(token);
    if (before?.kept !== undefined && before.kept.version > kept.version) return;
    this.forget(token);
    this.#byToken.set(token, sight);
    this.#bytes += bytesOf(sight);
    for (const oldest of this.#byToken.keys()) {
      if (this.#bytes <= this.#bytesMax) break;
      this.forget(oldest);
    }
  }

  forget(token: string): void {
    const sight = this.#byToken.get(token);
    if (sight === undefined) return;
    this.#byToken.delete(token);
    this.#bytes -= bytesOf(sight);
  }
}

/** About: a token without members, and what one writes of itself, as text and as what was read in it. */
const EMPTY_BYTES = 1_024;
const bytesOf = ({ registrations }: TokenSight): number =>
  registrations.reduce((sum, { value }) => sum + EMPTY_BYTES / 2 + 2 * value.length, EMPTY_BYTES);
