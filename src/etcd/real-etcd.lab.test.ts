/**
 * The client against real members of the four lines. One cluster of three serves the cases of a version in their
 * order; each leaves it as it found it.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { parseMemberID, type MemberID } from '../base/index.js';
import { createClient, textOf, type CallResult, type EtcdClient } from './index.js';
import { LAB_LINES, startCluster, type LabCluster } from './testing/real-etcd.js';

const START_MS = 30_000;

function valueOf<T>(result: CallResult<T>): T {
  if (result.ok) return result.value;
  throw new Error(`expected a value, got ${JSON.stringify(result.error)}`);
}

const reasonOf = (result: CallResult<unknown>): string => {
  if (result.ok) return 'ok';
  return result.error.kind === 'refused'
    ? result.error.reason
    : `${result.error.kind} ${result.error.why}`;
};

/** The value of a call that is repeated until it has one. */
const pollValue = <T>(call: () => Promise<CallResult<T>>): Promise<T> =>
  vi.waitFor(async () => valueOf(await call()), { timeout: START_MS, interval: 50 });

const memberID = (hex: string): MemberID => {
  const id = parseMemberID(hex);
  if (id === undefined) throw new Error(hex);
  return id;
};
const NOBODY = memberID('abcdef');
const isAtLeast = (line: string, minor: number) => Number(line.split('.')[1]) >= minor;

