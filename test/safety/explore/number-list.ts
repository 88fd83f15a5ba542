/** Whole numbers below 2^31 by index, without an object for each; what was never set is -1. */
export class NumberList {
  #numbers = new Int32Array(1 << 12).fill(-1);

  at(index: number): number {
    return this.#numbers[index] ?? -1;
  }

  set(index: number, value: number): number {
    if (index >= this.#numbers.length) {
      const length = Math.max(index + 1, this.#numbers.length * 2);
      const longer = new Int32Array(length).fill(-1);
      longer.set(this.#numbers);
      this.#numbers = longer;
    }
    this.#numbers[index] = value;
    return value;
  }
}
