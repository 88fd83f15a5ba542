/**
 * At most so many at once; the others wait in the order in which they came.
 *
 * @example
 * const giveBack = await slots.take(signal);
 * if (giveBack === undefined) return; // The signal came first.
 * try { await work(); } finally { giveBack(); }
 */
export class Slots {
  readonly #max: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  /** How many wait for their turn. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves with the function that gives the slot back, or with undefined when the signal aborts first. */
  take(signal: AbortSignal): Promise<(() => void) | undefined> {
    if (signal.aborted) return Promise.resolve(undefined);
    if (this.#taken < this.#max) {
      this.#taken++;
      return Promise.resolve(this.#giver());
    }
    return new Promise((resolve) => {
      const onTurn = () => {
        signal.removeEventListener('abort', onAbort);
        resolve(this.#giver());
      };
      const onAbort = () => {
        this.#waiting.splice(this.#waiting.indexOf(onTurn), 1);
        resolve(undefined);
      };
      this.#waiting.push(onTurn);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #giver(): () => void {
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      const next = this.#waiting.shift();
      // The slot goes from hand to hand, so that nobody who comes later gets in between.
      if (next === undefined) this.#taken--;
      else next();
    };
  }
}
