import { expect, test } from 'vitest';
import { unsafeBrand } from '../../../src/base/index.js';
import type { World } from '../../../src/core/model/index.js';
import { checkDataNotNeeded, checkNoDataLost } from './rule-5-data-kept.js';
import { decided, idOf, setAside, words, worldAfter } from './testing/worlds.js';

/** c was removed while it was down, so its data is still there. */
const removed = worldAfter('cluster prod voters=(a b c) target=(a b)', 'crash c', 'plan', 'apply');
const ofC = worldAfter('cluster prod voters=(a b c)');
const idOfC = idOf(ofC, 'c');
const checked = (world: World, unresolved?: Parameters<typeof decided>[2]) =>
  words(checkDataNotNeeded(decided(world, setAside(world, 'c', idOfC), unresolved)));

test('data of one that is no member any more may go, on proof', () => {
  expect(checked(removed)).toEqual([]);
});

test('never of a member, never of one that runs', () => {
  expect(checked(ofC)).toEqual([
    '5: data on c is put aside although c is in the list',
    '5: data on c is put aside while its process runs',
  ]);
});

test('never without a quorum, never while a change is open, never by an old list', () => {
  const dark = { ...removed, leader: undefined };
  expect(checked(dark)).toEqual(['5: data on c is put aside without a list through quorum']);
  expect(checked(removed, { step: 'add-learner', at: removed.now })).toEqual([
    '5: data on c is put aside while an earlier add-learner may still land',
  ]);
  const step = setAside(ofC, 'c', idOfC);
  expect(words(checkDataNotNeeded(decided(removed, step)))).toEqual([
    '5: data on c is put aside by a list that is not the newest',
  ]);
});

test('never on the proof of somebody else', () => {
  const step = setAside(removed, 'c', unsafeBrand('beef'));
  expect(words(checkDataNotNeeded(decided(removed, step)))).toEqual([
    '5: data on c is put aside and the proof is of somebody else',
  ]);
});

test('a member that is without its data afterwards is seen', () => {
  const step = setAside(ofC, 'c', idOfC);
  const after = {
    ...ofC,
    hosts: ofC.hosts.map((host) =>
      host.host === 'c' ? { ...host, data: { kind: 'empty' as const } } : host,
    ),
  };
  const effect = { before: ofC, step, outcome: 'applied' as const, after };
  expect(words(checkNoDataLost(effect))).toEqual([
    '5: set-aside-data took the data of c, a member',
  ]);
  expect(checkNoDataLost({ ...effect, after: ofC })).toEqual([]);
});
