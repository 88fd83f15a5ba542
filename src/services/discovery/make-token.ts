import { hash, timingSafeEqual } from 'node:crypto';
import {
  type Problem,
  type Random,
  type Result,
  err,
  ok,
  parseDurationMs,
} from '../../base/index.js';
import { NAME_LENGTH_MAX, TTL_MAX_MS, TTL_MIN_MS } from './limits.js';
import { discoveryBadExpiry } from './problems.js';
import type { DiscoveryProtocol, DiscoveryStore, TokenRecord } from './store.js';

const SECRET_BYTES = 16;
const TOKEN_BYTES = 16;

/** As the public service made them: 32 hex digits. */
export const newTokenName = (random: Random): string => random.hex(TOKEN_BYTES);

export type MadeToken =
  | { readonly kind: 'made'; readonly secret: string; readonly index: bigint }
  | { readonly kind: 'exists' }
  | { readonly kind: 'failed'; readonly problem: Problem };

const MAKE_TRIES = 2;

/** Makes a token, once, also when an answer got lost on the way. */
export async function makeToken(
  { store, random }: { readonly store: DiscoveryStore; readonly random: Random },
  token: Pick<TokenRecord, 'token' | 'size' | 'path' | 'url' | 'protocols'>,
  ttlMs: number | undefined,
): Promise<MadeToken> {
  const secret = random.hex(SECRET_BYTES);
  const lease = ttlMs === undefined ? ok(undefined) : await store.grantLease(ttlMs);
  if (!lease.ok) return { kind: 'failed', problem: lease.error };
  const secretDigest = digestOf(secret);
  const record: TokenRecord = { ...token, secretDigest, leaseID: lease.value, members: [] };
  for (let tries = 1; ; tries++) {
    const change = await store.create(record);
    if (change.kind === 'done') return { kind: 'made', secret, index: change.index };
    if (change.kind === 'changed') {
      const read = await store.read(token.token);
      if (!read.ok) return { kind: 'failed', problem: read.error };
      const { kept } = read.value;
      return kept?.record.secretDigest === secretDigest
        ? { kind: 'made', secret, index: kept.createdIndex }
        : { kind: 'exists' };
    }
    if (tries === MAKE_TRIES) return { kind: 'failed', problem: change.problem };
  }
}

const digestOf = (secret: string): string => hash('sha256', secret);

/** Whether a request carries the secret that was told when the token was made. */
export function holdsSecret(
  authorization: string | undefined,
  { secretDigest }: TokenRecord,
): boolean {
  const [, secret] = /^Bearer ([0-9a-f]{1,128})$/.exec(authorization ?? '') ?? [];
  if (secret === undefined) return false;
  return timingSafeEqual(
    Buffer.from(digestOf(secret)),
    Buffer.from(secretDigest.padEnd(64).slice(0, 64)),
  );
}

export function parseExpiry(found: string): Result<number, Problem> {
  const ms = found.length > NAME_LENGTH_MAX ? undefined : parseDurationMs(found);
  return ms !== undefined && ms >= TTL_MIN_MS && ms <= TTL_MAX_MS
    ? ok(ms)
    : err(discoveryBadExpiry({ found }));
}

export function protocolsOf(word: string): readonly DiscoveryProtocol[] | undefined {
  switch (word) {
    case 'v2':
    case 'v3':
      return [word];
    case 'both':
      return ['v2', 'v3'];
    default:
      return undefined;
  }
}
