import {
  applied,
  defineProblem,
  refused,
  unknown,
  type Outcome,
  type Problem,
} from '../base/index.js';
import type { CallResult, EtcdError, NotSentWhy, RefusalReason, UnknownWhy } from './errors.js';

/** What was asked, for the sentence: “Cannot `what` of `target`”, say `add a member` and `cluster prod`. */
export interface CallDescription {
  readonly what: string;
  readonly target: string;
}

/** The server answered and did nothing. */
export const etcdRefused = defineProblem(
  'etcd-refused',
  (data: {
    what: string;
    target: string;
    reason: RefusalReason;
    code: number;
    message: string;
    endpoint: string;
    tried: readonly { endpoint: string; message: string }[];
  }) => ({
    summary: `Cannot ${data.what}: ${data.target} refused`,
    detail: sentences(
      `${data.endpoint} answered “${data.message}” (gRPC code ${data.code}).`,
      data,
    ),
    hint: REFUSAL_HINTS[data.reason] ?? '',
  }),
);

/** No server was asked. */
export const etcdNotReached = defineProblem(
  'etcd-not-reached',
  (data: {
    what: string;
    target: string;
    why: NotSentWhy;
    message: string;
    endpoint: string;
    tried: readonly { endpoint: string; message: string }[];
  }) => ({
    summary: `Cannot ${data.what}: ${data.target} was not reached, nothing was sent`,
    detail: sentences(data.message, data),
    hint: NOT_SENT_HINTS[data.why] ?? '',
  }),
);

/** Asked, and not known what became of it. */
export const etcdNoAnswer = defineProblem(
  'etcd-no-answer',
  (data: {
    what: string;
    target: string;
    why: UnknownWhy;
    message: string;
    endpoint: string;
    tried: readonly { endpoint: string; message: string }[];
  }) => ({
    summary: `It is not known whether ${data.target} did what was asked: ${data.what}`,
    detail: sentences(`${data.endpoint}: ${data.message}`, data),
    hint: 'It may have been done or may still happen. Look at the cluster before you ask again.',
  }),
);

/** The error of a call as something to show a person. */
export function problemOfEtcdError(error: EtcdError, { what, target }: CallDescription): Problem {
  const { message, endpoint } = error;
  const tried = error.tried.map((each) => ({ ...each }));
  const data = { what, target, message, endpoint, tried };
  switch (error.kind) {
    case 'refused':
      return etcdRefused({ ...data, reason: error.reason, code: error.code });
    case 'not-sent':
      return etcdNotReached({ ...data, why: error.why });
    case 'unknown':
      return etcdNoAnswer({ ...data, why: error.why });
  }
}

/** The result of a call that changes something, as the outcome of a step. */
export function outcomeOf<T>(result: CallResult<T>, description: CallDescription): Outcome<T> {
  if (result.ok) return applied(result.value);
  const problem = problemOfEtcdError(result.error, description);
  return result.error.kind === 'unknown' ? unknown(problem) : refused(problem);
}

const sentences = (
  first: string,
  { tried }: { readonly tried: readonly { endpoint: string; message: string }[] },
): string =>
  [first, ...tried.map(({ endpoint, message }) => `Before that ${endpoint}: ${message}`)].join(
    '\n',
  );

const REFUSAL_HINTS: Readonly<Partial<Record<RefusalReason, string>>> = {
  'unhealthy-cluster':
    'etcd wants a quorum of the changed cluster to have been connected for 5 s. Wait, or start the members that are down.',
  'not-enough-started-members':
    'Start the members that were added and never started, or remove them, before this change.',
  'too-many-learners': 'Promote or remove the learner that is there first.',
  'learner-not-ready': 'The learner has not caught up with the leader yet. Wait and try again.',
  'peer-urls-exist': 'A member with one of these peer URLs is registered already.',
  'not-leader': 'Ask the endpoint of the leader.',
  'no-leader':
    'The members have no leader at the moment. Wait for an election, or start more of them.',
  'no-space':
    'The database has reached its quota. Compact, defragment each member, then disarm the alarm.',
  'user-empty': 'The cluster asks for users. Give a user name and a password.',
  'invalid-auth-token': 'The cluster asks for users. Give a user name and a password.',
  'auth-failed': 'Check the user name and the password.',
  'permission-denied': 'Use a user whose roles allow this; changes of the cluster need `root`.',
  'learner-unsupported': 'Only learners were asked. Give the endpoints of voters.',
};

const NOT_SENT_HINTS: Readonly<Partial<Record<NotSentWhy, string>>> = {
  'connection-refused': 'Nothing listens there. Is the member running, and is this its client URL?',
  'connect-timeout':
    'The member is frozen, cut off, or has had no leader since its start: etcd takes connections then and does not answer.',
  'not-http2': 'Something else than etcd’s client port listens there.',
  'name-unknown': 'The host name does not resolve here.',
  tls: 'Check the CA, the certificate and the names in it.',
};
