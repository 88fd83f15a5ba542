import type { Random } from '../../base/index.js';

const FIRST_MS = 25;
const LONGEST_MS = 2_000;

/** Pauses between tries: none before the second, then doubling to two seconds, each spread so that many do not come at once. */
export class Backoff {
  readonly #random: Random;
  #tries = 0;

  constructor(random: Random) {
    this.#random = random;
  }

  /** How long to wait before the next try, in milliseconds. */
  next(): number {
    const tries = this.#tries++;
    if (tries === 0) return 0;
    const wholeMs = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(tries, 16));
    return wholeMs * (0.5 + this.#random.next() / 2);
  }

  /** After a success. */
  reset(): void {
    this.#tries = 0;
  }
}
