/** Gives every distinct value a small number, by a key that says all of it. */
export class Interner<T> {
  readonly #ids = new Map<string, number>();
  readonly #values: T[] = [];

  get size(): number {
    return this.#values.length;
  }

  idOf(key: string, value: T): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#values.push(value) - 1;
    this.#ids.set(key, id);
    return id;
  }

  at(id: number): T {
    if (id < 0 || id >= this.#values.length) throw new Error(`nothing has the number ${id}`);
    return this.#values[id] as T;
  }
}
