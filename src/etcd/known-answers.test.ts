import { describe, expect, test } from 'vitest';
import { errorOfStatus, grpcCodes, mayTryNext } from './known-answers.js';

const read = (code: number, message: string) => {
  const error = errorOfStatus(code, message, 'http://m:1');
  return error.kind === 'refused'
    ? error.reason
    : `${error.kind}: ${error.kind === 'unknown' ? error.why : ''}`;
};

describe('what a server says', () => {
  test.each([
    // One code, opposite meanings: the text decides.
    [14, 'etcdserver: unhealthy cluster', 'unhealthy-cluster'],
    [14, 'etcdserver: request timed out', 'unknown: server-timeout'],
    [14, 'etcdserver: no leader', 'no-leader'],
    [14, 'etcdserver: leader changed', 'unknown: leader-changed'],
    // A stopping server may have proposed the request before.
    [14, 'etcdserver: server stopped', 'unknown: server-stopped'],
    // One text, different codes in different versions.
    [2, 'etcdserver: request timed out', 'unknown: server-timeout'],
    [4, 'etcdserver: request timed out', 'unknown: server-timeout'],
    [14, 'etcdserver: rpc not supported for learner', 'learner-unsupported'],
    [9, 'etcdserver: rpc not supported for learner', 'learner-unsupported'],
    [2, 'auth: user name is empty', 'user-empty'],
    [3, 'etcdserver: user name is empty', 'user-empty'],
    // A prefix of a known text is another text.
    [9, 'etcdserver: can only promote a learner member', 'not-a-learner'],
    [
      9,
      'etcdserver: can only promote a learner member which is in sync with leader',
      'learner-not-ready',
    ],
    [8, 'etcdserver: mvcc: database space exceeded', 'no-space'],
    [8, 'grpc: received message larger than max (2097157 vs. 2097152)', 'request-too-large'],
    [12, 'unknown service etcdserverpb.Auth', 'not-capable'],
  ])('code %i “%s” is %s', (code, message, meaning) => {
    expect(read(code, message)).toBe(meaning);
  });

  test.each([
    ['invalidArgument', 'other'],
    ['failedPrecondition', 'other'],
    ['unauthenticated', 'invalid-auth-token'],
    ['unknown', 'unknown: unclear-answer'],
    ['internal', 'unknown: unclear-answer'],
    ['unavailable', 'unknown: unclear-answer'],
    ['aborted', 'unknown: unclear-answer'],
    ['deadlineExceeded', 'unknown: server-timeout'],
  ] as const)('with a text nobody knows is judged by its code: %s is %s', (code, meaning) => {
    expect(read(grpcCodes[code], 'etcdserver: news')).toBe(meaning);
    expect(read(grpcCodes[code], 'constructor')).toBe(meaning);
  });
});

test('only a refusal of one member for its own reasons is taken to another', () => {
  const next = (message: string) => mayTryNext(errorOfStatus(14, message, ''), false);
  expect(next('etcdserver: no leader')).toBe(true);
  expect(next('etcdserver: rpc not supported for learner')).toBe(true);
  expect(next('etcdserver: unhealthy cluster')).toBe(false);
  expect(next('etcdserver: request timed out')).toBe(false);
});