describe.each(LAB_LINES)('etcd %s', (line) => {
  let cluster: LabCluster;
  let client: EtcdClient;
  const endpointOf = (index: number) => cluster.endpoints[index] ?? '';

  beforeAll(async () => {
    cluster = await startCluster(line, 3);
    client = createClient({ endpoints: cluster.endpoints });
    await pollValue(() => client.kv.put('started', 'yes', { deadlineMs: 2_000 }));
  }, START_MS);

  afterAll(async () => {
    await client?.close();
    await cluster?.destroy();
  });

  const statuses = async () =>
    await Promise.all(
      cluster.endpoints.map(async (endpoint) => ({
        endpoint,
        status: valueOf(await client.maintenance.status({ endpoint })),
      })),
    );
  const leaderAndFollower = async () => {
    const all = await statuses();
    const leader = all.find(({ status }) => status.isLeader);
    const follower = all.find(({ status }) => !status.isLeader);
    if (leader === undefined || follower === undefined) throw new Error('no leader');
    return { leader, follower };
  };

  test('members are listed, by one member and through quorum', async () => {
    const { header, members } = valueOf(await client.cluster.memberList());
    expect(members.map(({ name }) => name).toSorted()).toEqual(['m0', 'm1', 'm2']);
    for (const member of cluster.members) {
      expect(members).toContainEqual({
        id: expect.stringMatching(/^[0-9a-f]{1,16}$/),
        name: member.name,
        peerURLs: [member.peerURL],
        clientURLs: [member.clientURL],
        isLearner: false,
      });
    }
    for (const listed of [
      await client.cluster.memberList({ linearizable: true }),
      await client.cluster.memberListLinearizable(),
    ]) {
      expect(valueOf(listed).members).toEqual(members);
      expect(valueOf(listed).header.clusterID).toBe(header.clusterID);
    }
  });

  test('each member tells how it is', async () => {
    const { header, members } = valueOf(await client.cluster.memberList());
    const all = await statuses();
    const leaders = new Set(all.map(({ status }) => status.leader));
    expect(leaders.size).toBe(1);
    for (const { status } of all) {
      expect(status.version).toBe(cluster.version);
      expect(status.header.clusterID).toBe(header.clusterID);
      expect(members.map(({ id }) => id)).toContain(status.header.memberID);
      expect(status.raftTerm).toBeGreaterThan(0n);
      expect(status.raftIndex).toBeGreaterThan(0n);
      expect(status.raftAppliedIndex).toBeGreaterThan(0n);
      expect(status.dbSizeBytes).toBeGreaterThan(0);
      expect(status.dbSizeInUseBytes).toBeGreaterThan(0);
      expect(status).toMatchObject({ isLearner: false, errors: [], downgradeTo: undefined });
      const isNew = isAtLeast(line, 6);
      expect(status.dbSizeQuotaBytes).toBe(isNew ? 2 * 1024 ** 3 : undefined);
    }
  });

  test('keys are written, read, counted, sorted and deleted', async () => {
    const kv = client.kv;
    const first = valueOf(await kv.put('k/a', 'eins', { wantPrevious: true }));
    expect(first.previous).toBeUndefined();
    const second = valueOf(await kv.put('k/a', 'zwei', { wantPrevious: true }));
    expect(textOf(second.previous?.value ?? new Uint8Array())).toBe('eins');
    expect(second.header.revision).toBe(first.header.revision + 1n);
    await kv.put('k/b', new Uint8Array([0, 255]));
    const now = valueOf(await kv.get('k/a'));
    expect(now).toMatchObject({
      createRevision: first.header.revision,
      modRevision: second.header.revision,
      version: 2n,
      leaseID: 0n,
    });
    const then = valueOf(await kv.get('k/a', { revision: first.header.revision }));
    expect(textOf(then?.value ?? new Uint8Array())).toBe('eins');
    expect(valueOf(await kv.get('k/none'))).toBeUndefined();

    const sorted = valueOf(
      await kv.range({ prefix: 'k/' }, { sort: { by: 'key', order: 'descending' }, limit: 1 }),
    );
    expect(sorted).toMatchObject({ count: 2n, hasMore: true });
    expect(sorted.kvs.map(({ key }) => textOf(key))).toEqual(['k/b']);
    expect([...(sorted.kvs[0]?.value ?? [])]).toEqual([0, 255]);
    const counted = valueOf(await kv.range({ from: 'k/a', to: 'k/b' }, { countOnly: true }));
    expect(counted).toMatchObject({ count: 1n, kvs: [] });
    const { revision } = second.header;
    const young = valueOf(
      await kv.range({ prefix: 'k/' }, { createRevision: { min: revision + 1n }, keysOnly: true }),
    );
    expect(young.kvs.map(({ key, value }) => [textOf(key), value.length])).toEqual([['k/b', 0]]);
    expect(valueOf(await kv.range('k/a', { serializable: true })).kvs).toHaveLength(1);

    const deleted = valueOf(await kv.deleteRange({ prefix: 'k/' }, { wantPrevious: true }));
    expect(deleted.deletedCount).toBe(2n);
    expect(deleted.previous.map(({ key }) => textOf(key))).toEqual(['k/a', 'k/b']);
  });

  test('a transaction compares, branches, nests and answers in order', async () => {
    const { kv, lease } = client;
    const { leaseID } = valueOf(await lease.grant(60));
    await kv.put('t/3', 'z');
    const put = valueOf(await kv.put('t', 'x', { leaseID }));
    const done = valueOf(
      await kv.txn({
        if: [
          { on: 't', compare: 'value', is: '=', to: 'x' },
          { on: 't', compare: 'version', is: '<', to: 2n },
          { on: 't', compare: 'createRevision', is: '=', to: put.header.revision },
          { on: 't', compare: 'modRevision', is: '>', to: put.header.revision - 1n },
          { on: 't', compare: 'lease', is: '=', to: leaseID },
          { on: { prefix: 't/' }, compare: 'version', is: '!=', to: 7n },
        ],
        then: [
          { kind: 'put', key: 't/2', value: 'y' },
          { kind: 'range', range: { prefix: 't' }, countOnly: true },
          { kind: 'txn', txn: { else: [], then: [{ kind: 'delete', range: 't/3' }] } },
        ],
        else: [{ kind: 'range', range: 't' }],
      }),
    );
    expect(done).toMatchObject({
      succeeded: true,
      answers: [
        { kind: 'put', previous: undefined },
        { kind: 'range', count: 3n },
        { kind: 'txn', succeeded: true, answers: [{ kind: 'delete', deletedCount: 1n }] },
      ],
    });
    const not = await kv.txn({ if: [{ on: 't', compare: 'version', is: '>', to: 9n }] });
    expect(valueOf(not)).toMatchObject({ succeeded: false, answers: [] });
    await lease.revoke(leaseID);
    await kv.deleteRange('t/2');
    expect(valueOf(await kv.get('t'))).toBeUndefined();
  });

  test('requests that are wrong are refused with their reason', async () => {
    const { kv } = client;
    const { header } = valueOf(await kv.put('c', '1'));
    await kv.put('c', '2');
    valueOf(await kv.compact(header.revision, { physical: true }));
    expect(reasonOf(await kv.compact(header.revision))).toBe('compacted');
    const old = { revision: header.revision - 1n };
    expect(reasonOf(await kv.get('c', old))).toBe('compacted');
    expect(reasonOf(await kv.get('c', { revision: 1_000_000n }))).toBe('future-revision');
    expect(reasonOf(await kv.put('', 'v'))).toBe('invalid-request');
    expect(reasonOf(await kv.put('big', 'v'.repeat(1_600_000)))).toBe('request-too-large');
    expect(reasonOf(await kv.put('big', 'v'.repeat(4_000_000)))).toBe('request-too-large');
    expect(reasonOf(await kv.put('k', 'v', { leaseID: 99n }))).toBe('lease-not-found');
    const double = { kind: 'put', key: 'd', value: '' } as const;
    expect(reasonOf(await kv.txn({ then: [double, double] }))).toBe('invalid-request');
    const many = Array.from({ length: 129 }, (_, n) => ({ ...double, key: `d${n}` }));
    expect(reasonOf(await kv.txn({ then: many }))).toBe('too-many-operations');
    await kv.deleteRange('c');
  });

  test('leases are granted, listed, measured and revoked', async () => {
    const { lease, kv } = client;
    const granted = valueOf(await lease.grant(100, { leaseID: 2n ** 62n + 1n }));
    expect(granted).toMatchObject({ leaseID: 2n ** 62n + 1n, ttlSeconds: 100 });
    await kv.put('leased', 'v', { leaseID: granted.leaseID });
    const left = valueOf(await lease.timeToLive(granted.leaseID, { wantKeys: true }));
    expect(left.grantedSeconds).toBe(100);
    expect(left.leftSeconds).toBeLessThanOrEqual(100);
    expect(left.keys.map(textOf)).toEqual(['leased']);
    expect(valueOf(await lease.list()).leaseIDs).toContain(granted.leaseID);
    expect(reasonOf(await lease.grant(5, { leaseID: granted.leaseID }))).toBe('lease-exists');
    expect(reasonOf(await lease.grant(10_000_000_000))).toBe('lease-ttl-too-large');
    valueOf(await lease.revoke(granted.leaseID));
    expect(reasonOf(await lease.revoke(granted.leaseID))).toBe('lease-not-found');
    const gone = valueOf(await lease.timeToLive(granted.leaseID));
    expect(gone.leftSeconds).toBeUndefined();
  });

  test('members agree on their hash; each can be defragmented; there is no alarm', async () => {
    const { revision } = valueOf(await client.kv.put('hashed', 'v')).header;
    const hashes = await Promise.all(
      cluster.endpoints.map((endpoint) =>
        pollValue(() => client.maintenance.hashKV({ endpoint, revision })),
      ),
    );
    expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1);
    for (const { hash, hashRevision } of hashes) {
      expect(hash).toBeGreaterThan(0);
      expect(hashRevision).toBe(isAtLeast(line, 6) ? revision : 0n);
    }
    for (const endpoint of cluster.endpoints) {
      valueOf(await client.maintenance.defragment({ endpoint }));
    }
    expect(valueOf(await client.maintenance.alarms()).alarms).toEqual([]);
  });

  test('a snapshot ends with the SHA-256 of what was before it', async () => {
    const chunks: Uint8Array[] = [];
    const endpoint = endpointOf(1);
    const summary = valueOf(
      await client.maintenance.snapshot((chunk) => void chunks.push(chunk), { endpoint }),
    );
    const file = Buffer.concat(chunks);
    expect(file).toHaveLength(summary.sizeBytes);
    const database = file.subarray(0, -32);
    expect(database.length % 512).toBe(0);
    expect(file.subarray(-32)).toEqual(createHash('sha256').update(database).digest());
  });

  test('leadership is moved, and only by the leader', async () => {
    const { leader, follower } = await leaderAndFollower();
    const target = follower.status.header.memberID;
    const moveLeader = client.maintenance.moveLeader.bind(client.maintenance);
    const atFollower = await moveLeader(target, { endpoint: follower.endpoint });
    expect(reasonOf(atFollower)).toBe('not-leader');
    const toNobody = await moveLeader(NOBODY, { endpoint: leader.endpoint });
    expect(reasonOf(toNobody)).toBe('bad-leader-transferee');
    valueOf(await moveLeader(target, { endpoint: leader.endpoint }));
    await expect
      .poll(async () => (await leaderAndFollower()).leader.status.header.memberID, {
        timeout: START_MS,
      })
      .toBe(target);
  });

  test('a member is added as a learner, refused what it is refused, promoted and removed', async () => {
    const list = valueOf(await client.cluster.memberListLinearizable()).members;
    const [voter] = list;
    if (voter === undefined) throw new Error('no member');
    const peerURL = await cluster.freePeerURL();
    const newcomer = { peerURLs: [peerURL], isLearner: true };
    // Members that have not been connected for 5 s are no healthy cluster to etcd.
    const refusals = new Set<string>();
    const added = await pollValue(async () => {
      const result = await client.cluster.memberAdd(newcomer);
      if (!result.ok) refusals.add(reasonOf(result));
      return result;
    });
    expect([...refusals, 'unhealthy-cluster']).toContain('unhealthy-cluster');
    expect([...refusals].filter((reason) => reason !== 'unhealthy-cluster')).toEqual([]);
    const { id } = added.member;
    expect(added.member).toMatchObject({ name: '', peerURLs: [peerURL], isLearner: true });
    expect(added.members).toHaveLength(4);
    expect(valueOf(await client.cluster.memberListLinearizable()).members).toContainEqual(
      added.member,
    );

    const { cluster: members } = client;
    const taken = { peerURLs: [...voter.peerURLs], isLearner: true };
    expect(reasonOf(await members.memberAdd(taken))).toBe('peer-urls-exist');
    const second = { peerURLs: [await cluster.freePeerURL()], isLearner: true };
    expect(reasonOf(await members.memberAdd(second))).toBe('too-many-learners');
    const unusable = { peerURLs: ['nonsense'], isLearner: true };
    expect(reasonOf(await members.memberAdd(unusable))).toBe('member-urls-invalid');
    expect(reasonOf(await members.memberPromote(id))).toBe('learner-not-ready');
    expect(reasonOf(await members.memberPromote(voter.id))).toBe('not-a-learner');
    expect(reasonOf(await members.memberPromote(NOBODY))).toBe('member-not-found');
    expect(reasonOf(await members.memberRemove(NOBODY))).toBe('member-not-found');
    expect(reasonOf(await members.memberUpdate(NOBODY, [peerURL]))).toBe('member-not-found');

    const learner = await cluster.join('m3', peerURL);
    const endpoint = learner.clientURL;
    const status = await pollValue(() => client.maintenance.status({ endpoint }));
    expect(status).toMatchObject({ isLearner: true, header: { memberID: id } });
    expect(reasonOf(await client.kv.get('started', { endpoint }))).toBe('learner-unsupported');
    const local = await pollValue(() => client.kv.get('started', { endpoint, serializable: true }));
    expect(textOf(local?.value ?? new Uint8Array())).toBe('yes');
    const learnerFirst = createClient({ endpoints: [endpoint, ...cluster.endpoints] });
    expect(reasonOf(await learnerFirst.kv.put('through', 'others'))).toBe('ok');
    await learnerFirst.close();

    const promoted = await pollValue(() => client.cluster.memberPromote(id));
    expect(promoted.members.find((member) => member.id === id)?.isLearner).toBe(false);
    const renewed = [peerURL, await cluster.freePeerURL()];
    const updated = valueOf(await client.cluster.memberUpdate(id, renewed));
    const { peerURLs } = updated.members.find((member) => member.id === id) ?? { peerURLs: [] };
    expect(peerURLs.toSorted()).toEqual(renewed.toSorted());
    // Refused while etcd has not yet counted the new voter as connected.
    const removed = await pollValue(() => client.cluster.memberRemove(id));
    expect(removed.members.map((member) => member.id)).not.toContain(id);
    await learner.kill();
  });

  test('users and roles: every call carries a token, which is renewed when it has become worthless', async () => {
    const { auth } = client;
    if (isAtLeast(line, 5)) {
      expect(valueOf(await auth.status())).toMatchObject({ isEnabled: false });
    } else {
      expect(reasonOf(await auth.status())).toBe('not-capable');
    }
    expect(reasonOf(await auth.enable())).toBe('auth-prerequisite-missing');
    const root = { username: 'root', password: 'r' };
    const withLogin = createClient({ endpoints: cluster.endpoints, auth: root });
    expect(reasonOf(await withLogin.kv.put('open', 'yet'))).toBe('ok');
    valueOf(await auth.userAdd('root', 'r'));
    valueOf(await auth.userAdd('certified', undefined));
    valueOf(await auth.roleAdd('root'));
    valueOf(await auth.userGrantRole('root', 'root'));
    valueOf(await auth.userAdd('ann', 'a'));
    valueOf(await auth.roleAdd('reader'));
    valueOf(await auth.roleGrant('reader', 'read', { prefix: 'pub/' }));
    valueOf(await auth.roleGrant('reader', 'read-write', 'one'));
    valueOf(await auth.userGrantRole('ann', 'reader'));
    expect(reasonOf(await auth.userAdd('ann', 'a'))).toBe('user-exists');
    expect(reasonOf(await auth.userRoles('bob'))).toBe('user-not-found');
    expect(reasonOf(await auth.rolePermissions('writer'))).toBe('role-not-found');
    expect(reasonOf(await auth.roleAdd('reader'))).toBe('role-exists');
    expect(valueOf(await auth.userList())).toEqual(['ann', 'certified', 'root']);
    expect(valueOf(await auth.roleList())).toEqual(['reader', 'root']);
    expect(valueOf(await auth.userRoles('ann'))).toEqual(['reader']);
    const permissions = valueOf(await auth.rolePermissions('reader'));
    expect(permissions.map(({ access, key }) => [access, textOf(key)]).toSorted()).toEqual([
      ['read', 'pub/'],
      ['read-write', 'one'],
    ]);
    valueOf(await auth.roleRevoke('reader', 'one'));
    valueOf(await auth.enable());

    expect(reasonOf(await client.kv.put('k', 'v'))).toBe('user-empty');
    // The client that had found a cluster without users logs in now.
    expect(reasonOf(await withLogin.kv.put('k', 'v'))).toBe('ok');
    for (const endpoint of cluster.endpoints) {
      expect(reasonOf(await withLogin.kv.get('k', { endpoint }))).toBe('ok');
      expect(reasonOf(await withLogin.maintenance.status({ endpoint }))).toBe('ok');
    }
    expect(reasonOf(await withLogin.cluster.memberListLinearizable())).toBe('ok');
    const wrong = createClient({ endpoints: cluster.endpoints, auth: { ...root, password: 'x' } });
    expect(reasonOf(await wrong.kv.put('k', 'v'))).toBe('auth-failed');
    const ann = createClient({
      endpoints: cluster.endpoints,
      auth: { username: 'ann', password: 'a' },
    });
    expect(reasonOf(await ann.kv.get('pub/x'))).toBe('ok');
    expect(reasonOf(await ann.kv.put('pub/x', 'v'))).toBe('permission-denied');
    // Every token of a user whose password is set becomes invalid.
    valueOf(await withLogin.auth.userChangePassword('root', 'r'));
    valueOf(await withLogin.auth.userChangePassword('ann', 'a'));
    expect(reasonOf(await withLogin.kv.put('k', 'w'))).toBe('ok');
    expect(reasonOf(await ann.kv.get('pub/x'))).toBe('ok');

    valueOf(await withLogin.auth.disable());
    expect(reasonOf(await withLogin.kv.put('k', 'v'))).toBe('ok');
    valueOf(await auth.userRevokeRole('ann', 'reader'));
    valueOf(await auth.userDelete('ann'));
    valueOf(await auth.roleDelete('reader'));
    await Promise.all([withLogin, wrong, ann].map((each) => each.close()));
  });

  test('a frozen member: a write under way is unknown, later ones are not sent there, others are asked', async () => {
    const [frozen] = cluster.members;
    if (frozen === undefined) throw new Error('no member');
    const endpoint = frozen.clientURL;
    expect(reasonOf(await client.kv.put('f', '1', { endpoint }))).toBe('ok');
    await frozen.pause();
    try {
      const held = await client.kv.put('f', '2', { endpoint, deadlineMs: 300 });
      expect(reasonOf(held)).toBe('unknown deadline');
      const later = await client.kv.put('f', '3', { endpoint, deadlineMs: 300 });
      expect(reasonOf(later)).toBe('not-sent connect-timeout');
      const frozenFirst = createClient({ endpoints: cluster.endpoints });
      await expect
        .poll(async () => reasonOf(await frozenFirst.kv.put('f', '4', { deadlineMs: 3_000 })), {
          timeout: START_MS,
        })
        .toBe('ok');
      await frozenFirst.close();
    } finally {
      frozen.resume();
    }
    await pollValue(() => client.kv.put('f', '5', { endpoint, deadlineMs: 1_000 }));
  });

  test('without a quorum a write is soon refused for want of a leader; what a member has is still read', async () => {
    const [survivor, ...others] = cluster.members.slice(0, 3);
    if (survivor === undefined) throw new Error('no member');
    const endpoint = survivor.clientURL;
    await Promise.all(others.map((other) => other.pause()));
    try {
      const write = async () =>
        reasonOf(await client.kv.put('q', 'v', { endpoint, deadlineMs: 300 }));
      await expect.poll(write, { timeout: START_MS }).toBe('no-leader');
      const isolated = { endpoint };
      const read = { ...isolated, deadlineMs: 300 };
      expect(reasonOf(await client.kv.get('started', read))).toBe('no-leader');
      const listed = await client.cluster.memberListLinearizable(read);
      expect(reasonOf(listed)).toBe('no-leader');
      expect(reasonOf(await client.kv.get('started', { ...read, serializable: true }))).toBe('ok');
      expect(reasonOf(await client.cluster.memberList(isolated))).toBe('ok');
      const status = valueOf(await client.maintenance.status(isolated));
      expect(status.leader).toBeUndefined();
      expect(status.errors).toContain('etcdserver: no leader');
    } finally {
      for (const other of others) other.resume();
    }
    await pollValue(() => client.kv.put('q', 'v', { endpoint, deadlineMs: 1_000 }));
  });

  test('a member that has had no leader since its start takes connections and is never sent anything', async () => {
    await Promise.all(cluster.members.map((member) => member.kill()));
    const [alone, ...others] = cluster.members.slice(0, 3);
    if (alone === undefined) throw new Error('no member');
    const endpoint = alone.clientURL;
    // A write on a connection that is dead and does not know it yet would be unknown, and rightly so.
    await expect.poll(() => client.connections().get(endpoint)).toBe('idle');
    expect(reasonOf(await client.kv.put('a', 'v', { endpoint }))).toBe(
      'not-sent connection-refused',
    );
    alone.restart();
    await expect
      .poll(async () => reasonOf(await client.maintenance.status({ endpoint, deadlineMs: 300 })), {
        timeout: START_MS,
      })
      .toBe('not-sent connect-timeout');
    expect(reasonOf(await client.kv.put('a', 'v', { endpoint, deadlineMs: 300 }))).toBe(
      'not-sent connect-timeout',
    );
    for (const other of others) other.restart();
    await pollValue(() => client.kv.put('a', 'v', { deadlineMs: 2_000 }));
    const started = valueOf(await client.kv.get('started'));
    expect(textOf(started?.value ?? new Uint8Array())).toBe('yes');
  });
});

