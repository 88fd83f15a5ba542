/** Locks, semaphores, elections and transactions against a real cluster. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import {
  compare,
  createClient,
  textOf,
  type CallResult,
  type EtcdClient,
  type Session,
} from '../index.js';
import { startCluster, type LabCluster } from '../testing/real-etcd.js';

const START_MS = 30_000;
let cluster: LabCluster;
let client: EtcdClient;

function valueOf<T>(result: CallResult<T>): T {
  if (result.ok) return result.value;
  throw new Error(`expected a value, got ${JSON.stringify(result.error)}`);
}
const sessions = async (count: number): Promise<readonly Session[]> =>
  await Promise.all(
    Array.from({ length: count }, async () => valueOf(await client.session({ ttlSeconds: 10 }))),
  );

beforeAll(async () => {
  cluster = await startCluster('3.6', 3);
  client = createClient({ endpoints: cluster.endpoints });
  const ready = async () => valueOf(await client.kv.put('started', 'yes', { deadlineMs: 2_000 }));
  await vi.waitFor(ready, { timeout: START_MS, interval: 50 });
}, START_MS);

afterAll(async () => {
  await client?.close();
  await cluster?.destroy();
});

test('a lock has one holder at a time, each with a larger fencing token; a semaphore at most its count', async () => {
  const all = await sessions(5);
  let holders = 0;
  let most = 0;
  const tokens: bigint[] = [];
  const hold = async (
    acquire: Promise<CallResult<{ fencingToken: bigint; release(): Promise<unknown> }>>,
  ) => {
    const held = valueOf(await acquire);
    most = Math.max(most, ++holders);
    tokens.push(held.fencingToken);
    await client.kv.get('started');
    holders--;
    await held.release();
  };
  await Promise.all(all.map((session) => hold(session.lock('locks/one').acquire())));
  expect(most).toBe(1);
  expect(tokens).toEqual(tokens.toSorted((a, b) => (a < b ? -1 : 1)));
  most = 0;
  const slots = all.map((session) => session.semaphore('slots', 2));
  await Promise.all(slots.map((slot) => hold(slot.acquire())));
  expect(most).toBeLessThanOrEqual(2);
  const [one, two, three] = slots;
  if (one === undefined || two === undefined || three === undefined) throw new Error('no slot');
  const held = [valueOf(await one.acquire()), valueOf(await two.acquire())];
  let isLetIn = false;
  const waiting = three.acquire().then((third) => {
    isLetIn = true;
    return valueOf(third);
  });
  await expect
    .poll(async () => valueOf(await client.kv.range({ prefix: 'slots/' })).count)
    .toBe(3n);
  expect(isLetIn).toBe(false);
  await held[0]?.release();
  await (await waiting).release();
  await held[1]?.release();
  await Promise.all(all.map((session) => session.close()));
});

test('a lock whose holder is gone goes to the next; one who no longer waits leaves no place', async () => {
  const [one, two, three] = await sessions(3);
  if (one === undefined || two === undefined || three === undefined) throw new Error('no session');
  const held = valueOf(await one.lock('locks/two').acquire());
  const giving = new AbortController();
  const waiting = two.lock('locks/two').acquire({ signal: giving.signal });
  const next = three.lock('locks/two').acquire();
  await expect
    .poll(async () => valueOf(await client.kv.range({ prefix: 'locks/two/' })).count)
    .toBe(3n);
  giving.abort();
  expect(await waiting).toMatchObject({ error: { kind: 'not-sent', why: 'cancelled' } });
  await one.close();
  expect(held.signal.aborted).toBe(true);
  const heir = valueOf(await next);
  expect(heir.fencingToken).toBeGreaterThan(held.fencingToken);
  const late = { kind: 'put', key: 'protected', value: 'late' } as const;
  expect(valueOf(await client.kv.txn({ if: [held.stillHeld], then: [late] })).succeeded).toBe(
    false,
  );
  expect(valueOf(await client.kv.txn({ if: [heir.stillHeld], then: [late] })).succeeded).toBe(true);
  await Promise.all([two.close(), three.close()]);
});

test('an election has a leader with a value, and a next one', async () => {
  const [one, two] = await sessions(2);
  if (one === undefined || two === undefined) throw new Error('no session');
  const leaderNow = async () =>
    textOf(valueOf(await one.election('boss').leader())?.value ?? new Uint8Array());
  const first = valueOf(await one.election('boss').campaign('a'));
  const second = two.election('boss').campaign('b');
  valueOf(await first.proclaim('a2'));
  expect(await leaderNow()).toBe('a2');
  await first.release();
  const heir = valueOf(await second);
  expect(await leaderNow()).toBe('b');
  expect((await first.proclaim('late')).ok).toBe(false);
  await heir.release();
  await Promise.all([one.close(), two.close()]);
});

test('a software transaction loses no update', async () => {
  const add = () =>
    client.stm(async (view) => {
      const next = Number((await view.get('counter')) ?? 0) + 1;
      view.put('counter', String(next));
      return next;
    });
  const results = await Promise.all(Array.from({ length: 10 }, add));
  expect(results.map(valueOf).toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const gone = await client.kv.txn({
    if: [compare('counter').value('=', '10'), compare('nothing').isMissing()],
  });
  expect(valueOf(gone).succeeded).toBe(true);
});
