import { type Result, err, nearest, ok, parseDurationMs } from '../../../base/index.js';
import { type Context, fail, show } from '../context.js';
import type { DiscoveryPlace, TokenWish } from '../discovery-ports.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import { badValue } from '../problems.js';
import { newTokenView } from '../views/discovery.js';
import { type StorageOptions, anyStorage } from './discovery-storage.js';

export interface DiscoveryNewOptions extends StorageOptions {
  readonly size: string;
  readonly protocol?: string;
  readonly service?: string;
  readonly ttl?: string;
}

/** As the service itself: larger clusters are slower and no safer. */
const SIZE_MAX = 9;
const TTL_MIN_MS = 60_000;
const TTL_MAX_MS = 366 * 24 * 3_600_000;
const PROTOCOLS = ['v2', 'v3', 'both'] as const;

/** Makes a token and prints what every member is started with. */
export async function discoveryNew(
  context: Context,
  options: DiscoveryNewOptions,
): Promise<ExitCode> {
  const wish = readWish(options);
  if (!wish.ok) return fail(context, wish.error, EXIT.usage);
  const place = await placeOf(context, options);
  if (!place.ok) return fail(context, place.error, EXIT.usage);
  const discovery = await context.ports.discovery();
  const made = await discovery.create(place.value, wish.value, context.interrupt);
  if (!made.ok) return fail(context, made.error);
  await show(context, newTokenView, made.value);
  return EXIT.done;
}

function readWish({ size, protocol, ttl }: DiscoveryNewOptions): Result<TokenWish> {
  const count = Number(size);
  if (!/^\d+$/.test(size) || count < 1 || count > SIZE_MAX) {
    return bad('The number of members', size, `a number from 1 to ${SIZE_MAX}`);
  }
  const known = PROTOCOLS.find((each) => each === protocol);
  if (protocol !== undefined && known === undefined) {
    const near = nearest(protocol, PROTOCOLS) ?? '';
    return bad('The protocol', protocol, PROTOCOLS.join(', '), near);
  }
  const ttlMs = ttl === undefined ? undefined : parseDurationMs(ttl);
  if (ttl !== undefined && (ttlMs === undefined || ttlMs < TTL_MIN_MS || ttlMs > TTL_MAX_MS)) {
    return bad('The time to live', ttl, 'a duration from 1m to 366d, such as 24h');
  }
  return ok({ size: count, protocol: known ?? 'any', ttlMs });
}

const bad = (what: string, found: string, allowed: string, near = ''): Result<never> =>
  err(badValue({ what, found, allowed, nearest: near }));

async function placeOf(
  context: Context,
  options: DiscoveryNewOptions,
): Promise<Result<DiscoveryPlace>> {
  const { service, endpoints } = options;
  if (service !== undefined && endpoints === undefined) {
    return ok({ kind: 'service', url: service });
  }
  const storage = await anyStorage(context, options);
  return storage.ok ? ok({ kind: 'storage', storage: storage.value, service }) : storage;
}
