import { HpackFault } from './hpack-fault.js';

/**
 * The length in bits of each symbol's code (RFC 7541 Appendix B). The code is canonical: codes of one length are
 * consecutive in the order of their symbols, so that the lengths say everything.
 */
// prettier-ignore
const CODE_BITS: readonly number[] = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
  28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
  5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
  7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
  6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
  24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
  21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
  19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
  26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30, // EOS
];
const EOS = 256;
const BITS_MAX = 30;
/** What is left of the last byte is filled with the first bits of EOS, which are ones. */
const PADDING_BITS_MAX = 7;

/** The codes of each length: the first one, how many there are, and where their symbols begin in SYMBOLS. */
const FIRST_CODE = new Uint32Array(BITS_MAX + 1);
const COUNT = new Uint16Array(BITS_MAX + 1);
const FIRST_SYMBOL = new Uint16Array(BITS_MAX + 1);
const SYMBOLS = Uint16Array.from(CODE_BITS.keys()).sort(
  (a, b) => (CODE_BITS[a] ?? 0) - (CODE_BITS[b] ?? 0) || a - b,
);
for (const bits of CODE_BITS) COUNT[bits] = (COUNT[bits] ?? 0) + 1;
for (let bits = 1; bits <= BITS_MAX; bits++) {
  const shorter = COUNT[bits - 1] ?? 0;
  FIRST_CODE[bits] = ((FIRST_CODE[bits - 1] ?? 0) + shorter) * 2;
  FIRST_SYMBOL[bits] = (FIRST_SYMBOL[bits - 1] ?? 0) + shorter;
}

/** The text of `bytes[start, end)`. Throws `HpackFault` on padding that is none, and on EOS (RFC 7541 §5.2). */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  const SHORTEST_BITS = 5;
  const text = Buffer.allocUnsafe(Math.floor(((end - start) * 8) / SHORTEST_BITS));
  let length = 0;
  let code = 0;
  let bits = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    for (let shift = 7; shift >= 0; shift--) {
      code = code * 2 + ((byte >> shift) & 1);
      bits++;
      const offset = code - (FIRST_CODE[bits] ?? 0);
      if (offset < 0 || offset >= (COUNT[bits] ?? 0)) continue;
      const symbol = SYMBOLS[(FIRST_SYMBOL[bits] ?? 0) + offset] ?? EOS;
      if (symbol === EOS) throw new HpackFault('a Huffman-coded text contains EOS');
      text[length++] = symbol;
      code = 0;
      bits = 0;
    }
  }
  if (bits > PADDING_BITS_MAX || code !== 2 ** bits - 1) {
    throw new HpackFault('a Huffman-coded text ends inside a symbol');
  }
  return text.toString('latin1', 0, length);
}
