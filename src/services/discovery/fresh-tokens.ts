/** Some of the tokens that were sealed here last, with the revision before which nobody can have registered at them. */
export class FreshTokens {
  #young = new Map<string, bigint>();
  #old = new Map<string, bigint>();
  readonly #halfMax: number;

  /** Between half of `max` and `max` are remembered. */
  constructor(max: number) {
    this.#halfMax = max / 2;
  }

  add(token: string, index: bigint): void {
    if (this.#young.size >= this.#halfMax) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(token, index);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }

  indexOf(token: string): bigint | undefined {
    return this.#young.get(token) ?? this.#old.get(token);
  }
}
