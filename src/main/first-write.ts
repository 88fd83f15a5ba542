import type { Clock } from '../base/index.js';
import { type EtcdClient, type TLSOptions, createClient } from '../etcd/index.js';

const LEASE_SECONDS = 60;
/** A member that knows no leader accepts the connection and answers nothing: ask again soon. */
const ATTEMPT_MS = 400;
/** A refused connection costs as much processor time as the members need to come up. */
const PAUSE_MS = 10;

/**
 * Answers when a member has acknowledged a write: a lease that is granted through the log and revoked at once, so that
 * no key and no revision of the user's is touched. Every endpoint is asked on its own, again as soon as a try has ended.
 */
export async function firstWrite(
  endpoints: () => readonly string[],
  clock: Clock,
  tls: TLSOptions,
  signal: AbortSignal,
): Promise<{ readonly endpoint: string }> {
  const done = new AbortController();
  const either = AbortSignal.any([signal, done.signal]);
  const clients = new Map<string, EtcdClient>();
  return new Promise((resolve, reject) => {
    const ask = async (endpoint: string, client: EtcdClient): Promise<void> => {
      while (!either.aborted) {
        const options = { deadlineMs: ATTEMPT_MS, signal: either };
        const lease = await client.lease.grant(LEASE_SECONDS, options);
        if (lease.ok) {
          resolve({ endpoint });
          await client.lease.revoke(lease.value.leaseID, { deadlineMs: ATTEMPT_MS });
          done.abort();
          return;
        }
        await clock.sleep(PAUSE_MS, either).catch(() => undefined);
      }
    };
    const asking: Promise<void>[] = [];
    const lookForEndpoints = async (): Promise<void> => {
      while (!either.aborted) {
        for (const endpoint of endpoints()) {
          if (clients.has(endpoint)) continue;
          const client = createClient({ endpoints: [endpoint], clock, tls });
          clients.set(endpoint, client);
          asking.push(ask(endpoint, client));
        }
        await clock.sleep(PAUSE_MS, either).catch(() => undefined);
      }
      await Promise.all(asking);
      await Promise.all([...clients.values()].map((client) => client.close()));
      if (signal.aborted) reject(signal.reason as Error);
    };
    lookForEndpoints().catch(reject);
  });
}
