/**
 * Tokens that need no record before somebody registers: `SIZE-` and, in hex, which host made it (8 digits), its name (32)
 * and its seal (32). Whoever has the key sees that it was made here and is as it was made.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import { type KeptToken, NEVER_WRITTEN, type SealedToken, type TokenRecord } from './store.js';

const SEALED = /^[1-9]-[0-9a-f]{72}$/;
const SEAL_LENGTH = 32;
const BASE_AT = 2;
const BASE_LENGTH = 8;
/** Bytes of a token's own name, and of a key. */
export const NONCE_BYTES = 16;
export const KEY_BYTES = 32;
const KEY = new RegExp(`^[0-9a-f]{${2 * KEY_BYTES}}$`);

export const isSealingKey = (text: string): boolean => KEY.test(text);

/** Whether a token is of this form, by whatever key it was sealed. Nobody makes a token of such a name by hand. */
export const looksSealed = (token: string): boolean => SEALED.test(token);

const digestOfBase = (base: string): string => hash('sha256', base).slice(0, BASE_LENGTH);

/** Of URLs of a sealed token, the one with the scheme and the host that it was made with. */
export function toldAmong(
  urls: readonly string[],
  { token, path }: Pick<TokenRecord, 'token' | 'path'>,
): string | undefined {
  const digest = token.slice(BASE_AT, BASE_AT + BASE_LENGTH);
  return urls.find(
    (url) => url.endsWith(path) && digestOfBase(url.slice(0, -path.length)) === digest,
  );
}

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const TEXT_BYTES = BASE_AT + BASE_LENGTH + 2 * NONCE_BYTES;

/** Seals and opens with one key. */
export class Sealer {
  readonly key: string;
  /** HMAC-SHA-256 (RFC 2104) with its keyed blocks made once, which is a third of the work. */
  readonly #inner = Buffer.alloc(BLOCK_BYTES + TEXT_BYTES, 0x36);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);
  #base = '';
  #baseDigest = '';

  /** `key`: as `isSealingKey` has it. */
  constructor(key: string) {
    this.key = key;
    for (const [at, byte] of Buffer.from(key, 'hex').entries()) {
      this.#inner[at] = 0x36 ^ byte;
      this.#outer[at] = 0x5c ^ byte;
    }
  }

  seal(wish: {
    readonly size: number;
    /** Scheme and host of its URL. */
    readonly base: string;
    /** Random hex, which no other token has. */
    readonly nonce: string;
  }): Omit<SealedToken, 'index'> {
    const { size, base, nonce } = wish;
    if (base !== this.#base) {
      this.#base = base;
      this.#baseDigest = digestOfBase(base);
    }
    const text = `${size}-${this.#baseDigest}${nonce}`;
    const mac = this.#mac(text);
    return { token: text + mac.slice(0, SEAL_LENGTH), secret: mac.slice(SEAL_LENGTH) };
  }

  /** Undefined: it was not made with this key, or is not as it was made. */
  open(token: string): { readonly size: number; readonly secret: string } | undefined {
    if (!looksSealed(token)) return undefined;
    const mac = this.#mac(token.slice(0, -SEAL_LENGTH));
    const [seal, expected] = [token.slice(-SEAL_LENGTH), mac.slice(0, SEAL_LENGTH)];
    return timingSafeEqual(Buffer.from(seal), Buffer.from(expected))
      ? { size: Number(token[0]), secret: mac.slice(SEAL_LENGTH) }
      : undefined;
  }

  #mac(text: string): string {
    this.#inner.write(text, BLOCK_BYTES, 'latin1');
    hash('sha256', this.#inner, 'buffer').copy(this.#outer, BLOCK_BYTES);
    return hash('sha256', this.#outer);
  }
}

/** As old as the store, because nothing says when it was made. */
export const SEALED_INDEX = 1n;

/** The token of a sealed name while nobody has registered. Undefined when the key did not seal it. */
export function unwritten(token: string, sealer: Sealer): KeptToken | undefined {
  const opened = sealer.open(token);
  if (opened === undefined) return undefined;
  const record: TokenRecord = {
    token,
    size: opened.size,
    protocols: ['v2'],
    path: `/${token}`,
    url: undefined,
    secretDigest: hash('sha256', opened.secret),
    leaseID: undefined,
    members: [],
  };
  return { record, createdIndex: SEALED_INDEX, version: NEVER_WRITTEN, sealedBy: sealer.key };
}
