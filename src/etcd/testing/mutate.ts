import type { Random } from '../../base/index.js';

/** Bytes that tend to matter: ends of ranges, flags, lengths. */
const SHARP = [0, 1, 2, 4, 8, 0x7f, 0x80, 0xfe, 0xff];

/** A wrong copy of these bytes: flipped, cut, doubled, moved, grown or with a length blown up. */
export function mutate(bytes: Uint8Array, random: Random): Uint8Array {
  let result: Uint8Array = Uint8Array.from(bytes);
  const times = 1 + Math.floor(random.next() * 4);
  for (let count = 0; count < times; count++) result = once(result, random);
  return result;
}

function once(bytes: Uint8Array, random: Random): Uint8Array {
  const below = (end: number) => Math.floor(random.next() * end);
  const at = below(bytes.length + 1);
  const length = Math.min(bytes.length - at, 1 + below(16));
  switch (below(7)) {
    case 0: {
      const copy = Uint8Array.from(bytes);
      if (at < copy.length) copy[at] = (copy[at] ?? 0) ^ (1 << below(8));
      return copy;
    }
    case 1: {
      const copy = Uint8Array.from(bytes);
      if (at < copy.length) copy[at] = SHARP[below(SHARP.length)] ?? 0;
      return copy;
    }
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return join(bytes.subarray(0, at), bytes.subarray(at + length));
    case 4:
      return join(bytes.subarray(0, at + length), bytes.subarray(at));
    case 5:
      return join(
        bytes.subarray(0, at),
        Uint8Array.from({ length: 1 + below(12) }, () => below(256)),
        bytes.subarray(at),
      );
    default: {
      const copy = Uint8Array.from(bytes);
      for (let index = at; index < Math.min(copy.length, at + 4); index++) copy[index] = 0xff;
      return copy;
    }
  }
}

const join = (...parts: readonly Uint8Array[]): Uint8Array => Buffer.concat(parts);
