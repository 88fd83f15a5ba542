import {
  appendFile,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type ClusterID,
  type MemberID,
  instantOf,
  systemClock,
  unsafeBrand,
} from '../../base/index.js';
import type { ClusterRecord } from '../../core/cluster/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';
import type { JournalEntry, Wish } from '../../engine/ports/index.js';
import { describeClusterStore } from '../conformance/index.js';
import { createLocalStore } from './store.js';

const record: ClusterRecord = {
  formatVersion: 1,
  name: unsafeBrand('demo'),
  token: unsafeBrand('demo-1a2b'),
  clusterID: unsafeBrand<ClusterID>('f2fbc505168a321'),
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
  retire: [unsafeBrand<MemberID>('ffffffffffffffff')],
};

const spec: ClusterSpec = {
  name: unsafeBrand('demo'),
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

describeClusterStore('the local store as a store', async () => {
  const home = await mkdtemp(join(tmpdir(), 'quorate-store-'));
  const stateDir = join(home, 'clusters', 'prod');
  return {
    open: () => createLocalStore({ stateDir, clock: systemClock }),
    finish: (work) => work,
    dispose: () => rm(home, { recursive: true }),
  };
});

describe('the local store', () => {
  let home: string;
  let stateDir: string;
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'quorate-store-'));
    stateDir = join(home, 'clusters', 'demo');
  });
  afterEach(() => rm(home, { recursive: true }));
  const openStore = () => createLocalStore({ stateDir, clock: systemClock });
  const valueOf = <T>(
    result: { ok: true; value: T } | { ok: false; error: { code: string } },
  ): T => {
    if (!result.ok) throw new Error(result.error.code);
    return result.value;
  };

  describe('the record', () => {
    test('is absent, then what was written; nobody else may read it', async () => {
      expect(valueOf(await openStore().readRecord())).toBeUndefined();
      valueOf(await openStore().writeRecord(record));
      expect(valueOf(await openStore().readRecord())).toEqual(record);
      expect((await stat(stateDir)).mode & 0o777).toBe(0o700);
      expect((await stat(join(stateDir, 'record.json'))).mode & 0o777).toBe(0o600);
      expect(await readdir(stateDir)).toEqual(['record.json']);
    });

    test.each([
      ['half a file', '{"formatVersion":1,"na'],
      ['nothing', ''],
      ['another format', '{"formatVersion":2}'],
      ['no object', '[]'],
      ['a name that is none', JSON.stringify({ ...record, name: 'Not A Name' })],
      ['a clusterID that is none', JSON.stringify({ ...record, clusterID: 'xyz' })],
      ['addresses without ports', JSON.stringify({ ...record, addresses: { m1: {} } })],
      ['a half meeting place', JSON.stringify({ ...record, meetingPlace: { protocol: 'v2' } })],
      ['no issuedNew', JSON.stringify({ ...record, issuedNew: undefined })],
    ])('that holds %s is a problem that names the file', async (_what, content) => {
      await mkdir(stateDir, { recursive: true });
      await writeFile(join(stateDir, 'record.json'), content);
      const result = await openStore().readRecord();
      expect(result).toMatchObject({
        ok: false,
        error: { code: 'state-damaged', data: { path: join(stateDir, 'record.json') } },
      });
    });

    test('in a directory that is a file: the true reason', async () => {
      await writeFile(join(home, 'clusters'), '');
      expect(await openStore().readRecord()).toMatchObject({
        ok: false,
        error: { code: 'directory-unusable' },
      });
      expect(await openStore().writeRecord(record)).toMatchObject({
        ok: false,
        error: { code: 'directory-unusable' },
      });
    });

    test('under a path that is too long', async () => {
      const store = createLocalStore({ stateDir: join(home, 'x'.repeat(300)), clock: systemClock });
      expect(await store.writeRecord(record)).toMatchObject({
        ok: false,
        error: { code: 'directory-unusable', data: { because: 'the path is too long' } },
      });
    });
  });

  describe('the wish', () => {
    test('of ten at once based on the same generation, one is written', async () => {
      const results = await Promise.all(
        Array.from({ length: 10 }, () => openStore().writeWish(wish, 0)),
      );
      expect(results.filter((result) => result.ok)).toHaveLength(1);
      expect(valueOf(await openStore().readWish())?.generation).toBe(1);
    });

    test('that is damaged is a problem', async () => {
      await mkdir(stateDir, { recursive: true });
      await writeFile(join(stateDir, 'wish.json'), JSON.stringify({ ...wish, generation: 'one' }));
      expect(await openStore().readWish()).toMatchObject({
        ok: false,
        error: { code: 'state-damaged' },
      });
    });
  });

  describe('the journal', () => {
    const entry = (n: number): JournalEntry => ({
      kind: 'wish',
      at: instantOf(n),
      generation: n,
      by: 'test',
    });
    const journal = () => join(stateDir, 'journal.jsonl');

    test('loses only the line that a crash cut', async () => {
      const store = openStore();
      await store.appendJournal(entry(1), { durable: true });
      await appendFile(journal(), '{"kind":"wish","at":2,"gen');
      await store.appendJournal(entry(3), { durable: true });
      expect(valueOf(await store.readJournal(10))).toEqual([entry(1), entry(3)]);
    });

    test('skips what is no entry', async () => {
      const store = openStore();
      await store.appendJournal(entry(1), { durable: false });
      await appendFile(journal(), 'null\n[]\n{"kind":"other","at":1}\n\n{"kind":"wish"}\n');
      expect(valueOf(await store.readJournal(10))).toEqual([entry(1)]);
    });

    test('that cannot be read is not an empty one', async () => {
      await mkdir(journal(), { recursive: true });
      expect(await openStore().readJournal(10)).toMatchObject({ ok: false });
    });

    test('grows no longer than its bound, and is read across the seam', async () => {
      const store = openStore();
      const held = valueOf(await store.lock('test'));
      await store.appendJournal(entry(1), { durable: false });
      await appendFile(journal(), `${'x'.repeat(4 * 1024 * 1024)}\n`);
      await store.appendJournal(entry(2), { durable: false });
      await store.appendJournal(entry(3), { durable: false });
      expect((await stat(journal())).size).toBeLessThan(1000);
      expect(valueOf(await store.readJournal(10))).toEqual([entry(1), entry(2), entry(3)]);
      await held.release();
    });
  });

  describe('the lock', () => {
    const lockPath = () => join(stateDir, 'lock');
    const forge = async (over: object) => {
      await mkdir(stateDir, { recursive: true });
      const dead = { pid: process.pid, startMark: 'x', purpose: 'up', since: 1, token: 'dead' };
      await writeFile(lockPath(), JSON.stringify({ ...dead, ...over }));
    };

    test.each([
      ['whose process is gone', { pid: 2 ** 22 + 1 }],
      ['whose pid belongs to a later process', { startMark: 'earlier' }],
    ])('of a holder %s is taken over', async (_who, over) => {
      await forge(over);
      expect(await openStore().lockHolder()).toBeUndefined();
      const held = valueOf(await openStore().lock('run'));
      expect(await held.stillHeld()).toBe(true);
      expect(await readdir(stateDir)).toEqual(['lock']);
      await held.release();
    });

    test('of a dead holder goes to exactly one of many takers, every time', async () => {
      for (let round = 0; round < 20; round++) {
        await forge({ token: `dead-${round}` });
        const results = await Promise.all(
          Array.from({ length: 8 }, (_, i) => openStore().lock(`taker ${i}`)),
        );
        const winners = results.flatMap((result) => (result.ok ? [result.value] : []));
        expect(winners).toHaveLength(1);
        expect(await winners[0]?.stillHeld()).toBe(true);
        await winners[0]?.release();
        expect(await readdir(stateDir)).toEqual([]);
      }
    });

    test('is taken over although an earlier taker died while taking it over', async () => {
      await forge({});
      const deadTaker = (await readFile(lockPath(), 'utf8')).replace('dead', 'dead-taker');
      await writeFile(`${lockPath()}.after-dead`, deadTaker);
      const held = valueOf(await openStore().lock('run'));
      expect(await readdir(stateDir)).toEqual(['lock']);
      await held.release();
    });

    test('that somebody else took meanwhile is not ours any more, and is not released by us', async () => {
      const held = valueOf(await openStore().lock('run'));
      await forge({ token: 'another' });
      expect(await held.stillHeld()).toBe(false);
      await held.release();
      expect(await readFile(lockPath(), 'utf8')).toContain('another');
    });

    test('that cannot be read is never taken over', async () => {
      await mkdir(stateDir, { recursive: true });
      await writeFile(lockPath(), 'no lock of ours');
      expect(await openStore().lock('run')).toMatchObject({
        ok: false,
        error: { code: 'state-damaged' },
      });
    });
  });
});
