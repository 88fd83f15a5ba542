import type { Result } from '../base/index.js';

/** How a call ended. Nothing is thrown for what a server or a network may do. */
export type CallResult<T> = Result<T, EtcdError>;

/**
 * Why a call has no value. The three kinds differ in what the caller may conclude:
 * `refused` and `not-sent`: it certainly had no effect. `unknown`: it may have happened, or may still happen; for a
 * call that changes something it is therefore never sent again by this client.
 */
export type EtcdError =
  | ({
      readonly kind: 'refused';
      readonly reason: RefusalReason;
      /** The gRPC status code the server gave. */
      readonly code: number;
    } & Where)
  | ({ readonly kind: 'not-sent'; readonly why: NotSentWhy } & Where)
  | ({ readonly kind: 'unknown'; readonly why: UnknownWhy } & Where);

interface Where {
  /** The server's own text, or what we saw instead of an answer. */
  readonly message: string;
  /** The endpoint this is about; empty when there was none to ask. */
  readonly endpoint: string;
  /** Endpoints that were tried for the same call and gave less, oldest first. */
  readonly tried: readonly Tried[];
}

export interface Tried {
  readonly endpoint: string;
  readonly message: string;
}

/** Why a call certainly never reached a server that would act on it. */
export type NotSentWhy =
  | 'no-endpoint'
  | 'bad-endpoint'
  | 'name-unknown'
  | 'connection-refused'
  | 'connect-failed'
  | 'tls'
  /** Nobody completed the connection: also a frozen member, and one that has not had a leader since its start. */
  | 'connect-timeout'
  /** Something listens there that does not speak HTTP/2. */
  | 'not-http2'
  /** The server closed the connection and said that it had not looked at this call. */
  | 'not-processed'
  /** The server had as many calls of ours open as it allows for as long as there was time. */
  | 'no-room'
  /** The login before the call gave no token. */
  | 'login-failed'
  | 'request-too-large'
  | 'cancelled'
  | 'closed';

/** Why nothing is known about a call that was, or may have been, sent. For a read it means: no answer. */
export type UnknownWhy =
  | 'deadline'
  | 'cancelled'
  | 'connection-lost'
  /** The server itself gave up waiting; what it proposed may still be committed. */
  | 'server-timeout'
  | 'server-stopped'
  | 'leader-changed'
  /** An answer whose text and code do not say whether something was done. */
  | 'unclear-answer'
  /** Bytes that are no gRPC answer of this RPC. */
  | 'bad-answer'
  | 'answer-too-large';

/** What a refusing server meant; one word per known text (known-answers.ts). */
export type RefusalReason =
  | 'no-leader'
  | 'not-leader'
  /** Leadership was being moved; what was asked was dropped unseen. */
  | 'proposal-dropped'
  | 'bad-leader-transferee'
  | 'unhealthy-cluster'
  | 'not-enough-started-members'
  | 'member-not-found'
  | 'member-exists'
  | 'peer-urls-exist'
  | 'member-urls-invalid'
  | 'too-many-learners'
  | 'learner-not-ready'
  | 'not-a-learner'
  | 'learner-unsupported'
  | 'no-space'
  | 'corrupt'
  | 'compacted'
  | 'future-revision'
  | 'request-too-large'
  | 'too-many-requests'
  | 'too-many-operations'
  | 'invalid-request'
  | 'lease-not-found'
  | 'lease-exists'
  | 'lease-ttl-too-large'
  | 'auth-failed'
  | 'invalid-auth-token'
  | 'auth-revision-old'
  | 'auth-not-enabled'
  | 'auth-prerequisite-missing'
  | 'permission-denied'
  | 'user-empty'
  | 'user-exists'
  | 'user-not-found'
  | 'role-exists'
  | 'role-not-found'
  | 'role-not-granted'
  | 'permission-not-granted'
  | 'downgrade-version-invalid'
  | 'downgrade-in-progress'
  | 'downgrade-not-in-progress'
  | 'not-capable'
  | 'cluster-id-mismatch'
  | 'other';
