import { memberIDOf, type MemberID } from '../../../src/base/index.js';
import { compare, type CallResult, type EtcdClient } from '../../../src/etcd/index.js';
import type { RawMessage } from '../../lab/raw-grpc.js';

/** What an answer of grpc-js is, in the words of our client. */
export type Seen = (answer: RawMessage) => unknown;

export interface Call {
  readonly name: string;
  readonly ours: (
    client: EtcdClient,
    of: { readonly memberID: MemberID },
  ) => Promise<CallResult<unknown>>;
  readonly raw: {
    readonly method: string;
    readonly request: (of: { readonly memberID: string }) => RawMessage;
  };
  readonly seen: Seen;
  /** The minor that has it first. */
  readonly since?: number;
}

type Ours = Call['ours'];
const bytes = (text: string) => Buffer.from(text);
const idOf = (decimal: unknown): MemberID => memberIDOf(BigInt(String(decimal)));
const big = (value: unknown): bigint => BigInt(String(value ?? 0));

const header = (value: unknown) => {
  const { cluster_id, member_id, revision, raft_term } = (value ?? {}) as RawMessage;
  return {
    clusterID: idOf(cluster_id ?? 0),
    memberID: idOf(member_id ?? 0),
    revision: big(revision),
    raftTerm: big(raft_term),
  };
};
const acknowledged: Seen = (answer) => ({ header: header(answer['header']) });
const kv = (value: unknown) => {
  const found = value as RawMessage;
  return {
    key: found['key'],
    value: found['value'],
    createRevision: found['create_revision'],
    modRevision: found['mod_revision'],
    version: found['version'],
    leaseID: found['lease'],
  };
};
const kvs = (value: unknown) => (value as readonly unknown[]).map(kv);
const maybeKV = (value: unknown) => (value === null || value === undefined ? undefined : kv(value));
const range = (answer: RawMessage) => ({
  header: header(answer['header']),
  kvs: kvs(answer['kvs']),
  count: answer['count'],
  hasMore: answer['more'],
});
const put = (answer: RawMessage) => ({
  header: header(answer['header']),
  previous: maybeKV(answer['prev_kv']),
});
const deleted = (answer: RawMessage) => ({
  header: header(answer['header']),
  deletedCount: answer['deleted'],
  previous: kvs(answer['prev_kvs']),
});
const txn = (answer: RawMessage): unknown => ({
  header: header(answer['header']),
  succeeded: answer['succeeded'],
  answers: (answer['responses'] as readonly RawMessage[]).map((each) => {
    const inner = each[String(each['response'])] as RawMessage;
    switch (each['response']) {
      case 'response_range':
        return { kind: 'range', ...range(inner) };
      case 'response_put':
        return { kind: 'put', ...put(inner) };
      case 'response_delete_range':
        return { kind: 'delete', ...deleted(inner) };
      default:
        return { kind: 'txn', ...(txn(inner) as object) };
    }
  }),
});
const members = (answer: RawMessage) => ({
  header: header(answer['header']),
  members: (answer['members'] as readonly RawMessage[]).map(member),
});
const member = (value: RawMessage) => ({
  id: idOf(value['ID']),
  name: value['name'],
  peerURLs: value['peerURLs'],
  clientURLs: value['clientURLs'],
  isLearner: value['isLearner'],
});
const alarms = (answer: RawMessage) => ({
  header: header(answer['header']),
  alarms: (answer['alarms'] as readonly RawMessage[]).map(({ memberID, alarm }) => ({
    memberID: idOf(memberID),
    kind: alarm === 1 ? 'no-space' : 'corrupt',
  })),
});
const hashed = (answer: RawMessage) => ({
  header: header(answer['header']),
  hash: answer['hash'],
  compactRevision: answer['compact_revision'],
  hashRevision: answer['hash_revision'],
});
/** What two members cannot have alike is left out on both sides. */
const only = (names: readonly string[]) => (value: unknown) =>
  Object.fromEntries(
    Object.entries(value as object).filter(([name]) => names.includes(name)),
  ) as unknown;
