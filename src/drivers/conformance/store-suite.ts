import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Result, instantOf, unsafeBrand } from '../../base/index.js';
import type { ClusterRecord, MeetingPlace } from '../../core/cluster/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';
import type { ClusterStore, JournalEntry, Wish } from '../../engine/ports/index.js';

export interface StoreRig {
  /** Another look at the same state, as from another process. */
  open(): ClusterStore;
  /** Lets the work end, and as much time pass as it needs. */
  finish<T>(work: Promise<T>): Promise<T>;
  dispose(): Promise<void>;
}

const record: ClusterRecord = {
  formatVersion: 1,
  name: unsafeBrand('prod'),
  token: unsafeBrand('prod-1a2b'),
  clusterID: unsafeBrand('f2fbc505168a321'),
  version: unsafeBrand('3.6.15'),
  issuedNew: [unsafeBrand('m1')],
  addresses: {
    m1: {
      peerURLs: [unsafeBrand('http://127.0.0.1:20001')],
      clientURLs: [unsafeBrand('http://127.0.0.1:20000')],
      listenPeerURLs: ['http://127.0.0.1:20001'],
      listenClientURLs: ['http://127.0.0.1:20000'],
      listenMetricsURLs: ['http://127.0.0.1:20002'],
      dataDir: '/state/members/m1/data',
    },
  },
  retire: [unsafeBrand('ffffffffffffffff')],
};

const spec: ClusterSpec = {
  name: unsafeBrand('prod'),
  version: '3.6',
  bootstrap: { kind: 'static' },
  driver: { kind: 'local' },
  members: [{ name: unsafeBrand('m1'), host: unsafeBrand('m1'), start: 'quorate' }],
  etcd: { 'heartbeat-interval': '100ms', 'pre-vote': true },
  tls: { kind: 'off' },
  proxies: [],
  consumers: [],
};
const wish: Omit<Wish, 'generation'> = { spec, state: 'up', paused: false, retire: [] };

const entry = (n: number): JournalEntry => ({
  kind: 'wish',
  at: instantOf(n),
  generation: n,
  by: "it's a test",
});

/** What every store promises, by the port alone. */
export function describeClusterStore(name: string, makeRig: () => Promise<StoreRig>): void {
  describe(name, () => {
    let rig: StoreRig;
    beforeEach(async () => {
      rig = await makeRig();
    });
    afterEach(() => rig.dispose());

    const valueOf = async <T>(work: Promise<Result<T>>): Promise<T> => {
      const result = await rig.finish(work);
      if (!result.ok) throw new Error(result.error.code);
      return result.value;
    };
    const codeOf = async (work: Promise<Result<unknown>>): Promise<string> => {
      const result = await rig.finish(work);
      return result.ok ? 'ok' : result.error.code;
    };

    test('the record is absent, then what was written', async () => {
      expect(await valueOf(rig.open().readRecord())).toBeUndefined();
      const store = rig.open();
      const held = await valueOf(store.lock('test'));
      await valueOf(store.writeRecord(record));
      expect(await valueOf(store.readRecord())).toEqual(record);
      await valueOf(store.writeRecord({ ...record, issuedNew: [] }));
      expect(await valueOf(rig.open().readRecord())).toEqual({ ...record, issuedNew: [] });
      await rig.finish(held.release());
    });

    test.each<MeetingPlace>([
      { protocol: 'v2', url: 'http://10.0.0.9:8087/v2/keys/abc', size: 3, isOurs: false },
      { protocol: 'v3', endpoints: ['http://10.0.0.9:2379'], token: 'abc', size: 3, isOurs: true },
    ])('the record keeps where the members meet ($protocol)', async (meetingPlace) => {
      const { clusterID: _born, ...unborn } = record;
      await valueOf(rig.open().writeRecord({ ...unborn, meetingPlace }));
      expect(await valueOf(rig.open().readRecord())).toEqual({ ...unborn, meetingPlace });
    });

    test('the wish grows by one generation with each write, by whoever writes it', async () => {
      expect(await valueOf(rig.open().readWish())).toBeUndefined();
      expect((await valueOf(rig.open().writeWish(wish, 0))).generation).toBe(1);
      const down = await valueOf(rig.open().writeWish({ ...wish, state: 'down' }, 1));
      expect(await valueOf(rig.open().readWish())).toEqual(down);
      expect(down).toEqual({ ...wish, state: 'down', generation: 2 });
    });

    test('a wish on an older generation is a conflict and changes nothing', async () => {
      const first = await valueOf(rig.open().writeWish(wish, 0));
      const second = await rig.finish(rig.open().writeWish({ ...wish, paused: true }, 0));
      expect(second).toMatchObject({
        ok: false,
        error: { code: 'wish-conflict', data: { basedOn: 0, found: 1 } },
      });
      expect(await valueOf(rig.open().readWish())).toEqual(first);
    });

    test('of several wishes at once on the same generation, one is written', async () => {
      await valueOf(rig.open().writeWish(wish, 0));
      const all = Array.from({ length: 5 }, () => rig.open().writeWish(wish, 1));
      const results = await rig.finish(Promise.all(all));
      expect(results.filter((result) => result.ok)).toHaveLength(1);
      expect((await valueOf(rig.open().readWish()))?.generation).toBe(2);
    });

    test('the journal gives the newest entries, oldest first', async () => {
      const store = rig.open();
      expect(await valueOf(store.readJournal(5))).toEqual([]);
      const held = await valueOf(store.lock('test'));
      for (let n = 1; n <= 4; n++) {
        await valueOf(store.appendJournal(entry(n), { durable: n % 2 === 0 }));
      }
      await rig.finish(held.release());
      await valueOf(rig.open().appendJournal(entry(5), { durable: false }));
      expect(await valueOf(rig.open().readJournal(3))).toEqual([entry(3), entry(4), entry(5)]);
    });

    test('the lock is held by one, who is named; not even its own process takes it twice', async () => {
      const store = rig.open();
      const held = await valueOf(store.lock('apply'));
      expect(await held.stillHeld()).toBe(true);
      expect(await rig.finish(rig.open().lockHolder())).toMatchObject({
        pid: process.pid,
        purpose: 'apply',
      });
      expect(await rig.finish(store.lock('run'))).toMatchObject({
        ok: false,
        error: { code: 'lock-held', data: { pid: process.pid, purpose: 'apply' } },
      });
      await rig.finish(held.release());
      expect(await held.stillHeld()).toBe(false);
      expect(await rig.finish(rig.open().lockHolder())).toBeUndefined();
      expect(await codeOf(store.lock('run'))).toBe('ok');
    });
  });
}
