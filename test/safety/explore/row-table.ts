import { mixed } from './number-map.js';

/** Numbers rows of whole numbers, all of one length, in the order in which they come: 0, 1, 2 … */
export class RowTable {
  readonly #length: number;
  #rows: Int32Array;
  /** Open addressing, at most half full: the number of a row plus one, 0 where nothing is. */
  #slots = new Int32Array(1 << 10);
  #size = 0;

  constructor(length: number) {
    this.#length = length;
    this.#rows = new Int32Array(length << 9);
  }

  get size(): number {
    return this.#size;
  }

  /** The number of this row; it is new when that is what `size` was. The row is copied. */
  idOf(row: Int32Array): number {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let slot = hashOfRow(row) & mask;
    for (let found = slots[slot] ?? 0; found !== 0; found = slots[slot] ?? 0) {
      if (this.#isAt((found - 1) * this.#length, row)) return found - 1;
      slot = (slot + 1) & mask;
    }
    if (this.#size * 2 >= slots.length) {
      this.#widen();
      return this.idOf(row);
    }
    this.#rows.set(row, this.#size * this.#length);
    slots[slot] = ++this.#size;
    return this.#size - 1;
  }

  /** Writes the row with this number into another one. */
  copy(id: number, into: Int32Array): void {
    const begin = id * this.#length;
    for (let i = 0; i < this.#length; i++) into[i] = this.#rows[begin + i] ?? -1;
  }

  #isAt(begin: number, row: Int32Array): boolean {
    const rows = this.#rows;
    for (let i = 0; i < this.#length; i++) if (rows[begin + i] !== row[i]) return false;
    return true;
  }

  #widen(): void {
    const rows = new Int32Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 0; id < this.#size; id++) {
      const begin = id * this.#length;
      let slot = hashOfRow(rows.subarray(begin, begin + this.#length)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id + 1;
    }
    this.#slots = slots;
  }
}

function hashOfRow(row: Int32Array): number {
  let hash = 0;
  for (let i = 0; i < row.length; i++) hash = mixed(Math.imul(hash, 31) + (row[i] ?? 0));
  return hash;
}
