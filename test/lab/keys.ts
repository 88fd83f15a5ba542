import { createClient } from '../../src/etcd/index.js';
import { hashAt, readAll } from './writer.js';

const CALL_MS = 10_000;
/** A member that is restarted as planned may take one answer with it. */
const REPEATS_MAX = 2;

/** One write and its linearizable read: the cluster works. Answers the ClusterID that the members give. */
export async function writeAndRead(
  endpoints: readonly string[],
  key: string,
  value: string,
): Promise<string> {
  const client = createClient({ endpoints });
  try {
    // The same key with the same value: what may have been written already is not harmed by writing it once more.
    let put = await client.kv.put(key, value, { deadlineMs: CALL_MS });
    for (let i = 0; i < REPEATS_MAX && !put.ok && put.error.kind === 'unknown'; i++) {
      put = await client.kv.put(key, value, { deadlineMs: CALL_MS });
    }
    if (!put.ok) throw new Error(`The write of ${key} failed: ${put.error.message}`);
    const got = await client.kv.get(key, { deadlineMs: CALL_MS });
    if (!got.ok) throw new Error(`The read of ${key} failed: ${got.error.message}`);
    const read = got.value === undefined ? undefined : new TextDecoder().decode(got.value.value);
    if (read !== value) throw new Error(`Wrote ${value} to ${key} and read ${read}`);
    return put.value.header.clusterID;
  } finally {
    await client.close();
  }
}

/** Everything the cluster holds, read through quorum; and every member's hash of it must be the same. */
export async function contentOf(
  endpoints: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const client = createClient({ endpoints });
  try {
    const { values, revision } = await readAll(client, '', {});
    const hashes = await Promise.all(endpoints.map((endpoint) => hashAt(endpoint, revision)));
    if (new Set(hashes).size > 1) {
      throw new Error(`Members differ at revision ${revision}: ${hashes.join(', ')}`);
    }
    return values;
  } finally {
    await client.close();
  }
}
