import { type Clock, type Random, type Result, assertNever, err, ok } from '../../base/index.js';
import type { EtcdClient } from '../../etcd/index.js';
import { runningServices } from './announce.js';
import { baseURLOf } from './base-url.js';
import { createEtcdStore } from './etcd-store.js';
import { DEFAULT_DISCOVERY_LIMITS } from './limits.js';
import { makeToken, newTokenName } from './make-token.js';
import {
  discoveryNoService,
  discoveryNoV3Here,
  discoveryServiceSilent,
  discoveryStorageSilent,
} from './problems.js';
import { type ServiceAnswer, askService } from './service-client.js';
import type { DiscoveryProtocol } from './store.js';

export interface TokenWish {
  readonly size: number;
  readonly protocols: readonly DiscoveryProtocol[];
  /** Absent: it stays. */
  readonly ttlMs: number | undefined;
}

/** A token as the people who start members need it. */
export interface NewToken {
  readonly token: string;
  readonly size: number;
  readonly protocols: readonly DiscoveryProtocol[];
  /** For v2. */
  readonly url: string | undefined;
  /** For v3: where members reach the etcd. */
  readonly endpoints: readonly string[];
  /** Told once; with it a registration can be deleted while the token is open. */
  readonly secret: string;
}

/** Makes a token in an etcd directly. Over v2 its URL is that of the one service that runs there, or the one named. */
export async function newTokenAt(
  parts: { readonly client: EtcdClient; readonly clock: Clock; readonly random: Random },
  wish: TokenWish,
  where: { readonly endpoints: readonly string[]; readonly service: string | undefined },
): Promise<Result<NewToken>> {
  const { client, clock, random } = parts;
  const { size, protocols, ttlMs } = wish;
  const token = newTokenName(random);
  const path = `/${token}`;
  const base = protocols.includes('v2') ? await serviceOf(client, where.service) : ok(undefined);
  if (!base.ok) return base;
  const url = base.value === undefined ? undefined : `${base.value}${path}`;
  const store = createEtcdStore({ client, clock, deadlineMs: DEFAULT_DISCOVERY_LIMITS.storageMs });
  const made = await makeToken({ store, random }, { token, size, path, url, protocols }, ttlMs);
  switch (made.kind) {
    case 'failed':
      return err(made.problem);
    case 'exists':
      return err(discoveryStorageSilent({ because: `A token ${token} exists already.` }));
    case 'made':
      return ok({ token, size, protocols, url, endpoints: where.endpoints, secret: made.secret });
    default:
      return assertNever(made);
  }
}

async function serviceOf(client: EtcdClient, named: string | undefined): Promise<Result<string>> {
  if (named !== undefined) return baseURLOf(named);
  const running = await runningServices(client);
  if (!running.ok) return running;
  const [only, ...others] = running.value;
  return only === undefined || others.length > 0
    ? err(discoveryNoService({ running: running.value }))
    : ok(only);
}

/** Makes a token through a service of ours. */
export async function newTokenThrough(
  service: string,
  { size, protocols, ttlMs }: TokenWish,
  signal: AbortSignal,
): Promise<Result<NewToken>> {
  const base = baseURLOf(service);
  if (!base.ok) return base;
  const query = new URLSearchParams({
    size: String(size),
    protocol: protocols.length > 1 ? 'both' : (protocols[0] ?? 'v2'),
    ...(ttlMs === undefined ? {} : { ttl: `${Math.ceil(ttlMs / 1000)}s` }),
  });
  const asked = `${base.value}/new?${query.toString()}`;
  const answer = await askService(asked, signal);
  if (!answer.ok) return answer;
  return newTokenFrom(base.value, answer.value);
}

function newTokenFrom(url: string, { status, json, text }: ServiceAnswer): Result<NewToken> {
  if (status === 200 && json !== undefined) {
    const { token, url: tokenURL, secret, size, protocols, endpoints } = json;
    if (
      typeof token === 'string' &&
      typeof tokenURL === 'string' &&
      typeof secret === 'string' &&
      typeof size === 'number' &&
      Array.isArray(protocols) &&
      Array.isArray(endpoints)
    ) {
      const used = protocols as readonly DiscoveryProtocol[];
      return ok({
        token,
        size,
        secret,
        protocols: used,
        url: used.includes('v2') ? tokenURL : undefined,
        endpoints: endpoints.map(String),
      });
    }
  }
  const problem = json?.['problem'];
  const code = typeof problem === 'object' && problem !== null && 'code' in problem && problem.code;
  return code === discoveryNoV3Here.code
    ? err(discoveryNoV3Here({ url }))
    : err(discoveryServiceSilent({ url, because: `It answered ${status}: ${text}` }));
}
