/** Two front-ends' stores before one real etcd: what either has seen is never what it answers when it is old. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type Result, seededRandom, systemClock } from '../../base/index.js';
import { type EtcdClient, createClient } from '../../etcd/index.js';
import { type LabCluster, startCluster } from '../../etcd/testing/real-etcd.js';
import { createEtcdStore } from './etcd-store.js';
import type { Change, DiscoveryStore, KeptToken, TokenRecord, TokenSight } from './store.js';

const START_MS = 30_000;
let cluster: LabCluster;
let client: EtcdClient;
let here: DiscoveryStore;
let there: DiscoveryStore;
const told: string[] = [];

beforeAll(async () => {
  let gaps = 0;
  let begun: () => void = () => undefined;
  const following = new Promise<void>((resolve) => (begun = resolve));
  cluster = await startCluster('3.6', 1);
  client = createClient({ endpoints: cluster.endpoints });
  const store = () => createEtcdStore({ client, clock: systemClock, deadlineMs: 5_000 });
  here = store();
  there = store();
  for (const each of [here, there]) {
    each.follow({
      onRegistration: ({ token, id }) => void (each === there && told.push(`${token}/${id}`)),
      onGap: () => void (++gaps === 2 && begun()),
    });
  }
  await vi.waitFor(async () => valueOf(await here.health()), { timeout: START_MS, interval: 50 });
  await following;
}, START_MS);

afterAll(async () => {
  await client?.close();
  await cluster?.destroy();
});

function valueOf<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(result.error.summary);
}

const recordOf = (token: string, rest: Partial<TokenRecord> = {}): TokenRecord => ({
  token,
  size: 3,
  protocols: ['v2'],
  path: `/${token}`,
  url: undefined,
  secretDigest: 'digest',
  leaseID: undefined,
  members: [],
  ...rest,
});

const keptOf = ({ kept }: TokenSight): KeptToken => {
  if (kept === undefined) throw new Error('The token is not there.');
  return kept;
};

async function seen(store: DiscoveryStore, token: string): Promise<TokenSight> {
  return valueOf(await store.read(token));
}

async function register(store: DiscoveryStore, from: KeptToken, id: string): Promise<Change> {
  const { record } = from;
  const member = {
    id,
    name: id,
    peerURLs: [`http://${id}:2380`],
    by: `by-${id}`,
    createdIndex: undefined,
  };
  const next = { ...record, members: [...record.members, member] };
  return store.register(from, next);
}

const idsIn = ({ registrations }: TokenSight): readonly string[] =>
  registrations.map(({ id }) => id);

test('what one service registers, another reads, though it has seen the token before', async () => {
  expect((await here.create(recordOf('both'))).kind).toBe('done');
  const first = keptOf(await seen(there, 'both'));
  expect((await register(here, keptOf(await seen(here, 'both')), 'a')).kind).toBe('done');

  const after = await seen(there, 'both');
  expect(idsIn(after)).toEqual(['a']);
  expect(keptOf(after).record.members.map(({ id }) => id)).toEqual(['a']);
  // Nothing is changed on what was seen before: the change names its version.
  expect(await register(there, first, 'b')).toEqual({ kind: 'changed' });
  expect((await register(there, keptOf(after), 'b')).kind).toBe('done');
  expect(idsIn(await seen(here, 'both'))).toEqual(['a', 'b']);
  expect(await seen(here, 'both')).toEqual(await seen(there, 'both'));
  // When each registered is in the record, and in the changes of others it stays.
  const [a, b] = (await seen(here, 'both')).registrations;
  expect([a?.createdIndex, b?.createdIndex].every((index) => index !== undefined)).toBe(true);
  expect(keptOf(after).version).toBe(a?.createdIndex);
  expect(keptOf(await seen(here, 'both')).version).toBe(b?.createdIndex);
});

test('one that is known, one that changed elsewhere and one that is new are read in one turn, each as it is', async () => {
  for (const token of ['known', 'changed']) await here.create(recordOf(token));
  await register(there, keptOf(await seen(there, 'changed')), 'c');
  await there.create(recordOf('new'));
  const [known, changed, fresh, none] = await Promise.all(
    ['known', 'changed', 'new', 'none'].map((token) => seen(here, token)),
  );
  expect([known, changed, fresh].map((each) => each && idsIn(each))).toEqual([[], ['c'], []]);
  expect(none?.kept).toBeUndefined();
  expect(known?.index).toBe(changed?.index);
});

test('a token that expired, or was made anew, is not what it was', async () => {
  const leaseID = valueOf(await here.grantLease(60_000));
  await here.create(recordOf('brief', { leaseID }));
  expect(keptOf(await seen(here, 'brief')).record.size).toBe(3);
  if (leaseID !== undefined) await client.lease.revoke(leaseID);
  expect((await seen(here, 'brief')).kept).toBeUndefined();
  expect(here.glance('brief')).toBeUndefined();
  await there.create(recordOf('brief', { size: 5 }));
  expect(keptOf(await seen(here, 'brief')).record.size).toBe(5);
});

test('who registers over v3, past the service, is seen, and keeps others from registering over v2', async () => {
  await here.create(recordOf('v3', { protocols: ['v2', 'v3'] }));
  const before = keptOf(await seen(here, 'v3'));
  await client.kv.put('/_etcd/registry/v3/members/abc', 'x=http://x:2380');
  expect(await register(here, before, 'd')).toEqual({ kind: 'changed' });
  for (let look = 0; look < 2; look++) {
    expect((await seen(here, 'v3')).v3.registrations.map(({ id }) => id)).toEqual(['abc']);
  }
});

test('what another service does is at hand before it is told', async () => {
  await here.create(recordOf('glanced'));
  expect(here.glance('glanced')?.registrations).toEqual([]);
  await register(here, keptOf(await seen(here, 'glanced')), 'g');
  await vi.waitFor(() => expect(told).toContain('glanced/g'));
  const sight = there.glance('glanced');
  expect(sight && idsIn(sight)).toEqual(['g']);
  const kept = keptOf(await seen(there, 'glanced'));
  await there.unregister(kept, { ...kept.record, members: [] });
  await vi.waitFor(() => expect(here.glance('glanced')?.registrations).toEqual([]));
  // A deletion is no registration.
  expect(told.filter((each) => each.startsWith('glanced/'))).toEqual(['glanced/g']);
});

test('a token that goes away is not at hand any more', async () => {
  const leaseID = valueOf(await here.grantLease(60_000));
  await here.create(recordOf('going', { leaseID }));
  await seen(there, 'going');
  expect(there.glance('going')).toBeDefined();
  if (leaseID !== undefined) await client.lease.revoke(leaseID);
  await vi.waitFor(() => expect(there.glance('going')).toBeUndefined());
  await vi.waitFor(() => expect(here.glance('going')).toBeUndefined());
});

test('many tokens made in one turn, one of them taken: the others are made', async () => {
  await there.create(recordOf('taken', { size: 7 }));
  const names = Array.from({ length: 150 }, (_, i) => `many-${i}`);
  const made = await Promise.all([...names, 'taken'].map((name) => here.create(recordOf(name))));
  expect(made.map(({ kind }) => kind)).toEqual([...names.map(() => 'done'), 'changed']);
  expect(keptOf(await seen(there, 'many-149')).record.size).toBe(3);
  expect(keptOf(await seen(here, 'taken')).record.size).toBe(7);
});

const random = seededRandom(34);
const sealing = (store: DiscoveryStore, size = 3) =>
  Promise.resolve(store.seal({ size, base: 'http://h:1' }, random)).then(valueOf);

const countOf = async (token: string): Promise<bigint> => {
  const found = await client.kv.range(`/quorate/discovery/tokens/${token}`, { countOnly: true });
  return valueOf(found.ok ? { ok: true, value: found.value.count } : { ok: true, value: -1n });
};

test('a token that was sealed here is nowhere in etcd, and there it is known; its first member makes its record', async () => {
  const { token } = await sealing(here, 2);
  expect(await countOf(token)).toBe(0n);
  for (const store of [there, here]) {
    const sight = await seen(store, token);
    expect(keptOf(sight).record).toMatchObject({ size: 2, path: `/${token}`, members: [] });
    expect(keptOf(await seen(store, token)).version).toBe(0n);
  }
  expect((await register(there, keptOf(await seen(there, token)), 'a')).kind).toBe('done');
  // The first one is told, too: whoever waits here has seen an empty list.
  await vi.waitFor(() =>
    expect(here.glance(token)?.registrations.map(({ id }) => id)).toEqual(['a']),
  );
  expect(told).toContain(`${token}/a`);
  expect((await register(here, keptOf(await seen(here, token)), 'b')).kind).toBe('done');
  expect(await seen(there, token)).toEqual(await seen(here, token));
  expect(keptOf(await seen(here, token)).createdIndex).toBe(1n);
  expect(await countOf(token)).toBe(1n);
});

test('of two first members at one moment, each through its own service, one is first and the other reads again', async () => {
  const { token } = await sealing(here);
  const both = [keptOf(await seen(here, token)), keptOf(await seen(there, token))] as const;
  const changes = await Promise.all([register(here, both[0], 'a'), register(there, both[1], 'b')]);
  expect(changes.map(({ kind }) => kind).toSorted()).toEqual(['changed', 'done']);
  expect(await countOf(token)).toBe(1n);
});

test('many sealed tokens, one that is forged and one by name are read in one turn', async () => {
  const sealed = await Promise.all(Array.from({ length: 90 }, () => sealing(here)));
  const tokens = sealed.map(({ token }) => token);
  const forged = `9${tokens[0]?.slice(1)}`;
  await here.create(recordOf('by-name'));
  const sights = await Promise.all([...tokens, forged, 'by-name'].map((each) => seen(there, each)));
  expect(sights.map(({ kept }) => kept?.record.size)).toEqual([
    ...tokens.map(() => 3),
    undefined,
    3,
  ]);
});

test('with the key in etcd every token of it is gone, also for a service that has it at hand', async () => {
  const { token } = await sealing(here);
  const kept = keptOf(await seen(there, token));
  await client.kv.deleteRange('/quorate/discovery/sealing-key');
  expect((await register(there, kept, 'a')).kind).toBe('changed');
  for (const store of [there, here]) expect((await seen(store, token)).kept).toBeUndefined();
  expect(await countOf(token)).toBe(0n);
  // Whoever makes the next one finds out, and makes a key that all share again.
  await vi.waitFor(
    async () => {
      const next = await sealing(here);
      expect(keptOf(await seen(there, next.token)).record.size).toBe(3);
    },
    { timeout: 10_000, interval: 100 },
  );
});
