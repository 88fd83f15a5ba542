import { expect, test } from 'vitest';
import { unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { inTheWayOf, judgeOf } from './verdict.js';

const [old, dead, fresh, other] = ['old', 'dead', 'fresh', 'other'].map((name) =>
  unsafeBrand<HostName>(name),
) as [HostName, HostName, HostName, HostName];

const verdicts = [
  judgeOf('port', fresh).problem('taken'),
  judgeOf('swap', fresh).warning('in use'),
  judgeOf('reach', fresh, old).problem('dropped'),
  judgeOf('reach', fresh, dead).problem('silent'),
  judgeOf('reach', dead, fresh).problem('not tried'),
  judgeOf('reach', fresh, other).problem('silent'),
];
const toldOf = (hosts: readonly HostName[], unreached: readonly HostName[]) =>
  inTheWayOf(hosts, { verdicts, unreached }).map(({ host, to = '' }) => `${host} ${to}`.trim());

test('a way to a host that nobody can log in to says nothing about who is to join', () => {
  expect(toldOf([fresh], [dead])).toEqual(['fresh', 'fresh old', 'fresh other']);
});

test('a host that is to join and cannot be logged in to is in its own way', () => {
  expect(toldOf([fresh, dead, other], [dead, other])).toHaveLength(5);
});
