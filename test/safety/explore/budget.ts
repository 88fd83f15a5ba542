import { type Faults, NO_FAULTS } from './case.js';
import { PRICES } from './environment.js';

const KINDS = Object.keys(NO_FAULTS) as readonly (keyof Faults)[];

/** What is left of the faults of a case, as one number in a mixed base. */
export class Budget {
  readonly full: number;
  /** How many different remainders there are. */
  readonly count: number;
  /** What each price leaves of each remainder. */
  readonly #after: Int32Array;
  readonly #places = new Map<keyof Faults, { readonly unit: number; readonly base: number }>();

  constructor(faults: Faults) {
    let unit = 1;
    let full = 0;
    for (const kind of KINDS) {
      const base = faults[kind] + 1;
      this.#places.set(kind, { unit, base });
      full += unit * faults[kind];
      unit *= base;
    }
    this.full = full;
    this.count = unit;
    this.#after = new Int32Array(this.count * PRICES.length);
    for (let left = 0; left < this.count; left++) {
      PRICES.forEach((price, at) => {
        this.#after[left * PRICES.length + at] = this.after(left, price);
      });
    }
  }

  /** For every remainder those, as bits, that are no more than it in every kind. */
  coverage(): readonly Uint32Array[] {
    return Array.from({ length: this.count }, (_, more) => {
      const bits = new Uint32Array(Math.ceil(this.count / 32));
      for (let less = 0; less < this.count; less++) {
        if (!this.#isWithin(less, more)) continue;
        bits[less >>> 5] = (bits[less >>> 5] ?? 0) | (1 << (less & 31));
      }
      return bits;
    });
  }

  #isWithin(less: number, more: number): boolean {
    return [...this.#places.values()].every(
      ({ unit, base }) => Math.floor(less / unit) % base <= Math.floor(more / unit) % base,
    );
  }

  /** What paying leaves; -1 when nothing is left to pay with. */
  after(left: number, price: keyof Faults | 'free'): number {
    if (price === 'free') return left;
    const place = this.#places.get(price);
    if (place === undefined) return -1;
    return Math.floor(left / place.unit) % place.base === 0 ? -1 : left - place.unit;
  }

  /** The same for a price by its place in the list. */
  afterPrice(left: number, price: number): number {
    return this.#after[left * PRICES.length + price] ?? -1;
  }
}
