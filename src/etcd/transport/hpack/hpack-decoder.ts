import { DynamicTable } from './dynamic-table.js';
import { sizeOf, type HeaderField } from './header-field.js';
import { HpackFault } from './hpack-fault.js';
import { decodeHuffman } from './huffman.js';
import { STATIC_TABLE } from './static-table.js';

export interface HpackLimits {
  /** What we allow the other side's dynamic table; it may use less. */
  readonly tableBytesMax: number;
  /** A header list above this is decoded, as the tables must stay in step, and not kept. */
  readonly listBytesMax: number;
}

const NOTHING: Buffer = Buffer.alloc(0);

/** Decodes the header blocks of one connection, in the order they came (RFC 7541). */
export class HpackDecoder {
  readonly #limits: HpackLimits;
  readonly #table: DynamicTable;
  #bytes = NOTHING;
  #at = 0;
  #end = 0;

  constructor(limits: HpackLimits) {
    this.#limits = limits;
    this.#table = new DynamicTable(limits.tableBytesMax);
  }

  get tableBytes(): number {
    return this.#table.bytes;
  }

  /** The fields of the block in `bytes[start, end)`; undefined when they are more than allowed. Throws `HpackFault`. */
  decode(bytes: Buffer, start: number, end: number): readonly HeaderField[] | undefined {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    const fields: HeaderField[] = [];
    let listBytes = 0;
    let isAtStart = true;
    while (this.#at < end) {
      const first = bytes[this.#at] ?? 0;
      if ((first & 0xe0) === 0x20) {
        if (!isAtStart) throw new HpackFault('a table size is changed inside a header block');
        this.#resizeTable();
        continue;
      }
      isAtStart = false;
      const field = this.#field(first);
      listBytes += sizeOf(field);
      if (listBytes <= this.#limits.listBytesMax) fields.push(field);
    }
    // What was decoded lives on in the fields; the chunk it came from need not.
    this.#bytes = NOTHING;
    return listBytes <= this.#limits.listBytesMax ? fields : undefined;
  }

  /** RFC 7541 §6.1, §6.2: indexed, or literal and then kept, not kept, or never to be kept. */
  #field(first: number): HeaderField {
    if (first >= 0x80) return this.#indexed(this.#integer(7));
    const isKept = first >= 0x40;
    const nameIndex = this.#integer(isKept ? 6 : 4);
    const name = nameIndex === 0 ? this.#text() : this.#indexed(nameIndex).name;
    const field = { name, value: this.#text() };
    if (isKept) this.#table.add(field);
    return field;
  }

  #indexed(index: number): HeaderField {
    const field =
      index <= STATIC_TABLE.length
        ? STATIC_TABLE[index - 1]
        : this.#table.at(index - STATIC_TABLE.length - 1);
    if (field === undefined) throw new HpackFault(`no header field has the index ${index}`);
    return field;
  }

  #resizeTable(): void {
    const bytes = this.#integer(5);
    if (bytes > this.#limits.tableBytesMax) {
      throw new HpackFault(`a table of ${bytes} bytes is more than was agreed`);
    }
    this.#table.resize(bytes);
  }

  #text(): string {
    const isHuffman = (this.#bytes[this.#at] ?? 0) >= 0x80;
    const length = this.#integer(7);
    const start = this.#at;
    const end = start + length;
    if (end > this.#end) throw new HpackFault('a text is longer than its header block');
    this.#at = end;
    return isHuffman
      ? decodeHuffman(this.#bytes, start, end)
      : this.#bytes.toString('latin1', start, end);
  }

  /** RFC 7541 §5.1. Nothing that is counted here comes near the bound. */
  #integer(prefixBits: number): number {
    const SHIFT_MAX = 21;
    const mask = 2 ** prefixBits - 1;
    let value = this.#byte() & mask;
    if (value < mask) return value;
    for (let shift = 0; shift <= SHIFT_MAX; shift += 7) {
      const byte = this.#byte();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new HpackFault('a number is larger than anything that is counted');
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new HpackFault('a header block ends inside a field');
    return this.#bytes[this.#at++] ?? 0;
  }
}
