import { sizeOf, type HeaderField } from './header-field.js';

/** The fields that a connection has taught us, newest first, within a size (RFC 7541 §2.3.2, §4). */
export class DynamicTable {
  /** Oldest first. A field counts at least 32 bytes, so there are never many. */
  readonly #fields: HeaderField[] = [];
  #bytes = 0;
  #maxBytes: number;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get length(): number {
    return this.#fields.length;
  }

  /** The field at `index`, 0 being the newest. */
  at(index: number): HeaderField | undefined {
    return this.#fields[this.#fields.length - 1 - index];
  }

  /** Makes room by dropping the oldest. A field that is larger than the table empties it, and is no error. */
  add(field: HeaderField): void {
    const bytes = sizeOf(field);
    this.#evictTo(this.#maxBytes - bytes);
    if (bytes > this.#maxBytes) return;
    this.#fields.push(field);
    this.#bytes += bytes;
  }

  resize(maxBytes: number): void {
    this.#maxBytes = maxBytes;
    this.#evictTo(maxBytes);
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes) {
      const oldest = this.#fields.shift();
      if (oldest === undefined) return;
      this.#bytes -= sizeOf(oldest);
    }
  }
}
