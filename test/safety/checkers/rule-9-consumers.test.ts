import { expect, test } from 'vitest';
import { type MemberID, unsafeBrand } from '../../../src/base/index.js';
import type { HostName, MemberName } from '../../../src/core/cluster/index.js';
import { type World, crash, observe } from '../../../src/core/model/index.js';
import { marginChange } from '../../../src/core/planner/make.js';
import { GUARDS } from '../../../src/core/planner/guards.js';
import { viewOf } from '../../../src/core/planner/view.js';

import { playToEnd } from '../../../src/core/planner/testing/language/index.js';
import { plan } from '../../../src/core/planner/index.js';
import type { Decision } from './decision.js';
import { checkConsumersFirst } from './rule-9-consumers.js';

const worldAfter = (commands: string): World =>
  playToEnd(`${commands}\n----\n`, { planner: plan, check: () => [] }).scene.world;

/** Somebody decides to remove the member on c. */
function removalOfC(world: World): Decision {
  const { target, record, now } = world;
  const view = viewOf({ target, record, observation: observe(world), now }, GUARDS);
  const c = world.members.find(({ name }) => name === 'c');
  const step = {
    kind: 'remove-member',
    member: c?.id ?? unsafeBrand<MemberID>(''),
    name: 'c',
  } as const;
  const margin = marginChange(view, { voters: -1 });
  return {
    plan: { kind: 'step', step, because: 'not-in-spec', margin },
    at: now,
    world,
    unresolved: undefined,
  };
}

/** Somebody decides to stop the member on a host, to give it what the spec says. */
function stopOf(host: string, world: World): Decision {
  const { target, record, now } = world;
  const view = viewOf({ target, record, observation: observe(world), now }, GUARDS);
  const name = world.members.find((member) => member.name === host)?.name ?? '';
  const step = {
    kind: 'stop-member',
    host: unsafeBrand<HostName>(host),
    name: unsafeBrand<MemberName>(name),
  } as const;
  const margin = marginChange(view, { healthy: -1 });
  return {
    plan: { kind: 'step', step, because: 'flags-differ', margin },
    at: now,
    world,
    unresolved: undefined,
  };
}

/** Somebody begins a phase of the exchange of authorities. */
function advanceTo(to: 'issue-new' | 'trust-new', world: World): Decision {
  const { target, record, now } = world;
  const view = viewOf({ target, record, observation: observe(world), now }, GUARDS);
  const margin = marginChange(view, {});
  return {
    plan: {
      kind: 'step',
      step: { kind: 'advance-rotation', to },
      because: 'new-authority-trusted',
      margin,
    },
    at: now,
    world,
    unresolved: undefined,
  };
}

const told = (world: World) => checkConsumersFirst(removalOfC(world)).map(({ what }) => what);

test('a member that lives may not go while a consumer names it, seen or not', () => {
  const cluster = 'cluster prod voters=(a b c d)\nconsumer api names=(a c)';
  const broken = ['c is removed while it lives and flannel@api names it'];
  expect(told(worldAfter(cluster))).toEqual(broken);
  expect(told(worldAfter(`${cluster}\nconsumer api hidden`))).toEqual(broken);
});

test('it may when nobody names it, and one that is down may anyway', () => {
  const cluster = 'cluster prod voters=(a b c d)\nconsumer api names=(a b)';
  expect(told(worldAfter(cluster))).toEqual([]);
  const named = worldAfter('cluster prod voters=(a b c d)\nconsumer api names=c');
  expect(told(crash(named, unsafeBrand('c')))).toEqual([]);
});

test('a member that is to serve elsewhere may not stop while it is all that a consumer has', () => {
  const cluster = 'cluster prod voters=(a b c)\nspec move-clients=(a b c)';
  const stopped = (commands: string) =>
    checkConsumersFirst(stopOf('a', worldAfter(`${cluster}\n${commands}`))).map(({ what }) => what);
  const broken = ['a gets other client URLs while flannel@api has no other endpoint'];
  expect(stopped('consumer api names=a')).toEqual(broken);
  expect(stopped('consumer api names=a\nconsumer api hidden')).toEqual(broken);
  // The first endpoint says how all are dialled.
  expect(stopped('consumer api names=(a https://b:2379)')).toEqual(broken);
  expect(stopped('consumer api names=(a b)')).toEqual([]);
  expect(stopped('consumer api names=(b c)')).toEqual([]);
  expect(stopped('consumer api names=(a b)\ncrash b')).toEqual(broken);
});

test('a member that only gets other flags may stop, and so may the only one', () => {
  const stopped = (commands: string) => checkConsumersFirst(stopOf('a', worldAfter(commands)));
  const flags = 'spec flags=(snapshot-count:5000)\nconsumer api names=a';
  expect(stopped(`cluster prod voters=(a b c)\n${flags}`)).toEqual([]);
  expect(stopped('cluster prod voters=a\nspec move-clients=a\nconsumer api names=a')).toEqual([]);
});

test('no phase of an exchange of authorities begins that a consumer is not ready for', () => {
  const after = (to: 'issue-new' | 'trust-new', ...has: readonly string[]) => {
    const opening = ['cluster prod voters=(a b c) tls=auto', `consumer api ${has.join(' ')}`];
    const world = worldAfter([...opening, 'certificates follow'].join('\n'));
    return checkConsumersFirst(advanceTo(to, world)).map(({ what }) => what);
  };
  const shown = ['members are to show what flannel@api does not trust'];
  expect(after('issue-new', 'trusts=client-1 shows=client-1')).toEqual(shown);
  expect(after('issue-new', 'trusts=unread shows=client-2')).toEqual(shown);
  expect(after('issue-new', 'trusts=(client-1 client-2) shows=client-1')).toEqual([]);
  const forgotten = ['members are to forget whose certificate flannel@api shows'];
  expect(after('trust-new', 'trusts=(client-1 client-2) shows=client-1')).toEqual(forgotten);
  expect(after('trust-new', 'trusts=(client-1 client-2) shows=client-2')).toEqual([]);
  expect(after('issue-new', 'names=a trusts=client-1')).toEqual([]);
});
