/**
 * Every RPC this client makes: where it is, whether a second sending does harm, whether it needs a leader, and how
 * long we wait when the caller does not say. Whether a call may be repeated is a property of the RPC and is decided
 * here, never from the error that came back.
 */
export interface Rpc {
  readonly path: string;
  /** Sending it twice is harmless, so a call without an answer may be sent to another endpoint. */
  readonly repeatable: boolean;
  /**
   * The server is asked to refuse at once when it knows no leader. Without that it would hold the request for its
   * own limit (5 s + 2 × election timeout, 7 s by default) and then leave us with an unknown outcome.
   */
  readonly needsLeader: boolean;
  /** For the whole call, every endpoint included. */
  readonly deadlineMs: number;
}

/** Above the server's own limit of 7 s, so that its answer arrives before we stop waiting. */
const CONSENSUS_MS = 10_000;
/** Answered by one member from memory. */
const LOCAL_MS = 3_000;
/** One member reads its whole database. */
const SCAN_MS = 30_000;
/** Defragmenting blocks a member for about ten seconds per gigabyte, and the database may have eight. */
const DEFRAGMENT_MS = 300_000;

const read = (path: string): Rpc => ({
  path,
  repeatable: true,
  needsLeader: true,
  deadlineMs: CONSENSUS_MS,
});
const change = (path: string): Rpc => ({ ...read(path), repeatable: false });
const local = (path: string, deadlineMs: number): Rpc => ({
  path,
  repeatable: true,
  needsLeader: false,
  deadlineMs,
});

export const rpcs = {
  range: read('/etcdserverpb.KV/Range'),
  rangeSerializable: local('/etcdserverpb.KV/Range', LOCAL_MS),
  put: change('/etcdserverpb.KV/Put'),
  deleteRange: change('/etcdserverpb.KV/DeleteRange'),
  txn: change('/etcdserverpb.KV/Txn'),
  // The second compaction to one revision is refused as compacted, which would hide that the first one worked.
  compact: change('/etcdserverpb.KV/Compact'),

  memberList: local('/etcdserverpb.Cluster/MemberList', LOCAL_MS),
  memberListLinearizable: read('/etcdserverpb.Cluster/MemberList'),
  memberAdd: change('/etcdserverpb.Cluster/MemberAdd'),
  memberRemove: change('/etcdserverpb.Cluster/MemberRemove'),
  memberUpdate: change('/etcdserverpb.Cluster/MemberUpdate'),
  memberPromote: change('/etcdserverpb.Cluster/MemberPromote'),

  status: local('/etcdserverpb.Maintenance/Status', LOCAL_MS),
  hashKV: local('/etcdserverpb.Maintenance/HashKV', SCAN_MS),
  hash: local('/etcdserverpb.Maintenance/Hash', SCAN_MS),
  alarmList: read('/etcdserverpb.Maintenance/Alarm'),
  alarmChange: change('/etcdserverpb.Maintenance/Alarm'),
  // Harmless to the data, but a second one blocks the member again.
  defragment: {
    ...local('/etcdserverpb.Maintenance/Defragment', DEFRAGMENT_MS),
    repeatable: false,
  },
  moveLeader: change('/etcdserverpb.Maintenance/MoveLeader'),
  downgradeValidate: read('/etcdserverpb.Maintenance/Downgrade'),
  downgradeChange: change('/etcdserverpb.Maintenance/Downgrade'),
  // A stream: the deadline is for opening it. It cannot be taken up again in the middle.
  snapshot: { ...local('/etcdserverpb.Maintenance/Snapshot', CONSENSUS_MS), repeatable: false },

  // Streams too. A watch is created with the revision it goes on from, so a second creation sees the same events.
  watch: read('/etcdserverpb.Watch/Watch'),
  leaseKeepAlive: read('/etcdserverpb.Lease/LeaseKeepAlive'),

  leaseGrant: change('/etcdserverpb.Lease/LeaseGrant'),
  leaseRevoke: change('/etcdserverpb.Lease/LeaseRevoke'),
  leaseTimeToLive: read('/etcdserverpb.Lease/LeaseTimeToLive'),
  leaseList: read('/etcdserverpb.Lease/LeaseLeases'),

  authenticate: read('/etcdserverpb.Auth/Authenticate'),
  authStatus: read('/etcdserverpb.Auth/AuthStatus'),
  authEnable: change('/etcdserverpb.Auth/AuthEnable'),
  authDisable: change('/etcdserverpb.Auth/AuthDisable'),
  userAdd: change('/etcdserverpb.Auth/UserAdd'),
  userGet: read('/etcdserverpb.Auth/UserGet'),
  userList: read('/etcdserverpb.Auth/UserList'),
  userDelete: change('/etcdserverpb.Auth/UserDelete'),
  userChangePassword: change('/etcdserverpb.Auth/UserChangePassword'),
  userGrantRole: change('/etcdserverpb.Auth/UserGrantRole'),
  userRevokeRole: change('/etcdserverpb.Auth/UserRevokeRole'),
  roleAdd: change('/etcdserverpb.Auth/RoleAdd'),
  roleGet: read('/etcdserverpb.Auth/RoleGet'),
  roleList: read('/etcdserverpb.Auth/RoleList'),
  roleDelete: change('/etcdserverpb.Auth/RoleDelete'),
  roleGrantPermission: change('/etcdserverpb.Auth/RoleGrantPermission'),
  roleRevokePermission: change('/etcdserverpb.Auth/RoleRevokePermission'),
} as const satisfies Readonly<Record<string, Rpc>>;
