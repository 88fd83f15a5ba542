import type { TokenSight } from './store.js';

/**
 * Tokens as they were last seen, so that a read can ask the store whether one is still so instead of what it is. What
 * is here is a guess: it is answered only after the store has said, after the question came, that it still holds.
 */
export class TokenCache {
  readonly #byToken = new Map<string, TokenSight>();
  readonly #countMax: number;

  constructor(countMax: number) {
    this.#countMax = countMax;
  }

  get(token: string): TokenSight | undefined {
    return this.#byToken.get(token);
  }

  /** Keeps it, unless a newer one is here. The one that was kept longest makes room. */
  keep(token: string, sight: TokenSight): void {
    const { kept, v3 } = sight;
    // Over v3 members register past us and past the record, so that its version says nothing about them.
    if (kept === undefined || v3.registrations.length > 0) {
      this.#byToken.delete(token);
      return;
    }
    const before = this.#byToken.get(token);
    if (before?.kept !== undefined && before.kept.version > kept.version) return;
    this.#byToken.delete(token);
    this.#byToken.set(token, sight);
    if (this.#byToken.size <= this.#countMax) return;
    for (const oldest of this.#byToken.keys()) {
      this.#byToken.delete(oldest);
      break;
    }
  }

  forget(token: string): void {
    this.#byToken.delete(token);
  }
}
