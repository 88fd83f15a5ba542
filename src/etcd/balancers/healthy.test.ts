/** The default balancer with a client and servers whose every byte is up to the test. */
import { afterEach, describe, expect, test } from 'vitest';
import { createClient, type EtcdClient, type EtcdClientOptions } from '../index.js';
import {
  answer,
  putAnswer,
  rangeAnswer,
  refuse,
  startFakeServer,
  type FakeCall,
  type FakeServer,
} from '../testing/fake-server.js';
import { StatusResponse } from '../wire/generated/maintenance.js';
import { MemberListResponse } from '../wire/generated/cluster.js';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const clean of cleanups.splice(0).toReversed()) await clean();
});

const LEADER = 7n;

interface FakeMember extends FakeServer {
  /** What it does with a call that is no probe; undefined: the usual. */
  handle: ((call: FakeCall) => void) | undefined;
  status: { leader: bigint; memberID: bigint; isLearner: boolean; term: bigint } | 'silent';
  count(method: string): number;
}

const statusAnswer = ({
  leader,
  memberID,
  isLearner,
  term,
}: Exclude<FakeMember['status'], string>) =>
  StatusResponse.encode({
    ...StatusResponse.decode(new Uint8Array(0)),
    header: { clusterId: 1n, memberId: memberID, revision: 1n, raftTerm: term },
    version: '3.6.0',
    leader,
    raftIndex: 10n,
    raftAppliedIndex: 10n,
    raftTerm: term,
    isLearner,
  }).finish();

async function member(memberID: bigint): Promise<FakeMember> {
  const server = await startFakeServer((call) => {
    const { stream, path } = call;
    if (path.endsWith('/Status')) {
      if (fake.status !== 'silent') answer(stream, statusAnswer(fake.status));
    } else if (fake.handle !== undefined) fake.handle(call);
    else answer(stream, path.endsWith('Put') ? putAnswer() : rangeAnswer('k'));
  });
  cleanups.push(() => server.close());
  const fake: FakeMember = Object.assign(Object.create(server) as FakeServer, {
    handle: undefined,
    status: { leader: LEADER, memberID, isLearner: false, term: 3n } as FakeMember['status'],
    count: (method: string) => server.calls.filter(({ path }) => path.endsWith(method)).length,
  });
  return fake;
}

function clientOf(
  members: readonly FakeServer[],
  options: Partial<EtcdClientOptions> = {},
): EtcdClient {
  const client = createClient({ endpoints: members.map(({ endpoint }) => endpoint), ...options });
  cleanups.push(() => client.close(0));
  return client;
}

const conditions = (client: EtcdClient) => client.endpoints().map(({ condition }) => condition);

/** A client of two followers and a leader, in this order, which has found out who is who. */
async function three() {
  const members = [await member(5n), await member(6n), await member(LEADER)] as const;
  const client = clientOf(members);
  await client.kv.get('k');
  await expect
    .poll(() => client.endpoints().map(({ isLeader }) => isLeader))
    .toEqual([false, false, true]);
  await expect.poll(() => conditions(client)).toEqual(['well', 'well', 'well']);
  return { members, client };
}

