/**
 * The same calls in the same order, through our client on one cluster and through grpc-js on another one like it: the
 * answers and the error codes are the same. What each cluster has of its own (ids, terms, sizes) is left out; revisions,
 * versions, hashes and everything else is compared.
 */
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { MemberID } from '../../../src/base/index.js';
import { rpcs, type CallResult, type EtcdClient } from '../../../src/etcd/index.js';
import { createClient, type WatchEvent } from '../../../src/etcd/index.js';
import { LAB_LINES, startCluster, type LabCluster } from '../../../src/etcd/testing/real-etcd.js';
import { rawClient, type RawAnswer, type RawClient, type RawMessage } from '../../lab/raw-grpc.js';
import { CALLS, type Seen } from './calls.js';

const START_MS = 30_000;

/** A cluster of one and who asks it. */
interface Side {
  readonly cluster: LabCluster;
  readonly memberID: MemberID;
}

describe.each(LAB_LINES)('etcd %s', (line) => {
  let clusters: readonly LabCluster[] = [];
  let client: EtcdClient;
  let raw: RawClient;
  let ours: Side;
  let theirs: Side;

  const born = async (): Promise<Side> => {
    const cluster = await startCluster(line, 1);
    clusters = [...clusters, cluster];
    const starter = createClient({ endpoints: cluster.endpoints });
    const memberID = await vi.waitFor(
      async () => {
        const put = await starter.kv.put('started', 'yes', { deadlineMs: 1_000 });
        if (!put.ok) throw new Error(put.error.message);
        return put.value.header;
      },
      { timeout: START_MS, interval: 50 },
    );
    await starter.close();
    return { cluster, memberID: memberID.memberID };
  };

  beforeAll(async () => {
    [ours, theirs] = [await born(), await born()];
    client = createClient({
      endpoints: ours.cluster.endpoints,
      auth: { username: 'root', password: 'secret' },
    });
    raw = await rawClient(theirs.cluster.endpoints[0] ?? '');
  }, 2 * START_MS);

  afterAll(async () => {
    await client?.close();
    raw?.close();
    await Promise.all(clusters.map((cluster) => cluster.destroy()));
  });

  test('every unary call gives the same answer, or is refused with the same code and text', async () => {
    const used = new Set<string>();
    const differences: unknown[] = [];
    for (const call of CALLS) {
      if (call.since !== undefined && Number(line.split('.')[1]) < call.since) continue;
      const path = call.raw.method;
      used.add(path);
      const mine = seenByUs(await call.ours(client, { memberID: ours.memberID }));
      const request = call.raw.request({ memberID: BigInt(`0x${theirs.memberID}`).toString() });
      const answer = await raw.unary(path, request);
      if (path === 'Auth/Authenticate' && answer.ok) raw.setToken(String(answer.value['token']));
      if (path === 'Auth/AuthDisable' && answer.ok) raw.setToken(undefined);
      const right = seenByThem(answer, call.seen);
      const [a, b] = [neutral(mine, ours), neutral(right, theirs)];
      if (JSON.stringify(a) !== JSON.stringify(b)) differences.push({ call: call.name, a, b });
    }
    expect(differences).toEqual([]);
    const streams = new Set(['Watch/Watch', 'Lease/LeaseKeepAlive', 'Maintenance/Snapshot']);
    const all = new Set(Object.values(rpcs).map(({ path }) => path.replace('/etcdserverpb.', '')));
    const notAsked = [...all].filter((path) => !used.has(path) && !streams.has(path));
    const young = line === '3.4' ? ['Auth/AuthStatus', 'Maintenance/Downgrade'] : [];
    expect(notAsked.filter((path) => !young.includes(path))).toEqual([]);
  });

  test('a watch sees the same changes, and is told the same of history that is forgotten', async () => {
    const began = await client.kv.put('w/a', '1');
    if (!began.ok) throw new Error(began.error.message);
    const startRevision = began.value.header.revision;
    await client.kv.txn({
      then: [
        { kind: 'put', key: 'w/b', value: '2' },
        { kind: 'put', key: 'w/c', value: '3' },
      ],
    });
    await client.kv.deleteRange({ prefix: 'w/' });
    const bytes = (text: string) => Buffer.from(text);
    const put = (key: string, value: string) => ({ key: bytes(key), value: bytes(value) });
    await raw.unary('KV/Put', put('w/a', '1'));
    const success = [{ request_put: put('w/b', '2') }, { request_put: put('w/c', '3') }];
    await raw.unary('KV/Txn', { success });
    await raw.unary('KV/DeleteRange', { key: bytes('w/'), range_end: bytes('w0') });

    const mine: unknown[] = [];
    const first = { startRevision, wantPrevious: true };
    for await (const item of client.watch.open({ prefix: 'w/' }, first)) {
      if (item.kind === 'ended') throw new Error(item.end.kind);
      if (item.kind === 'events') mine.push(...item.events.map(eventOfOurs));
      if (mine.length >= 6) break;
    }
    const create_request = {
      key: bytes('w/'),
      range_end: bytes('w0'),
      start_revision: String(startRevision),
      prev_kv: true,
    };
    const eventsOf = (answers: readonly RawMessage[]) =>
      answers.flatMap(({ events }) => events as readonly RawMessage[]);
    const answers = await raw.stream(
      'Watch/Watch',
      [{ create_request }],
      (all) => eventsOf(all).length >= 6,
    );
    expect(mine).toEqual(eventsOf(answers).map(eventOfTheirs));

    const old = await raw.stream(
      'Watch/Watch',
      [{ create_request: { key: bytes('w/'), start_revision: '1' } }],
      (all) => all.some(({ canceled }) => canceled === true),
    );
    const compactRevision = BigInt(String(old.at(-1)?.['compact_revision']));
    expect(compactRevision).toBeGreaterThan(1n);
    for await (const item of client.watch.open('w/', { startRevision: 1n })) {
      expect(item).toMatchObject({ kind: 'ended', end: { kind: 'compacted', compactRevision } });
    }
  });

  test('a lease is kept alive with the same answers, and so is one that does not exist', async () => {
    const granted = await client.lease.hold(60);
    if (!granted.ok) throw new Error(granted.error.message);
    const keeper = granted.value;
    const gone = client.lease.keepAlive(4_711n);
    await raw.unary('Lease/LeaseGrant', { ID: '77', TTL: '60' });
    const answers = await raw.stream(
      'Lease/LeaseKeepAlive',
      [{ ID: '77' }, { ID: '4711' }],
      (all) => all.length >= 2,
    );
    expect(answers.map(({ ID, TTL }) => [ID, TTL])).toEqual([
      ['77', '60'],
      ['4711', '0'],
    ]);
    expect(await gone.lost).toEqual({ kind: 'gone' });
    await vi.waitFor(() => expect(keeper.renewals).toBeGreaterThanOrEqual(0));
    expect(keeper.leftMs()).toBeGreaterThan(50_000);
    keeper.stop();
  });

  test('a snapshot has the same bytes of database and a right sum, as a stream and into a sink', async () => {
    let streamed = 0;
    for await (const item of client.maintenance.openSnapshot()) {
      if (item.kind === 'chunk') streamed += item.bytes.length;
      else expect(item.end).toMatchObject({ ok: true, value: { sizeBytes: streamed } });
    }
    const sunk: Uint8Array[] = [];
    const summary = await client.maintenance.snapshot((chunk) => void sunk.push(chunk));
    expect(summary).toMatchObject({ ok: true, value: { sizeBytes: streamed } });
    const answers = await raw.stream('Maintenance/Snapshot', [{}]);
    const bytes = answers.reduce((sum, { blob }) => sum + String(blob).length / 2, 0);
    expect(bytes % 512).toBe(streamed % 512);
    expect(answers.at(-1)?.['remaining_bytes']).toBe('0');
  });
});

