/** Randomness as an argument. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** `bytes` random bytes as lower-case hex. */
  hex(bytes: number): string;
}

/** Deterministic (mulberry32): the same seed gives the same numbers on every machine. Not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, hex: (bytes) => hexFrom(bytes, () => Math.floor(next() * 256)) };
}

/** The platform's secure generator. */
export const systemRandom: Random = {
  next: () => {
    const [word = 0] = globalThis.crypto.getRandomValues(new Uint32Array(1));
    return word / 4294967296;
  },
  hex: (bytes) => {
    const block = globalThis.crypto.getRandomValues(new Uint8Array(bytes));
    let at = 0;
    return hexFrom(bytes, () => block[at++] ?? 0);
  },
};

function hexFrom(bytes: number, nextByte: () => number): string {
  let text = '';
  for (let i = 0; i < bytes; i++) text += nextByte().toString(16).padStart(2, '0');
  return text;
}
