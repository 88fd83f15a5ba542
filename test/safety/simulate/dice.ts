import { type Random, seededRandom } from '../../../src/base/index.js';

/** The randomness of one seed, in the words the simulation needs. */
export interface Dice extends Random {
  chance(share: number): boolean;
  /** A number in [low, high). */
  between(low: number, high: number): number;
  /** A whole number from `low` to `high`, both included. */
  whole(low: number, high: number): number;
  /** How long until something that happens every `meanMs` on average. */
  wait(meanMs: number): number;
  /** One of them; undefined when there is none. */
  oneOf<T>(items: readonly T[]): T | undefined;
}

export function diceOf(seed: number): Dice {
  const random = seededRandom(seed);
  const between = (low: number, high: number) => low + random.next() * (high - low);
  const whole = (low: number, high: number) => Math.floor(between(low, high + 1));
  return {
    ...random,
    chance: (share) => random.next() < share,
    between,
    whole,
    wait: (meanMs) => Math.round(-Math.log(1 - random.next()) * meanMs),
    oneOf: (items) => items[whole(0, items.length - 1)],
  };
}
