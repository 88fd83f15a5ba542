/**
 * Whole numbers below 2^31 by whole numbers below 2^53, without an object for each: open addressing, at most half full.
 * What was never set is -1.
 */
export class NumberMap {
  #keys = new Float64Array(1 << 8).fill(-1);
  #values = new Int32Array(1 << 8);
  #size = 0;

  at(key: number): number {
    const slot = this.#slotOf(key);
    return this.#keys[slot] === key ? (this.#values[slot] ?? -1) : -1;
  }

  set(key: number, value: number): number {
    let slot = this.#slotOf(key);
    if (this.#keys[slot] !== key) {
      if (this.#size * 2 >= this.#keys.length) {
        this.#widen();
        slot = this.#slotOf(key);
      }
      this.#keys[slot] = key;
      this.#size++;
    }
    this.#values[slot] = value;
    return value;
  }

  /** Where the key is, or would be. */
  #slotOf(key: number): number {
    const keys = this.#keys;
    const mask = keys.length - 1;
    let slot = hashOf(key) & mask;
    for (let found = keys[slot]; found !== key && found !== -1; found = keys[slot]) {
      slot = (slot + 1) & mask;
    }
    return slot;
  }

  #widen(): void {
    const keys = this.#keys;
    const values = this.#values;
    this.#keys = new Float64Array(keys.length * 2).fill(-1);
    this.#values = new Int32Array(keys.length * 2);
    keys.forEach((key, old) => {
      if (key < 0) return;
      const slot = this.#slotOf(key);
      this.#keys[slot] = key;
      this.#values[slot] = values[old] ?? -1;
    });
  }
}

/** Spreads a whole number below 2^53 over 32 bits. */
export const hashOf = (key: number): number =>
  mixed((key >>> 0) ^ Math.imul(Math.floor(key / 0x1_0000_0000), 0x9e3779b1));

/** 32 bits, each of which depends on all bits of the argument. */
export function mixed(bits: number): number {
  const once = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}