describe.each(LAB_LINES)('etcd %s, alone', (line) => {
  test('out of space: writes are refused, the alarm is seen and lifted', async () => {
    const cluster = await startCluster(line, 1, [`--quota-backend-bytes=${4 * 1024 ** 2}`]);
    const client = createClient({ endpoints: cluster.endpoints });
    try {
      await pollValue(() => client.kv.put('first', 'v', { deadlineMs: 1_000 }));
      const value = 'v'.repeat(1024 ** 2);
      const fill = async () => reasonOf(await client.kv.put('big', value));
      await expect.poll(fill, { timeout: START_MS, interval: 1 }).toBe('no-space');
      const { memberID } = valueOf(await client.maintenance.status()).header;
      const alarm = { memberID, kind: 'no-space' } as const;
      expect(valueOf(await client.maintenance.alarms()).alarms).toEqual([alarm]);
      const { revision } = valueOf(await client.kv.deleteRange('big')).header;
      valueOf(await client.kv.compact(revision, { physical: true }));
      valueOf(await client.maintenance.defragment());
      valueOf(await client.maintenance.alarmDisarm(alarm));
      expect(valueOf(await client.maintenance.alarms()).alarms).toEqual([]);
      expect(reasonOf(await client.kv.put('big', 'small'))).toBe('ok');
      expect(reasonOf(await client.cluster.memberRemove(memberID))).toBe(
        'not-enough-started-members',
      );
    } finally {
      await client.close();
      await cluster.destroy();
    }
  });

  test('TLS: the member is checked against the given authority', async () => {
    const cluster = await startCluster(line, 1, ['--auto-tls'], 'https');
    const { endpoints, members } = cluster;
    // etcd’s own certificate is self-signed, so it is its own authority.
    const certificate = () =>
      readFileSync(join(members[0]?.dataDir ?? '', 'fixtures', 'client', 'cert.pem'));
    const strangers = createClient({ endpoints, tls: {} });
    try {
      await expect
        .poll(async () => reasonOf(await strangers.kv.put('k', 'v', { deadlineMs: 1_000 })), {
          timeout: START_MS,
        })
        .toBe('not-sent tls');
      const client = createClient({ endpoints, tls: { ca: certificate() } });
      await pollValue(() => client.kv.put('k', 'v', { deadlineMs: 1_000 }));
      await client.close();
      const misnamed = createClient({ endpoints, tls: { ca: certificate(), serverName: 'other' } });
      expect(reasonOf(await misnamed.kv.put('k', 'v'))).toBe('not-sent tls');
      await misnamed.close();
      const careless = createClient({ endpoints, tls: { insecureSkipVerify: true } });
      expect(reasonOf(await careless.kv.put('k', 'v'))).toBe('ok');
      await careless.close();
      const plain = createClient({
        endpoints: endpoints.map((url) => url.replace('https', 'http')),
      });
      expect(reasonOf(await plain.kv.put('k', 'v', { deadlineMs: 1_000 }))).toMatch(/^not-sent /);
      await plain.close();
    } finally {
      await strangers.close();
      await cluster.destroy();
    }
  });
});
