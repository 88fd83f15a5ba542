/** A real etcd that is wiped, and started again where it was, under a service that knows tokens of it. */
import { rm } from 'node:fs/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { systemClock } from '../../base/index.js';
import { createClient } from '../../etcd/index.js';
import { startCluster } from '../../etcd/testing/real-etcd.js';
import { createEtcdStore } from './etcd-store.js';
import type { KeptToken, TokenRecord } from './store.js';

const START_MS = 30_000;
const patiently = { timeout: START_MS, interval: 50 };

const recordOf = (token: string): TokenRecord => ({
  token,
  size: 3,
  protocols: ['v2'],
  path: `/${token}`,
  url: undefined,
  secretDigest: 'digest',
  leaseID: undefined,
  members: [],
});

test(
  'nothing of what was in it is told any more, and who registers in the new one is',
  async () => {
    const cluster = await startCluster('3.6', 1);
    onTestFinished(() => cluster.destroy());
    const client = createClient({ endpoints: cluster.endpoints });
    onTestFinished(() => client.close());
    const service = () => createEtcdStore({ client, clock: systemClock, deadlineMs: 5_000 });
    const [here, there] = [service(), service()];
    let gaps = 0;
    const told: string[] = [];
    const following = here.follow({
      onRegistration: ({ token, id }) => void told.push(`${token}/${id}`),
      onGap: () => void gaps++,
    });
    onTestFinished(() => following.stop());
    await vi.waitFor(() => expect(gaps).toBe(1), patiently);
    for (const token of ['one', 'two', 'three', 'known']) await here.create(recordOf(token));
    expect(here.glance('known')?.kept?.record.size).toBe(3);

    const [member] = cluster.members;
    await member?.kill();
    await rm(member?.dataDir ?? '', { recursive: true });
    member?.restart();

    await vi.waitFor(async () => expect((await here.read('known')).ok).toBe(true), patiently);
    expect(here.glance('known')).toBeUndefined();
    await vi.waitFor(() => expect(gaps).toBe(2), patiently);
    expect((await there.create(recordOf('later'))).kind).toBe('done');
    const read = await there.read('later');
    const kept = read.ok ? read.value.kept : undefined;
    expect((await registerAt(there, kept)).kind).toBe('done');
    await vi.waitFor(() => expect(told).toEqual(['later/a']), patiently);
  },
  2 * START_MS,
);

async function registerAt(store: ReturnType<typeof createEtcdStore>, kept?: KeptToken) {
  if (kept === undefined) throw new Error('The token is not there.');
  const peerURLs = ['http://a:2380'];
  const member = { id: 'a', name: 'a', peerURLs, by: 'by-a', createdIndex: undefined };
  return store.register(kept, { ...kept.record, members: [member] });
}