describe('healthy', () => {
  test('sends writes and reads to the leader, and goes with it when it moves', async () => {
    const { members, client } = await three();
    const [a, , c] = members;
    for (let count = 0; count < 5; count++) await client.kv.put('k', 'v');
    expect([a.count('Put'), c.count('Put')]).toEqual([0, 5]);
    a.status = { leader: 5n, memberID: 5n, isLearner: false, term: 4n };
    c.status = { leader: 5n, memberID: LEADER, isLearner: false, term: 4n };
    // Somebody must use the client for it to look.
    await expect
      .poll(async () => {
        await client.kv.get('k');
        return client.endpoints()[0]?.isLeader;
      })
      .toBe(true);
    const before = a.count('Put');
    await client.kv.put('k', 'v');
    expect(a.count('Put')).toBe(before + 1);
  });

  test('asks again where the leader drops a write while leadership moves, which certainly did nothing', async () => {
    const { members, client } = await three();
    const [, , c] = members;
    let drops = 0;
    c.handle = ({ stream }) => {
      if (drops++ < 3) refuse(stream, 2, 'raft proposal dropped');
      else answer(stream, putAnswer());
    };
    expect((await client.kv.put('k', 'v')).ok).toBe(true);
    expect(drops).toBe(4);
  });

  test('rides out an election: a write that every member turned away is asked again', async () => {
    const { members, client } = await three();
    let refusals = 0;
    for (const each of members) {
      each.handle = ({ stream }) => {
        if (refusals++ < 8) refuse(stream, 14, 'etcdserver: no leader');
        else answer(stream, putAnswer());
      };
    }
    expect((await client.kv.put('k', 'v')).ok).toBe(true);
    expect(refusals).toBeGreaterThan(8);
  });

  test('never sends a write twice that may have been taken', async () => {
    const { members, client } = await three();
    const [a, b, c] = members;
    c.handle = () => undefined;
    const put = await client.kv.put('k', 'v', { deadlineMs: 1_500 });
    expect(put).toMatchObject({ error: { kind: 'unknown', why: 'deadline' } });
    expect([a, b, c].map((each) => each.count('Put'))).toEqual([0, 0, 1]);
  });

  test('hedges a read that is late, and leaves the member alone that is late again and again', async () => {
    const { members, client } = await three();
    const [, , c] = members;
    c.handle = () => undefined;
    for (let count = 0; count < 3; count++) {
      const read = await client.kv.get('k', { deadlineMs: 30_000 });
      expect(read.ok).toBe(true);
    }
    await expect.poll(() => conditions(client)[2]).toBe('doubtful');
    const before = c.count('Range');
    await client.kv.get('k');
    expect(c.count('Range')).toBe(before);
  });

  test('takes a silent member out, moves the reads that wait there, and gives it back', async () => {
    const { members, client } = await three();
    const [a, b, c] = members;
    c.status = 'silent';
    c.handle = () => undefined;
    // More reads than may be hedged: those that wait move when the member is taken out.
    const reads = await Promise.all(
      [...Array(40).keys()].map(() => client.kv.get('k', { deadlineMs: 60_000 })),
    );
    expect(reads.every(({ ok }) => ok)).toBe(true);
    expect(['silent', 'doubtful', 'unreachable']).toContain(conditions(client)[2]);
    expect(a.count('Range') + b.count('Range')).toBeGreaterThanOrEqual(40);
    c.status = { leader: LEADER, memberID: LEADER, isLearner: false, term: 3n };
    c.handle = undefined;
    await expect
      .poll(
        async () => {
          await client.kv.get('k');
          return client.endpoints()[2]?.isLeader;
        },
        { timeout: 20_000 },
      )
      .toBe(true);
  });

  test('says of each endpoint how it stands, and why', async () => {
    const { members, client } = await three();
    const [a, b] = members;
    a.status = { leader: 0n, memberID: 5n, isLearner: false, term: 3n };
    b.status = { leader: LEADER, memberID: 6n, isLearner: true, term: 3n };
    await expect
      .poll(async () => {
        await client.kv.get('k');
        return client.endpoints().map(({ condition, reason }) => `${condition}: ${reason}`);
      })
      .toEqual([
        'no-leader: It knows no leader.',
        'learner: It is a learner: it does not vote.',
        'well: It leads.',
      ]);
  });

  test('probes nobody where there is no choice', async () => {
    const a = await member(5n);
    const alone = clientOf([a]);
    await alone.kv.get('k');
    expect(alone.endpoints()).toMatchObject([{ condition: 'well' }]);
    expect(a.count('Status')).toBe(0);
  });

  test('follows the member list when asked to', async () => {
    const { members } = await three();
    const [a, b, c] = members;
    const listed = [a, c];
    for (const each of members) {
      each.handle = ({ stream, path }) => {
        if (!path.endsWith('/MemberList')) {
          answer(stream, rangeAnswer('k'));
          return;
        }
        const list = listed.map(({ endpoint }, index) => ({
          ID: BigInt(index),
          name: `m${index}`,
          peerURLs: [],
          clientURLs: [endpoint],
          isLearner: false,
        }));
        answer(stream, MemberListResponse.encode({ header: undefined, members: list }).finish());
      };
    }
    const client = clientOf([a, b], { followMembers: true });
    await expect
      .poll(async () => {
        await client.kv.get('k');
        return client.endpoints().map(({ endpoint }) => endpoint.url);
      })
      .toEqual([a.endpoint, c.endpoint]);
  });
});

describe('pin-first', () => {
  test('dials all at once and stays with the first that connects', async () => {
    const members = [await member(5n), await member(6n)];
    const client = clientOf(members, { balancer: 'pin-first' });
    for (let count = 0; count < 4; count++) await client.kv.get('k');
    expect(members.map((each) => each.connectionCount)).toEqual([1, 1]);
    expect(members.map((each) => each.count('Range')).toSorted()).toEqual([0, 4]);
    expect(members.map((each) => each.count('Status'))).toEqual([0, 0]);
  });
});

describe('round-robin', () => {
  test('uses each in turn', async () => {
    const members = [await member(5n), await member(6n)];
    const client = clientOf(members, { balancer: 'round-robin' });
    for (let count = 0; count < 4; count++) await client.kv.put('k', 'v');
    expect(members.map((each) => each.count('Put'))).toEqual([2, 2]);
  });
});
