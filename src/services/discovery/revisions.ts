/**
 * The revisions of one etcd as they are seen. Whoever asks through quorum is never told an older one than was seen before
 * he asked: if he is, it is another store, that was wiped or put back in the place of the one that was known.
 */
export class Revisions {
  readonly #onOther: () => void;
  #latest = 0n;

  constructor(onOther: () => void) {
    this.#onOther = onOther;
  }

  /** The newest that was seen. */
  get latest(): bigint {
    return this.#latest;
  }

  /** As an event or an answer has it. `atLeast`: the newest that was seen before the question, when it was one. */
  heard(revision: bigint, atLeast = 0n): void {
    if (revision < atLeast && revision < this.#latest) {
      this.#latest = revision;
      this.#onOther();
    } else if (revision > this.#latest) this.#latest = revision;
  }
}