const seenByUs = (result: CallResult<unknown>): unknown => {
  if (result.ok) return plain(result.value);
  const { error } = result;
  if (error.kind === 'refused') return { code: error.code, message: error.message };
  return { kind: error.kind, message: error.message };
};

const seenByThem = (answer: RawAnswer, seen: Seen): unknown =>
  answer.ok ? plain(seen(answer.value)) : { code: answer.code, message: answer.message };

/** Bigints and bytes as text, undefined left out: what two JSON documents can be compared by. */
function plain(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== undefined)
      .map(([key, inner]) => [key, plain(inner)] as const)
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
}

/** What each cluster has of its own, by a common name. */
function neutral(value: unknown, { cluster, memberID }: Side): unknown {
  const [member] = cluster.members;
  const text = JSON.stringify(value ?? null)
    .replaceAll(memberID, 'MEMBER')
    .replaceAll(member?.clientURL ?? '-', 'CLIENT')
    .replaceAll(member?.peerURL ?? '-', 'PEER')
    .replace(/"clusterID":"[0-9a-f]+"/g, '"clusterID":"CLUSTER"')
    .replace(/"raftTerm":"\d+"/g, '"raftTerm":"TERM"');
  return JSON.parse(text) as unknown;
}

const eventOfOurs = ({ kind, kv, previous }: WatchEvent): unknown =>
  plain({ kind, key: kv.key, value: kv.value, at: kv.modRevision, previous: previous?.value });

const eventOfTheirs = (event: RawMessage): unknown => {
  const kv = event['kv'] as RawMessage;
  const previous = event['prev_kv'] as RawMessage | null;
  const kind = event['type'] === 1 ? 'delete' : 'put';
  const { key, value, mod_revision: at } = kv;
  return plain({ kind, key, value, at, previous: previous?.['value'] });
};