const STATUS = ['version', 'leader', 'isLeader', 'isLearner', 'errors', 'storageVersion'];
const status: Seen = ({ version, leader, isLearner, errors, storageVersion }) => ({
  version,
  leader: idOf(leader),
  isLeader: true,
  isLearner,
  errors,
  ...(storageVersion === '' ? {} : { storageVersion }),
});

const mapped =
  (call: Ours, shape: (value: unknown) => unknown): Ours =>
  async (client, of) => {
    const result = await call(client, of);
    return result.ok ? { ok: true, value: shape(result.value) } : result;
  };

function call(
  name: string,
  ours: Ours,
  method: string,
  request: RawMessage | Call['raw']['request'],
  seen: Seen,
  since?: number,
): Call {
  const made = typeof request === 'function' ? request : () => request;
  const base = { name, ours, raw: { method, request: made }, seen };
  return since === undefined ? base : { ...base, since };
}

const NOBODY = memberIDOf(0xabcdefn);
const NOBODY_DECIMAL = String(0xabcdef);
const LEASE = 7_001n;
const PUT = { key: bytes('t'), value: bytes('t') };

/** In this order; each leaves what the next ones meet. */
export const CALLS: readonly Call[] = [
  // Keys.
  call('put', (c) => c.kv.put('a', '1'), 'KV/Put', { key: bytes('a'), value: bytes('1') }, put),
  call(
    'put with what was before',
    (c) => c.kv.put('a', '2', { wantPrevious: true }),
    'KV/Put',
    { key: bytes('a'), value: bytes('2'), prev_kv: true },
    put,
  ),
  call(
    'put that keeps the value of nothing',
    (c) => c.kv.put('none', '', { keepValue: true }),
    'KV/Put',
    { key: bytes('none'), ignore_value: true },
    put,
  ),
  call('put without a key', (c) => c.kv.put('', 'x'), 'KV/Put', { value: bytes('x') }, put),
  call(
    'put with a lease that does not exist',
    (c) => c.kv.put('b', 'x', { leaseID: 99n }),
    'KV/Put',
    { key: bytes('b'), value: bytes('x'), lease: '99' },
    put,
  ),
  call('put b', (c) => c.kv.put('b', '3'), 'KV/Put', { key: bytes('b'), value: bytes('3') }, put),
  call('range of one', (c) => c.kv.range('a'), 'KV/Range', { key: bytes('a') }, range),
  call('range of nothing', (c) => c.kv.range('zz'), 'KV/Range', { key: bytes('zz') }, range),
  call(
    'range of all, sorted, limited',
    (c) =>
      c.kv.range({ prefix: '' }, { limit: 1, sort: { by: 'modRevision', order: 'descending' } }),
    'KV/Range',
    { key: bytes('\0'), range_end: bytes('\0'), limit: '1', sort_order: 2, sort_target: 3 },
    range,
  ),
  call(
    'range at an old revision',
    (c) => c.kv.range('a', { revision: 3n }),
    'KV/Range',
    { key: bytes('a'), revision: '3' },
    range,
  ),
  call(
    'range at a revision to come',
    (c) => c.kv.range('a', { revision: 1_000_000n }),
    'KV/Range',
    { key: bytes('a'), revision: '1000000' },
    range,
  ),
  call(
    'range that counts',
    (c) => c.kv.range({ from: 'a', to: 'z' }, { countOnly: true }),
    'KV/Range',
    { key: bytes('a'), range_end: bytes('z'), count_only: true },
    range,
  ),
  call(
    'range of keys only by their revisions, from one member',
    (c) =>
      c.kv.range(
        { from: '' },
        {
          keysOnly: true,
          serializable: true,
          modRevision: { min: 3n, max: 100n },
          createRevision: { min: 1n, max: 100n },
        },
      ),
    'KV/Range',
    {
      key: bytes('\0'),
      range_end: bytes('\0'),
      keys_only: true,
      serializable: true,
      min_mod_revision: '3',
      max_mod_revision: '100',
      min_create_revision: '1',
      max_create_revision: '100',
    },
    range,
  ),
  call(
    'delete with what was before',
    (c) => c.kv.deleteRange('b', { wantPrevious: true }),
    'KV/DeleteRange',
    { key: bytes('b'), prev_kv: true },
    deleted,
  ),
  call(
    'delete of nothing',
    (c) => c.kv.deleteRange({ from: 'y', to: 'z' }),
    'KV/DeleteRange',
    { key: bytes('y'), range_end: bytes('z') },
    deleted,
  ),
  call(
    'a transaction that holds, with one inside',
    (c) =>
      c.kv.txn({
        if: [
          compare('a').value('=', '2'),
          compare('a').version('>', 1n),
          compare('a').modRevision('<', 1_000n),
          compare('zz').isMissing(),
          compare({ from: 'a', to: 'b' }).lease('!=', 5n),
        ],
        then: [
          { kind: 'put', key: 't', value: 't', wantPrevious: true },
          { kind: 'range', range: 't' },
          { kind: 'txn', txn: { then: [{ kind: 'delete', range: 'a' }] } },
        ],
      }),
    'KV/Txn',
    {
      compare: [
        { key: bytes('a'), target: 3, result: 0, value: bytes('2') },
        { key: bytes('a'), target: 0, result: 1, version: '1' },
        { key: bytes('a'), target: 2, result: 2, mod_revision: '1000' },
        { key: bytes('zz'), target: 1, result: 0, create_revision: '0' },
        { key: bytes('a'), range_end: bytes('b'), target: 4, result: 3, lease: '5' },
      ],
      success: [
        { request_put: { ...PUT, prev_kv: true } },
        { request_range: { key: bytes('t') } },
        { request_txn: { success: [{ request_delete_range: { key: bytes('a') } }] } },
      ],
    },
    txn,
  ),
  call(
    'a transaction that does not hold',
    (c) =>
      c.kv.txn({
        if: [compare('t').isMissing()],
        else: [{ kind: 'range', range: { prefix: 't' } }],
      }),
    'KV/Txn',
    {
      compare: [{ key: bytes('t'), target: 1, result: 0, create_revision: '0' }],
      failure: [{ request_range: { key: bytes('t'), range_end: bytes('u') } }],
    },
    txn,
  ),
  call(
    'a transaction that puts one key twice',
    (c) =>
      c.kv.txn({
        then: [
          { kind: 'put', key: 't', value: 't' },
          { kind: 'put', key: 't', value: 't' },
        ],
      }),
    'KV/Txn',
    { success: [{ request_put: PUT }, { request_put: PUT }] },
    txn,
  ),
  call(
    'a transaction with too many operations',
    (c) => c.kv.txn({ then: Array.from({ length: 129 }, () => ({ kind: 'range', range: 't' })) }),
    'KV/Txn',
    { success: Array.from({ length: 129 }, () => ({ request_range: { key: bytes('t') } })) },
    txn,
  ),
  call(
    'a request that is too large',
    (c) => c.kv.put('big', 'x'.repeat(1_600_000)),
    'KV/Put',
    { key: bytes('big'), value: bytes('x'.repeat(1_600_000)) },
    put,
  ),
  call('compact', (c) => c.kv.compact(4n as never), 'KV/Compact', { revision: '4' }, acknowledged),
  call(
    'compact again',
    (c) => c.kv.compact(4n as never, { physical: true }),
    'KV/Compact',
    { revision: '4', physical: true },
    acknowledged,
  ),
  call(
    'range at a compacted revision',
    (c) => c.kv.range('a', { revision: 2n }),
    'KV/Range',
    { key: bytes('a'), revision: '2' },
    range,
  ),
  // Leases.
  call(
    'grant',
    (c) => c.lease.grant(600, { leaseID: LEASE }),
    'Lease/LeaseGrant',
    { ID: String(LEASE), TTL: '600' },
    (a) => ({ header: header(a['header']), leaseID: a['ID'], ttlSeconds: Number(a['TTL']) }),
  ),
  call(
    'grant again',
    (c) => c.lease.grant(600, { leaseID: LEASE }),
    'Lease/LeaseGrant',
    { ID: String(LEASE), TTL: '600' },
    acknowledged,
  ),
  call(
    'grant for too long',
    (c) => c.lease.grant(10_000_000_000),
    'Lease/LeaseGrant',
    { TTL: '10000000000' },
    acknowledged,
  ),
  call(
    'put with a lease',
    (c) => c.kv.put('leased', 'x', { leaseID: LEASE }),
    'KV/Put',
    { key: bytes('leased'), value: bytes('x'), lease: String(LEASE) },
    put,
  ),
  call(
    'time to live with keys',
    mapped(
      (c) => c.lease.timeToLive(LEASE, { wantKeys: true }),
      only(['leaseID', 'grantedSeconds', 'keys']),
    ),
    'Lease/LeaseTimeToLive',
    { ID: String(LEASE), keys: true },
    (a) => ({ leaseID: a['ID'], grantedSeconds: Number(a['grantedTTL']), keys: a['keys'] }),
  ),
  call(
    'time to live of nothing',
    (c) => c.lease.timeToLive(99n),
    'Lease/LeaseTimeToLive',
    { ID: '99' },
    (a) => ({
      header: header(a['header']),
      leaseID: a['ID'],
      grantedSeconds: Number(a['grantedTTL']),
      keys: a['keys'],
    }),
  ),
  call(
    'leases',
    (c) => c.lease.list(),
    'Lease/LeaseLeases',
    {},
    (a) => ({
      header: header(a['header']),
      leaseIDs: (a['leases'] as readonly RawMessage[]).map(({ ID }) => ID),
    }),
  ),
  call(
    'revoke',
    (c) => c.lease.revoke(LEASE),
    'Lease/LeaseRevoke',
    { ID: String(LEASE) },
    acknowledged,
  ),
  call(
    'revoke again',
    (c) => c.lease.revoke(LEASE),
    'Lease/LeaseRevoke',
    { ID: String(LEASE) },
    acknowledged,
  ),
  // Members.
  call(
    'member list',
    (c) => c.cluster.memberList(),
    'Cluster/MemberList',
    { linearizable: false },
    members,
  ),
  call(
    'member update',
    (c) => c.cluster.memberUpdate(NOBODY, ['http://127.0.0.1:1']),
    'Cluster/MemberUpdate',
    { ID: NOBODY_DECIMAL, peerURLs: ['http://127.0.0.1:1'] },
    members,
  ),
  call(
    'member remove',
    (c) => c.cluster.memberRemove(NOBODY),
    'Cluster/MemberRemove',
    { ID: NOBODY_DECIMAL },
    members,
  ),
  call(
    'member promote',
    (c) => c.cluster.memberPromote(NOBODY),
    'Cluster/MemberPromote',
    { ID: NOBODY_DECIMAL },
    members,
  ),
  call(
    'member promote of a voter',
    (c, { memberID }) => c.cluster.memberPromote(memberID),
    'Cluster/MemberPromote',
    ({ memberID }) => ({ ID: memberID }),
    members,
  ),
  call(
    'member add that is no URL',
    (c) => c.cluster.memberAdd({ peerURLs: ['nonsense'], isLearner: true }),
    'Cluster/MemberAdd',
    { peerURLs: ['nonsense'], isLearner: true },
    members,
  ),
  // Maintenance.
  call(
    'status',
    mapped((c) => c.maintenance.status(), only(STATUS)),
    'Maintenance/Status',
    {},
    status,
  ),
  call('hash of keys', (c) => c.maintenance.hashKV(), 'Maintenance/HashKV', {}, hashed),
  call(
    'hash of keys at a compacted revision',
    (c) => c.maintenance.hashKV({ revision: 1n }),
    'Maintenance/HashKV',
    { revision: '1' },
    hashed,
  ),
  call(
    'hash of the file',
    mapped(
      (c) => c.maintenance.hash(),
      (value) => typeof (value as { hash: unknown }).hash,
    ),
    'Maintenance/Hash',
    {},
    (a) => typeof a['hash'],
  ),
  call('no alarms', (c) => c.maintenance.alarms(), 'Maintenance/Alarm', {}, alarms),
  call(
    'an alarm is raised',
    (c, { memberID }) => c.maintenance.alarmActivate({ memberID, kind: 'no-space' }),
    'Maintenance/Alarm',
    ({ memberID }) => ({ action: 1, memberID, alarm: 1 }),
    alarms,
  ),
  call('put without space', (c) => c.kv.put('a', '1'), 'KV/Put', { key: bytes('a') }, put),
  call(
    'the alarm is lifted',
    (c, { memberID }) => c.maintenance.alarmDisarm({ memberID, kind: 'no-space' }),
    'Maintenance/Alarm',
    ({ memberID }) => ({ action: 2, memberID, alarm: 1 }),
    alarms,
  ),
  call('defragment', (c) => c.maintenance.defragment(), 'Maintenance/Defragment', {}, acknowledged),
  call(
    'leadership to nobody',
    (c) => c.maintenance.moveLeader(NOBODY),
    'Maintenance/MoveLeader',
    { targetID: NOBODY_DECIMAL },
    acknowledged,
  ),
  call(
    'downgrade to nonsense',
    (c) => c.maintenance.downgrade('validate', 'nonsense'),
    'Maintenance/Downgrade',
    { action: 0, version: 'nonsense' },
    (a) => ({ header: header(a['header']), version: a['version'] }),
    5,
  ),
  call(
    'downgrade that is not under way is cancelled',
    (c) => c.maintenance.downgrade('cancel', ''),
    'Maintenance/Downgrade',
    { action: 2, version: '' },
    (a) => ({ header: header(a['header']), version: a['version'] }),
    5,
  ),
  // Users. From `enable` on, both log in.
  call(
    'auth status',
    (c) => c.auth.status(),
    'Auth/AuthStatus',
    {},
    (a) => ({
      header: header(a['header']),
      isEnabled: a['enabled'],
      authRevision: a['authRevision'],
    }),
    5,
  ),
  call('enable too early', (c) => c.auth.enable(), 'Auth/AuthEnable', {}, acknowledged),
  call(
    'log in while nobody needs to',
    (c) => c.auth.authenticate({ username: 'root', password: 'secret' }),
    'Auth/Authenticate',
    { name: 'root', password: 'secret' },
    (a) => a['token'],
  ),
  call(
    'user add',
    (c) => c.auth.userAdd('root', 'secret'),
    'Auth/UserAdd',
    { name: 'root', password: 'secret', options: { no_password: false } },
    acknowledged,
  ),
  call(
    'user add again',
    (c) => c.auth.userAdd('root', 'secret'),
    'Auth/UserAdd',
    { name: 'root', password: 'secret', options: { no_password: false } },
    acknowledged,
  ),
  call(
    'user add without a name',
    (c) => c.auth.userAdd('', undefined),
    'Auth/UserAdd',
    { options: { no_password: true } },
    acknowledged,
  ),
  call('role add', (c) => c.auth.roleAdd('root'), 'Auth/RoleAdd', { name: 'root' }, acknowledged),
  call('role add', (c) => c.auth.roleAdd('dev'), 'Auth/RoleAdd', { name: 'dev' }, acknowledged),
  call('role again', (c) => c.auth.roleAdd('dev'), 'Auth/RoleAdd', { name: 'dev' }, acknowledged),
  call(
    'grant a role',
    (c) => c.auth.userGrantRole('root', 'root'),
    'Auth/UserGrantRole',
    { user: 'root', role: 'root' },
    acknowledged,
  ),
  call(
    'grant a role that does not exist',
    (c) => c.auth.userGrantRole('root', 'none'),
    'Auth/UserGrantRole',
    { user: 'root', role: 'none' },
    acknowledged,
  ),
  call(
    'grant a permission',
    (c) => c.auth.roleGrant('dev', 'read-write', { prefix: 'dev/' }),
    'Auth/RoleGrantPermission',
    { name: 'dev', perm: { permType: 2, key: bytes('dev/'), range_end: bytes('dev0') } },
    acknowledged,
  ),
  call(
    'role get',
    (c) => c.auth.rolePermissions('dev'),
    'Auth/RoleGet',
    { role: 'dev' },
    (a) =>
      (a['perm'] as readonly RawMessage[]).map(({ permType, key, range_end }) => ({
        access: permType === 2 ? 'read-write' : 'other',
        key,
        rangeEnd: range_end,
      })),
  ),
  call(
    'role list',
    (c) => c.auth.roleList(),
    'Auth/RoleList',
    {},
    (a) => a['roles'],
  ),
  call(
    'user list',
    (c) => c.auth.userList(),
    'Auth/UserList',
    {},
    (a) => a['users'],
  ),
  call(
    'user get',
    (c) => c.auth.userRoles('root'),
    'Auth/UserGet',
    { name: 'root' },
    (a) => a['roles'],
  ),
  call(
    'user get',
    (c) => c.auth.userRoles('none'),
    'Auth/UserGet',
    { name: 'none' },
    (a) => a['roles'],
  ),
  call('enable', (c) => c.auth.enable(), 'Auth/AuthEnable', {}, acknowledged),
  call(
    'a wrong password',
    (c) => c.auth.authenticate({ username: 'root', password: 'wrong' }),
    'Auth/Authenticate',
    { name: 'root', password: 'wrong' },
    (a) => a['token'],
  ),
  call(
    'log in',
    mapped(
      (c) => c.auth.authenticate({ username: 'root', password: 'secret' }),
      (token) => typeof token,
    ),
    'Auth/Authenticate',
    { name: 'root', password: 'secret' },
    (a) => typeof a['token'],
  ),
  call(
    'put as root',
    (c) => c.kv.put('a', '9'),
    'KV/Put',
    { key: bytes('a'), value: bytes('9') },
    put,
  ),
  call(
    'change a password',
    (c) => c.auth.userChangePassword('none', 'x'),
    'Auth/UserChangePassword',
    { name: 'none', password: 'x' },
    acknowledged,
  ),
  call(
    'take a role back',
    (c) => c.auth.userRevokeRole('root', 'dev'),
    'Auth/UserRevokeRole',
    { name: 'root', role: 'dev' },
    acknowledged,
  ),
  call(
    'take a permission back',
    (c) => c.auth.roleRevoke('dev', { prefix: 'dev/' }),
    'Auth/RoleRevokePermission',
    { role: 'dev', key: bytes('dev/'), range_end: bytes('dev0') },
    acknowledged,
  ),
  call(
    'role delete',
    (c) => c.auth.roleDelete('dev'),
    'Auth/RoleDelete',
    { role: 'dev' },
    acknowledged,
  ),
  call(
    'user delete',
    (c) => c.auth.userDelete('none'),
    'Auth/UserDelete',
    { name: 'none' },
    acknowledged,
  ),
  call('disable', (c) => c.auth.disable(), 'Auth/AuthDisable', {}, acknowledged),
];
