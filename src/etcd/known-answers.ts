import type { EtcdError, RefusalReason, UnknownWhy } from './errors.js';

/** gRPC status codes this client tells apart. */
export const grpcCodes = {
  ok: 0,
  cancelled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const;

/**
 * What etcd 3.4–3.7 says, less its `etcdserver:` in front, and what it means. A text decides before the code does,
 * because the versions give one text different codes (Unknown in 3.4, DeadlineExceeded or Unavailable later).
 */
const REFUSALS: Readonly<Record<string, RefusalReason>> = {
  'no leader': 'no-leader',
  'not leader': 'not-leader',
  // Raft's own words, only ever for a proposal that this very member did not take.
  'raft proposal dropped': 'proposal-dropped',
  'bad leader transferee': 'bad-leader-transferee',
  'unhealthy cluster': 'unhealthy-cluster',
  're-configuration failed due to not enough started members': 'not-enough-started-members',
  'member not found': 'member-not-found',
  'member ID already exist': 'member-exists',
  'Peer URLs already exists': 'peer-urls-exist',
  'given member URLs are invalid': 'member-urls-invalid',
  'too many learner members in cluster': 'too-many-learners',
  'can only promote a learner member which is in sync with leader': 'learner-not-ready',
  'can only promote a learner member': 'not-a-learner',
  'rpc not supported for learner': 'learner-unsupported',
  'mvcc: database space exceeded': 'no-space',
  'corrupt cluster': 'corrupt',
  'mvcc: required revision has been compacted': 'compacted',
  'mvcc: required revision is a future revision': 'future-revision',
  'request is too large': 'request-too-large',
  'too many requests': 'too-many-requests',
  'too many operations in txn request': 'too-many-operations',
  'key is not provided': 'invalid-request',
  'key not found': 'invalid-request',
  'value is provided': 'invalid-request',
  'lease is provided': 'invalid-request',
  'duplicate key given in txn request': 'invalid-request',
  'invalid sort option': 'invalid-request',
  'requested lease not found': 'lease-not-found',
  'lease already exists': 'lease-exists',
  'too large lease TTL': 'lease-ttl-too-large',
  'authentication failed, invalid user ID or password': 'auth-failed',
  'invalid auth token': 'invalid-auth-token',
  'revision of auth store is old': 'auth-revision-old',
  'authentication is not enabled': 'auth-not-enabled',
  'root user does not exist': 'auth-prerequisite-missing',
  'root user does not have root role': 'auth-prerequisite-missing',
  'invalid auth management': 'auth-prerequisite-missing',
  'permission denied': 'permission-denied',
  'user name is empty': 'user-empty',
  'user name already exists': 'user-exists',
  'user name not found': 'user-not-found',
  'role name already exists': 'role-exists',
  'role name not found': 'role-not-found',
  'role name is empty': 'invalid-request',
  'role is not granted to the user': 'role-not-granted',
  'permission is not granted to the role': 'permission-not-granted',
  'permission not given': 'invalid-request',
  'invalid downgrade target version': 'downgrade-version-invalid',
  'wrong downgrade target version format': 'downgrade-version-invalid',
  'cluster has a downgrade job in progress': 'downgrade-in-progress',
  'no inflight downgrade job': 'downgrade-not-in-progress',
  'not capable': 'not-capable',
  'cluster ID mismatch': 'cluster-id-mismatch',
};

/** Texts of a server that does not know itself what became of the request. */
const UNKNOWNS: Readonly<Record<string, UnknownWhy>> = {
  'request timed out': 'server-timeout',
  'request timed out, possibly due to previous leader failure': 'server-timeout',
  'request timed out, possibly due to connection lost': 'server-timeout',
  'request timed out, waiting for the applied index took too long': 'server-timeout',
  'context deadline exceeded': 'server-timeout',
  'request canceled': 'server-timeout',
  'context canceled': 'server-timeout',
  'server stopped': 'server-stopped',
  'leader changed': 'leader-changed',
};

/** Codes that in themselves say that nothing was done, for texts we do not know. */
const REFUSING_CODES: Readonly<Record<number, RefusalReason>> = {
  [grpcCodes.invalidArgument]: 'other',
  [grpcCodes.notFound]: 'other',
  [grpcCodes.alreadyExists]: 'other',
  [grpcCodes.permissionDenied]: 'permission-denied',
  [grpcCodes.resourceExhausted]: 'other',
  [grpcCodes.failedPrecondition]: 'other',
  [grpcCodes.outOfRange]: 'other',
  [grpcCodes.unimplemented]: 'not-capable',
  [grpcCodes.unauthenticated]: 'invalid-auth-token',
};

/** Refusals of one member for reasons of its own, which another member may not have. */
const OTHERS_MAY_ACCEPT: ReadonlySet<RefusalReason> = new Set(['no-leader', 'learner-unsupported']);

/** gRPC's own words for a request above the server's limit; etcd adds half a MiB to `--max-request-bytes`. */
const GRPC_TOO_LARGE = /received message larger than max/;

/** Turns a status other than OK into what it says about the call. */
export function errorOfStatus(code: number, message: string, endpoint: string): EtcdError {
  // Some texts of 3.4 and 3.5 carry another prefix, or two of them (`etcdserver: mvcc: …`, `auth: …`).
  const text = message.replace(/^etcdserver: /, '').replace(/^(?:auth|membership): /, '');
  const where = { message, endpoint, tried: [] };
  const why = lookUp(UNKNOWNS, text);
  if (why !== undefined) return { kind: 'unknown', why, ...where };
  const known = GRPC_TOO_LARGE.test(text) ? 'request-too-large' : lookUp(REFUSALS, text);
  const reason = known ?? REFUSING_CODES[code];
  if (reason !== undefined) return { kind: 'refused', reason, code, ...where };
  const unclear = code === grpcCodes.deadlineExceeded ? 'server-timeout' : 'unclear-answer';
  return { kind: 'unknown', why: unclear, ...where };
}

const lookUp = <T>(table: Readonly<Record<string, T>>, text: string): T | undefined =>
  Object.hasOwn(table, text) ? table[text] : undefined;

/** Whether the same call may go to another endpoint after this error. */
export function mayTryNext(error: EtcdError, repeatable: boolean): boolean {
  switch (error.kind) {
    case 'refused':
      return OTHERS_MAY_ACCEPT.has(error.reason);
    case 'not-sent':
      return !['cancelled', 'closed', 'request-too-large'].includes(error.why);
    case 'unknown':
      return repeatable && error.why !== 'cancelled' && error.why !== 'answer-too-large';
  }
}

/** The refusals that a new login may cure; each certainly had no effect. */
export const isStaleToken = (error: EtcdError): boolean =>
  error.kind === 'refused' &&
  ['invalid-auth-token', 'auth-revision-old', 'user-empty'].includes(error.reason);
