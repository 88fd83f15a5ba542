import { expect, test } from 'vitest';
import { err, ok, renderProblem } from '../base/index.js';
import type { EtcdError } from './errors.js';
import { outcomeOf, problemOfEtcdError } from './problems.js';

const asked = { what: 'add the member etcd3', target: 'the cluster prod' };
const where = {
  endpoint: 'http://h:2379',
  tried: [{ endpoint: 'http://g:2379', message: 'silence' }],
};
const refused: EtcdError = {
  kind: 'refused',
  reason: 'unhealthy-cluster',
  code: 14,
  message: 'etcdserver: unhealthy cluster',
  ...where,
};
const notSent: EtcdError = {
  kind: 'not-sent',
  why: 'connection-refused',
  message: 'http://h:2379: connect ECONNREFUSED',
  ...where,
};
const unanswered: EtcdError = {
  kind: 'unknown',
  why: 'deadline',
  message: 'no answer within 3 s',
  ...where,
};

test('a refusal says who said what, and what to do', () => {
  expect(renderProblem(problemOfEtcdError(refused, asked))).toBe(
    [
      'Cannot add the member etcd3: the cluster prod refused [etcd-refused]',
      'http://h:2379 answered “etcdserver: unhealthy cluster” (gRPC code 14).',
      'Before that http://g:2379: silence',
      'etcd wants a quorum of the changed cluster to have been connected for 5 s. Wait, or start the members that are down.',
    ].join('\n'),
  );
});

test('problems are data', () => {
  for (const error of [refused, notSent, unanswered]) {
    const problem = problemOfEtcdError(error, asked);
    expect(JSON.parse(JSON.stringify(problem))).toEqual(problem);
  }
});

test('a call that was not sent or was refused is a refused step; no answer is unknown', () => {
  expect(outcomeOf(ok(1), asked)).toEqual({ kind: 'applied', value: 1 });
  expect(outcomeOf(err(refused), asked)).toMatchObject({
    kind: 'refused',
    problem: { code: 'etcd-refused', data: { reason: 'unhealthy-cluster' } },
  });
  expect(outcomeOf(err(notSent), asked)).toMatchObject({
    kind: 'refused',
    problem: { code: 'etcd-not-reached', data: { why: 'connection-refused' } },
  });
  expect(outcomeOf(err(unanswered), asked)).toMatchObject({
    kind: 'unknown',
    problem: { code: 'etcd-no-answer', data: { why: 'deadline' } },
  });
});
