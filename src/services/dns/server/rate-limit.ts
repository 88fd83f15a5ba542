import { isIPv6 } from 'node:net';
import type { DNSServerLimits } from '../limits.js';

export type Verdict = 'answer' | 'truncate' | 'drop';

interface Bucket {
  tokens: number;
  atMs: number;
  tooMany: number;
}

type RateLimits = Pick<
  DNSServerLimits,
  'answersPerSecond' | 'answersBurst' | 'slip' | 'networksMax'
>;

/**
 * How many answers a network may get over UDP, where anybody can put another's address on a question and have the answer
 * sent there. Asking over TCP proves the address, so what is too many is sometimes told to do that.
 */
export class RateLimit {
  readonly #limits: RateLimits;
  /** The one that asked longest ago is first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(limits: RateLimits) {
    this.#limits = limits;
  }

  get networks(): number {
    return this.#buckets.size;
  }

  ask(address: string, nowMs: number): Verdict {
    const { answersPerSecond, answersBurst, slip, networksMax } = this.#limits;
    const network = networkOf(address);
    const known = this.#buckets.get(network);
    const bucket = known ?? { tokens: answersBurst, atMs: nowMs, tooMany: 0 };
    this.#buckets.delete(network);
    this.#buckets.set(network, bucket);
    if (this.#buckets.size > networksMax) {
      const [oldest = ''] = this.#buckets.keys();
      this.#buckets.delete(oldest);
    }
    const refill = ((nowMs - bucket.atMs) / 1_000) * answersPerSecond;
    bucket.tokens = Math.min(answersBurst, bucket.tokens + refill);
    bucket.atMs = nowMs;
    if (bucket.tokens >= 1) {
      bucket.tokens--;
      bucket.tooMany = 0;
      return 'answer';
    }
    bucket.tooMany++;
    return bucket.tooMany % slip === 0 ? 'truncate' : 'drop';
  }
}

/** IPv4: the first three bytes; IPv6: the first seven, which is what one customer is given. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  const plain = mapped ?? address;
  if (!isIPv6(plain)) return plain.slice(0, plain.lastIndexOf('.'));
  const [bare = ''] = plain.split('%');
  const [head = '', tail] = bare.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: zeros }, () => '0'), ...right];
  const [a = '0', b = '0', c = '0', d = '0'] = groups;
  return [a, b, c, (Number.parseInt(d, 16) >> 8).toString(16)].join(':');
}
