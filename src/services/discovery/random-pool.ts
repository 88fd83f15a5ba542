import type { Random } from '../../base/index.js';

const BLOCK_BYTES = 512;

/** The same randomness, drawn in blocks: a system call for each secret would be a good part of what a token costs. */
export function pooled(random: Random): Random {
  let left = '';
  return {
    next: () => random.next(),
    hex: (bytes) => {
      const length = 2 * bytes;
      if (length > left.length) left = random.hex(Math.max(BLOCK_BYTES, bytes));
      const drawn = left.slice(0, length);
      left = left.slice(length);
      return drawn;
    },
  };
}
