import { expect, test } from 'vitest';
import { applyStep, settle } from '../../../src/core/model/index.js';
import { checkNoAmnesiaDecided, checkNoAmnesiaLanded } from './rule-4-no-amnesia.js';
import { decided, start, words, worldAfter } from './testing/worlds.js';

const lost = worldAfter('cluster prod voters=(a b c)', 'lose-data b');
const registered = worldAfter('cluster prod voters=(a b c) target=(a b c d) unstarted=d');
const checked = (...args: Parameters<typeof decided>) =>
  words(checkNoAmnesiaDecided(decided(...args)));

test('nobody is restarted without a log, and nobody joins as who it was', () => {
  expect(checked(lost, start(lost, 'b', 'restart'))).toEqual(['4: b is restarted without a log']);
  expect(checked(lost, start(lost, 'b', 'join'))).toEqual([
    '4: b had started and joins again as itself without its log',
  ]);
});

test('a restart with its log and the first start of a new member are fine', () => {
  const down = worldAfter('cluster prod voters=(a b c)', 'crash b');
  expect(checked(down, start(down, 'b', 'restart'))).toEqual([]);
  expect(checked(registered, start(registered, 'd', 'join'))).toEqual([]);
});

test('etcd lets it happen, and it is seen when it has', () => {
  const step = start(lost, 'b', 'join');
  const { outcome, world } = applyStep(lost, step);
  const effect = { before: lost, step, outcome, after: settle(world) };
  expect(words(checkNoAmnesiaLanded(effect))).toEqual([
    '4: b started with an empty log under its old id',
  ]);
  const first = start(registered, 'd', 'join');
  const joined = applyStep(registered, first);
  expect(
    checkNoAmnesiaLanded({
      before: registered,
      step: first,
      outcome: joined.outcome,
      after: joined.world,
    }),
  ).toEqual([]);
});
