import type { TokenSight } from './store.js';

/**
 * Tokens as they were last seen. None is older than what was told of it to those who follow the store: whoever waits for
 * what is not in it yet will be told.
 *
 * So nothing is kept before following begins, what was told is always put here, and when something was forgotten, what
 * was read before that is not taken in again.
 */
export class TokenCache {
  readonly #byToken = new Map<string, TokenSight>();
  readonly #bytesMax: number;
  #bytes = 0;
  /** What was seen at an earlier revision than this may be older than what was told. Undefined: nothing is told now. */
  #oldest: bigint | undefined;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Every change after this revision will be told. */
  begin(index: bigint): void {
    this.end();
    this.#oldest = index;
  }

  /** Changes may be missed from now on. */
  end(): void {
    this.#byToken.clear();
    this.#bytes = 0;
    this.#oldest = undefined;
  }

  get(token: string): TokenSight | undefined {
    return this.#byToken.get(token);
  }

  /** Keeps it, unless a newer one is here or may have been. The one that was kept longest makes room. */
  keep(token: string, sight: TokenSight): void {
    const { kept, v3, index } = sight;
    const before = this.#byToken.get(token);
    if (before?.kept !== undefined) {
      if (kept === undefined ? before.index > index : before.kept.version > kept.version) return;
    } else if (this.#oldest === undefined || index < this.#oldest) return;
    this.#remove(token);
    // Over v3 members register past us and past the record, so that its version says nothing about them.
    if (kept === undefined || v3.registrations.length > 0) {
      if (before !== undefined) this.#notBefore(index);
      return;
    }
    this.#byToken.set(token, sight);
    this.#bytes += bytesOf(sight);
    if (this.#bytes > this.#bytesMax) this.#makeRoom();
  }

  /** For many at once: to find the oldest again for each would cost more than all else about it. */
  #makeRoom(): void {
    for (const oldest of this.#byToken.keys()) {
      if (this.#bytes <= ROOM * this.#bytesMax) break;
      this.forget(oldest);
    }
  }

  /** What is here is not so any more, or has no room. */
  forget(token: string): void {
    const version = this.#byToken.get(token)?.kept?.version;
    this.#remove(token);
    if (version !== undefined) this.#notBefore(version);
  }

  /** The token went away at this revision. */
  gone(token: string, index: bigint): void {
    this.#remove(token);
    this.#notBefore(index);
  }

  #notBefore(index: bigint): void {
    if (this.#oldest !== undefined && index > this.#oldest) this.#oldest = index;
  }

  #remove(token: string): void {
    const sight = this.#byToken.get(token);
    if (sight === undefined) return;
    this.#byToken.delete(token);
    this.#bytes -= bytesOf(sight);
  }
}

/** How much stays when room is made. */
const ROOM = 7 / 8;

/** About: a token without members, and what one writes of itself, as text and as what was read in it. */
const EMPTY_BYTES = 1_024;
const bytesOf = ({ registrations }: TokenSight): number =>
  registrations.reduce((sum, { value }) => sum + EMPTY_BYTES / 2 + 2 * value.length, EMPTY_BYTES);
