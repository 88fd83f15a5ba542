import { hashOf } from './number-map.js';

/**
 * The states of one case in the order they were found, with the way back. A state is a situation (a whole number below
 * 2^53) and what is left of the budget. One that is reached again with no more left than before adds nothing: whatever
 * could follow was possible already, on a way that is no longer.
 */
export class StateList {
  /** Situations: open addressing, index plus one, 0 where nothing is. */
  #slots = new Int32Array(1 << 16);
  /** Each situation as two words, low and high, and which remainders are covered, as bits, in so many words. */
  #situations: Uint32Array;
  #situationCount = 0;
  readonly #words: number;
  readonly #stride: number;
  readonly #coveredBy: readonly Uint32Array[];

  #where = new Int32Array(1 << 15);
  #left = new Uint16Array(1 << 15);
  #parents = new Int32Array(1 << 15);
  #moves = new Uint16Array(1 << 15);
  #size = 0;

  /** `coveredBy[left]`: the remainders, as bits, that are no more than `left` in every kind. */
  constructor(coveredBy: readonly Uint32Array[]) {
    this.#coveredBy = coveredBy;
    this.#words = Math.ceil(coveredBy.length / 32);
    this.#stride = 2 + this.#words;
    this.#situations = new Uint32Array((1 << 15) * this.#stride);
  }

  get size(): number {
    return this.#size;
  }

  situationAt(index: number): number {
    return this.#situationIn((this.#where[index] ?? 0) * this.#stride);
  }
  leftAt(index: number): number {
    return this.#left[index] ?? 0;
  }
  parentOf(index: number): number {
    return this.#parents[index] ?? -1;
  }
  moveTo(index: number): number {
    return this.#moves[index] ?? 0;
  }

  /** False when it adds nothing. */
  add(situation: number, left: number, parent: number, move: number): boolean {
    const where = this.#indexOf(situation);
    const situations = this.#situations;
    const base = where * this.#stride + 2;
    if (((situations[base + (left >>> 5)] ?? 0) >>> (left & 31)) & 1) return false;
    const more = this.#coveredBy[left];
    for (let word = 0; word < this.#words; word++) {
      situations[base + word] = (situations[base + word] ?? 0) | (more?.[word] ?? 0);
    }
    if (this.#size === this.#where.length) this.#lengthen();
    this.#where[this.#size] = where;
    this.#left[this.#size] = left;
    this.#parents[this.#size] = parent;
    this.#moves[this.#size] = move;
    this.#size++;
    return true;
  }

  #situationIn(base: number): number {
    return (this.#situations[base + 1] ?? 0) * 2 ** 32 + (this.#situations[base] ?? 0);
  }

  #indexOf(situation: number): number {
    if (this.#situationCount * 2 >= this.#slots.length) this.#widen();
    const high = Math.floor(situation / 2 ** 32);
    const low = situation >>> 0;
    const mask = this.#slots.length - 1;
    let slot = hashOf(situation) & mask;
    for (;;) {
      const found = this.#slots[slot] ?? 0;
      if (found === 0) break;
      const base = (found - 1) * this.#stride;
      if (this.#situations[base] === low && this.#situations[base + 1] === high) return found - 1;
      slot = (slot + 1) & mask;
    }
    const base = this.#situationCount * this.#stride;
    if (base === this.#situations.length) {
      this.#situations = longer(this.#situations, new Uint32Array(base * 2));
    }
    this.#situations[base] = low;
    this.#situations[base + 1] = high;
    this.#slots[slot] = ++this.#situationCount;
    return this.#situationCount - 1;
  }

  #widen(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let index = 0; index < this.#situationCount; index++) {
      let slot = hashOf(this.#situationIn(index * this.#stride)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = index + 1;
    }
  }

  #lengthen(): void {
    const length = this.#where.length * 2;
    this.#where = longer(this.#where, new Int32Array(length));
    this.#parents = longer(this.#parents, new Int32Array(length));
    this.#left = longer(this.#left, new Uint16Array(length));
    this.#moves = longer(this.#moves, new Uint16Array(length));
  }
}

function longer<T extends Int32Array | Uint32Array | Uint16Array>(old: T, next: T): T {
  next.set(old);
  return next;
}
