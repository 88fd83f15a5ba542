/** Scratch for one block, overwritten at every use: a birth is planned with a dozen of these. */
const WORDS = new Int32Array(80);

/** SHA-1, pure: etcd derives member and cluster ids with it (etcd-facts 1.1); `core` may not use the platform's. */
export function sha1(message: Uint8Array): Uint8Array {
  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  const blocks = ((message.length + 8) >> 6) + 1;
  for (let block = 0; block < blocks; block++) {
    for (let i = 0; i < 16; i++) {
      const from = block * 64 + i * 4;
      WORDS[i] =
        (byteAt(message, from) << 24) |
        (byteAt(message, from + 1) << 16) |
        (byteAt(message, from + 2) << 8) |
        byteAt(message, from + 3);
    }
    if (block === blocks - 1) {
      WORDS[14] = Math.floor(message.length / 2 ** 29);
      WORDS[15] = message.length * 8;
    }
    mix(state);
  }
  const digest = new Uint8Array(20);
  const out = new DataView(digest.buffer);
  state.forEach((word, i) => out.setInt32(i * 4, word));
  return digest;
}

/** The message, then one bit, then nothing. */
const byteAt = (message: Uint8Array, i: number): number =>
  message[i] ?? (i === message.length ? 0x80 : 0);

function mix(state: Int32Array): void {
  for (let i = 16; i < 80; i++) {
    const word = word32(i - 3) ^ word32(i - 8) ^ word32(i - 14) ^ word32(i - 16);
    WORDS[i] = (word << 1) | (word >>> 31);
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  const before = [a, b, c, d, e];
  for (let i = 0; i < 80; i++) {
    let f: number;
    let k: number;
    if (i < 20) {
      f = (b & c) | (~b & d);
      k = 0x5a827999;
    } else if (i < 40) {
      f = b ^ c ^ d;
      k = 0x6ed9eba1;
    } else if (i < 60) {
      f = (b & c) | (b & d) | (c & d);
      k = 0x8f1bbcdc;
    } else {
      f = b ^ c ^ d;
      k = 0xca62c1d6;
    }
    const next = (((a << 5) | (a >>> 27)) + f + e + k + word32(i)) | 0;
    e = d;
    d = c;
    c = (b << 30) | (b >>> 2);
    b = a;
    a = next;
  }
  // An Int32Array keeps the low 32 bits of a sum, as SHA-1 wants it.
  state.set([a, b, c, d, e].map((word, i) => word + (before[i] ?? 0)));
}

const word32 = (i: number): number => WORDS[i] ?? 0;
