/** States in the order they were found, each once, with the way back. A state is a whole number below 2^53. */
export class StateList {
  #states = new Float64Array(1 << 16);
  #parents = new Int32Array(1 << 16);
  #moves = new Uint16Array(1 << 16);
  /** Open addressing: index of the state plus one, 0 where nothing is. */
  #slots = new Int32Array(1 << 18);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  at(index: number): number {
    return this.#states[index] ?? Number.NaN;
  }
  parentOf(index: number): number {
    return this.#parents[index] ?? -1;
  }
  moveTo(index: number): number {
    return this.#moves[index] ?? 0;
  }

  /** False when it was there before. */
  add(state: number, parent: number, move: number): boolean {
    if (this.#size * 2 >= this.#slots.length) this.#widen();
    const slot = this.#find(state);
    if (this.#slots[slot] !== 0) return false;
    if (this.#size === this.#states.length) this.#lengthen();
    this.#states[this.#size] = state;
    this.#parents[this.#size] = parent;
    this.#moves[this.#size] = move;
    this.#slots[slot] = ++this.#size;
    return true;
  }

  #find(state: number): number {
    const mask = this.#slots.length - 1;
    let slot = hash(state) & mask;
    for (;;) {
      const found = this.#slots[slot] ?? 0;
      if (found === 0 || this.#states[found - 1] === state) return slot;
      slot = (slot + 1) & mask;
    }
  }

  #widen(): void {
    this.#slots = new Int32Array(this.#slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let index = 0; index < this.#size; index++) {
      let slot = hash(this.#states[index] ?? 0) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = index + 1;
    }
  }

  #lengthen(): void {
    const length = this.#states.length * 2;
    const states = new Float64Array(length);
    states.set(this.#states);
    this.#states = states;
    const parents = new Int32Array(length);
    parents.set(this.#parents);
    this.#parents = parents;
    const moves = new Uint16Array(length);
    moves.set(this.#moves);
    this.#moves = moves;
  }
}

function hash(state: number): number {
  const high = Math.floor(state / 0x1_0000_0000);
  let mixed = (state >>> 0) ^ Math.imul(high, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
