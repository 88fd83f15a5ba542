/** Small pieces are put together in blocks of this size: an array of single bytes would cost a hundred times as much. */
const BLOCK_BYTES = 2_048;
const SMALL_BYTES = 512;

/** Bytes that wait to be read, in order. */
export class HeldBytes {
  readonly #blocks: Uint8Array[] = [];
  /** The last block, when it is ours and has room. */
  #open: { readonly block: Buffer; used: number } | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(bytes: Uint8Array): void {
    this.#length += bytes.length;
    if (bytes.length > SMALL_BYTES) {
      this.#seal();
      this.#blocks.push(bytes);
      return;
    }
    if (this.#open !== undefined && this.#open.used + bytes.length > BLOCK_BYTES) this.#seal();
    this.#open ??= { block: Buffer.allocUnsafe(BLOCK_BYTES), used: 0 };
    this.#open.block.set(bytes, this.#open.used);
    this.#open.used += bytes.length;
  }

  /** The next bytes, as many as are at hand in one piece. */
  shift(): Uint8Array | undefined {
    if (this.#blocks.length === 0) this.#seal();
    const block = this.#blocks.shift();
    this.#length -= block?.length ?? 0;
    return block;
  }

  /** All of them in one piece. */
  takeAll(): Uint8Array {
    this.#seal();
    const [first, ...others] = this.#blocks.splice(0);
    this.#length = 0;
    if (first !== undefined && others.length === 0) return first;
    return Buffer.concat(first === undefined ? [] : [first, ...others]);
  }

  #seal(): void {
    if (this.#open === undefined) return;
    this.#blocks.push(this.#open.block.subarray(0, this.#open.used));
    this.#open = undefined;
  }
}
