import { type Clock, type Result, err, ok } from '../../base/index.js';
import { type EtcdClient, problemOfEtcdError, textOf } from '../../etcd/index.js';
import { discoveryStorageSilent } from './problems.js';

const SERVICES = '/quorate/discovery/services/';
const TTL_SECONDS = 15;
const RETRY_MS = 2_000;
const DEADLINE_MS = 3_000;

/** Keeps the service's URL in its etcd while it lives, so that whoever makes a token there knows what to print. */
export function announce(
  client: Pick<EtcdClient, 'kv' | 'lease'>,
  clock: Clock,
  url: string,
): { stop(): Promise<void> } {
  const ending = new AbortController();
  const { signal } = ending;
  let leaseID: bigint | undefined;
  const keep = async (): Promise<void> => {
    while (!signal.aborted) {
      const lease = await client.lease.hold(TTL_SECONDS, { deadlineMs: DEADLINE_MS });
      if (lease.ok) {
        leaseID = lease.value.leaseID;
        await client.kv.put(SERVICES + url, url, { leaseID, deadlineMs: DEADLINE_MS });
        await lost(AbortSignal.any([lease.value.signal, signal]));
      }
      await clock.sleep(RETRY_MS, signal).catch(() => undefined);
    }
  };
  const kept = keep();
  return {
    stop: async () => {
      ending.abort();
      await kept;
      if (leaseID !== undefined) await client.lease.revoke(leaseID, { deadlineMs: DEADLINE_MS });
    },
  };
}

const lost = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** URLs of the services that run before this etcd now. */
export async function runningServices(
  client: Pick<EtcdClient, 'kv'>,
): Promise<Result<readonly string[]>> {
  const found = await client.kv.range({ prefix: SERVICES }, { deadlineMs: DEADLINE_MS });
  if (found.ok) return ok(found.value.kvs.map(({ value }) => textOf(value)));
  const { summary, detail } = problemOfEtcdError(found.error, {
    what: 'look for discovery services',
    target: 'the etcd behind them',
  });
  return err(discoveryStorageSilent({ because: `${summary}. ${detail}` }));
}
