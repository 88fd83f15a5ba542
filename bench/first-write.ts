import { createClient, type EtcdClient, type TLSOptions } from '../src/etcd/index.js';

const ATTEMPT_MS = 250;
/** As often as the lab measured, and not so often that the asking itself slows what is asked. */
const PAUSE_MS = 10;
const GIVE_UP_MS = 30_000;

/**
 * When a put was first acknowledged by any of the endpoints, on the monotonic clock of this process. Every endpoint is
 * asked on its own, again as soon as an attempt has ended. The same measure for ours and for theirs. Certificates are
 * read at each dial: they need not be there yet.
 */
export async function firstAcknowledgedWrite(
  endpoints: readonly string[],
  tls?: TLSOptions,
): Promise<number> {
  const done = new AbortController();
  const clients = endpoints.map((endpoint) => createClient({ endpoints: [endpoint], tls }));
  try {
    return await Promise.race([
      ...clients.map((client) => putUntilAcknowledged(client, done.signal)),
      new Promise<never>((_, reject) => {
        setTimeout(() => reject(new Error('No write within 30 s')), GIVE_UP_MS).unref();
      }),
    ]);
  } finally {
    done.abort();
    await Promise.all(clients.map((client) => client.close()));
  }
}

async function putUntilAcknowledged(client: EtcdClient, signal: AbortSignal): Promise<number> {
  for (let i = 0; ; i++) {
    if (signal.aborted) return new Promise<number>(() => undefined);
    const answer = await client.kv.put(`bench/${i}`, 'x', { deadlineMs: ATTEMPT_MS, signal });
    if (answer.ok) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
