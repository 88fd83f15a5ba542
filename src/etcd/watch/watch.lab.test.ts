/** Watches and leases against real members of the four lines, while members are killed, frozen and brought back. */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { unsafeBrand, type Revision } from '../../base/index.js';
import { createClient, textOf, type CallResult, type EtcdClient, type Watch } from '../index.js';
import { LAB_LINES, startCluster, type LabCluster } from '../testing/real-etcd.js';

const START_MS = 30_000;

function valueOf<T>(result: CallResult<T>): T {
  if (result.ok) return result.value;
  throw new Error(`expected a value, got ${JSON.stringify(result.error)}`);
}
const pollValue = <T>(call: () => Promise<CallResult<T>>): Promise<T> =>
  vi.waitFor(async () => valueOf(await call()), { timeout: START_MS, interval: 50 });

/** Reads `count` events, each as `key@revision`. */
async function events(watch: Watch, count: number): Promise<readonly string[]> {
  const words: string[] = [];
  for await (const item of watch) {
    if (item.kind === 'ended') throw new Error(JSON.stringify(item.end));
    if (item.kind === 'progress') continue;
    for (const { kv } of item.events) words.push(`${textOf(kv.key)}@${kv.modRevision}`);
    if (words.length >= count) break;
  }
  return words;
}

describe.each(LAB_LINES)('etcd %s', (line) => {
  let cluster: LabCluster;
  let client: EtcdClient;

  beforeAll(async () => {
    cluster = await startCluster(line, 3);
    client = createClient({ endpoints: cluster.endpoints });
    await pollValue(() => client.kv.put('started', 'yes', { deadlineMs: 2_000 }));
  }, START_MS);

  afterAll(async () => {
    await client?.close();
    await cluster?.destroy();
  });

  test('filters, previous values, deletions and progress', async () => {
    const puts = client.watch.open({ prefix: 'f/' }, { only: 'puts', wantPrevious: true });
    const deletes = client.watch.open({ prefix: 'f/' }, { only: 'deletes', wantPrevious: true });
    await Promise.all([puts.ready, deletes.ready]);
    valueOf(await client.kv.put('f/a', '1'));
    valueOf(await client.kv.put('f/a', '2'));
    valueOf(await client.kv.deleteRange('f/a'));
    valueOf(await client.kv.put('f/a', '3'));
    const kinds: string[] = [];
    for await (const item of puts) {
      if (item.kind !== 'events') continue;
      for (const { kind, kv, previous } of item.events) {
        kinds.push(
          `${kind} ${textOf(kv.value)} after ${previous === undefined ? '-' : textOf(previous.value)}`,
        );
      }
      if (kinds.length === 3) break;
    }
    expect(kinds).toEqual(['put 1 after -', 'put 2 after 1', 'put 3 after -']);
    for await (const item of deletes) {
      if (item.kind !== 'events') continue;
      expect(
        item.events.map(({ kind, previous }) => [
          kind,
          textOf(previous?.value ?? new Uint8Array()),
        ]),
      ).toEqual([['delete', '2']]);
      break;
    }
    const asked = client.watch.open('f/a', { wantProgress: true });
    await asked.ready;
    const revision = valueOf(await client.kv.put('elsewhere', 'x')).header.revision;
    // A member behind the one that took the write answers with its own revision.
    let told: Revision = unsafeBrand<Revision>(0n);
    const asking = setInterval(() => asked.requestProgress(), 50);
    for await (const item of asked) {
      if (item.kind === 'progress') told = item.revision;
      if (told >= revision) break;
    }
    clearInterval(asking);
    expect(told).toBeGreaterThanOrEqual(revision);
  });

  test('history larger than one message comes whole and in order', async () => {
    const value = 'v'.repeat(500_000);
    let first: Revision | undefined;
    for (let count = 0; count < 20; count++) {
      first ??= valueOf(await client.kv.put('big/0', value)).header.revision;
      valueOf(await client.kv.put(`big/${count}`, value));
    }
    const watch = client.watch.open({ prefix: 'big/' }, { startRevision: first ?? 1n });
    const words = await events(watch, 21);
    const revisions = words.map((word) => BigInt(word.split('@')[1] ?? 0));
    expect(revisions).toEqual(revisions.map((_, index) => (first ?? 0n) + BigInt(index)));
  });

  test('of a compacted revision is told as such', async () => {
    const { revision } = valueOf(await client.kv.put('c', '1')).header;
    valueOf(await client.kv.put('c', '2'));
    valueOf(await client.kv.compact(unsafeBrand<Revision>(revision + 1n)));
    const watch = client.watch.open('c', { startRevision: revision });
    await expect
      .poll(async () => {
        const first = await client.watch
          .open('c', { startRevision: revision })
          [Symbol.asyncIterator]()
          .next();
        return first.value?.kind === 'ended' && first.value.end.kind;
      })
      .toBe('compacted');
    watch.cancel();
  });

  test('every revision once and in order, while each member in turn is killed or frozen; a lease lives through it', async () => {
    const held = valueOf(await client.lease.hold(15));
    const watch = client.watch.open({ prefix: 'w/' });
    expect((await watch.ready).ok).toBe(true);
    const acknowledged = new Map<bigint, string>();
    let isDone = false;
    const writing = (async () => {
      for (let count = 0; !isDone; count++) {
        const put = await client.kv.put(`w/${count}`, 'v', {
          deadlineMs: 3_000,
          leaseID: held.leaseID,
        });
        if (put.ok) acknowledged.set(put.value.header.revision, `w/${count}`);
      }
    })();
    const seen: [bigint, string][] = [];
    const reading = (async () => {
      for await (const item of watch) {
        if (item.kind === 'ended') throw new Error(JSON.stringify(item.end));
        if (item.kind !== 'events') continue;
        for (const { kv } of item.events) {
          if (textOf(kv.key) === 'w/end') return;
          seen.push([kv.modRevision, textOf(kv.key)]);
        }
      }
    })();
    const progress = async () => {
      const before = seen.length;
      await expect.poll(() => seen.length, { timeout: START_MS }).toBeGreaterThan(before + 20);
    };
    for (const [index, member] of cluster.members.entries()) {
      if (index === 1) {
        await member.pause();
        await progress();
        member.resume();
      } else {
        await member.kill();
        await progress();
        member.restart();
      }
      await progress();
      const endpoint = member.clientURL;
      await pollValue(() => client.kv.get('started', { endpoint, deadlineMs: 1_000 }));
    }
    isDone = true;
    await writing;
    await pollValue(() => client.kv.put('w/end', 'v', { deadlineMs: 3_000 }));
    await reading;
    const revisions = seen.map(([revision]) => revision);
    expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => (a < b ? -1 : 1)));
    const lookedUp = new Map(seen);
    expect([...acknowledged].filter(([revision, key]) => lookedUp.get(revision) !== key)).toEqual(
      [],
    );
    expect(acknowledged.size).toBeGreaterThan(100);
    expect(held.signal.aborted).toBe(false);
    const left = valueOf(await client.lease.timeToLive(held.leaseID));
    expect(left.leftSeconds).toBeGreaterThan(0);
    valueOf(await client.lease.revoke(held.leaseID));
    expect(await held.lost).toEqual({ kind: 'stopped' });
  });

  test('a lease that was revoked by somebody else is told gone', async () => {
    const held = valueOf(await client.lease.hold(2));
    const other = createClient({ endpoints: cluster.endpoints });
    await pollValue(() => other.lease.revoke(held.leaseID));
    expect(await held.lost).toEqual({ kind: 'gone' });
    await other.close();
  });
});
