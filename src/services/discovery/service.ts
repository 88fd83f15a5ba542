import { type Clock, type Logger, type Random, type Result, ok } from '../../base/index.js';
import type { EtcdClient } from '../../etcd/index.js';
import { announce } from './announce.js';
import { createEtcdStore } from './etcd-store.js';
import { DEFAULT_DISCOVERY_LIMITS, type DiscoveryLimits } from './limits.js';
import { type ListenSettings, listen } from './http/listener.js';
import { baseURLOf } from './base-url.js';
import { DiscoveryProtocolService } from './protocol.js';
import { pooled } from './random-pool.js';
import type { DiscoveryStore } from './store.js';

export interface DiscoveryServiceOptions {
  /** The etcd that keeps everything; whoever gives it closes it. */
  readonly client: EtcdClient;
  readonly listen: ListenSettings;
  /** How members reach the service, when not as it listens. */
  readonly advertise: string | undefined;
  /** Where members reach the etcd itself, for the v3 protocol. */
  readonly endpoints: readonly string[];
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits?: Partial<DiscoveryLimits> | undefined;
}

export interface DiscoveryService {
  /** What members are given. */
  readonly url: string;
  /** Members that wait at the moment. */
  pollCount(): number;
  /** Ends every poll cleanly, takes nothing new, lets answers go out, and ends. */
  drain(graceMs: number): Promise<void>;
}

/** A front-end: it keeps nothing that matters, and any number of them may run before one etcd. */
export async function startDiscoveryService(
  options: DiscoveryServiceOptions,
): Promise<Result<DiscoveryService>> {
  const { client, clock } = options;
  const limits = { ...DEFAULT_DISCOVERY_LIMITS, ...options.limits };
  const store = createEtcdStore({ client, clock, deadlineMs: limits.storageMs });
  const served = await serveDiscovery({ ...options, store, limits });
  if (!served.ok) return served;
  const announced = announce(client, clock, served.value.url);
  return ok({
    ...served.value,
    drain: async (graceMs) => {
      await announced.stop();
      await served.value.drain(graceMs);
    },
  });
}

/** The same over any store. */
export async function serveDiscovery(
  options: Omit<DiscoveryServiceOptions, 'client' | 'limits'> & {
    readonly store: DiscoveryStore;
    readonly limits: DiscoveryLimits;
  },
): Promise<Result<DiscoveryService>> {
  const { store, clock, random, logger, limits, endpoints } = options;
  const baseURL = options.advertise === undefined ? ok(undefined) : baseURLOf(options.advertise);
  if (!baseURL.ok) return baseURL;
  const protocol = new DiscoveryProtocolService({
    store,
    clock,
    random: pooled(random),
    logger,
    limits,
    endpoints,
    baseURL: baseURL.value,
  });
  const listener = await listen(options.listen, {
    clock,
    limits,
    handle: (request) => protocol.handle(request),
    onFault: (error) => logger.log('error', 'a request failed', { because: String(error) }),
  });
  if (!listener.ok) {
    protocol.stop();
    return listener;
  }
  return ok({
    url: baseURL.value ?? listener.value.url,
    pollCount: () => protocol.pollCount,
    drain: async (graceMs) => {
      const closed = listener.value.close(graceMs);
      protocol.stop();
      await closed;
    },
  });
}
