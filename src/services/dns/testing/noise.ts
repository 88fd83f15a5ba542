/**
 * For tests only: seeded noise made of right messages. QUORATE_FUZZ_SEED and QUORATE_FUZZ_COUNT choose other noise and more of
 * it: the short forms are for every run, `npm run fuzz` is the long one.
 */
import type { Random } from '../../../base/index.js';

export const FUZZ_SEED = Number(process.env['QUORATE_FUZZ_SEED'] ?? 1);

export const fuzzCount = (short: number): number =>
  Number(process.env['QUORATE_FUZZ_COUNT'] ?? short);

const BYTES_MAX = 4_096;

const upTo = (random: Random, below: number): number => Math.floor(random.next() * below);

/** A few of: bytes changed, cut off, repeated, filled with pointers, two messages joined. */
export function mutatedOf(seeds: readonly Buffer[], random: Random): Buffer {
  let bytes = Buffer.from(seeds[upTo(random, seeds.length)] ?? Buffer.alloc(0));
  for (let times = 1 + upTo(random, 6); times > 0; times--) {
    const at = upTo(random, bytes.length + 1);
    switch (upTo(random, 7)) {
      case 0:
        if (at < bytes.length) bytes[at] = upTo(random, 256);
        break;
      case 1:
        bytes = bytes.subarray(0, at);
        break;
      case 2:
        bytes = Buffer.concat([bytes, bytes.subarray(at)]);
        break;
      case 3:
        bytes = Buffer.concat([
          bytes.subarray(0, at),
          Buffer.from([0xc0, upTo(random, 64)]),
          bytes.subarray(at),
        ]);
        break;
      case 4:
        // Counts of the header: the ones that a reader would allocate by.
        if (bytes.length >= 12) bytes.writeUInt16BE(upTo(random, 65_536), 4 + 2 * upTo(random, 4));
        break;
      case 5:
        bytes = Buffer.concat([bytes, seeds[upTo(random, seeds.length)] ?? bytes]);
        break;
      default:
        // As a query with its shape kept, so that what lies behind the header is reached.
        if (bytes.length >= 12) {
          bytes.writeUInt16BE(0x100, 2);
          bytes.set([0, 1, 0, 0, 0, 0, 0, upTo(random, 3)], 4);
        }
    }
    bytes = bytes.subarray(0, BYTES_MAX);
  }
  return bytes;
}
