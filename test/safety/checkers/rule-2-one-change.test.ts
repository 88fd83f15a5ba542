import { expect, test } from 'vitest';
import { checkLearners, checkOneChange } from './rule-2-one-change.js';
import {
  add,
  decided,
  landedAt,
  promote,
  remove,
  start,
  words,
  worldAfter,
} from './testing/worlds.js';

const withLearner = worldAfter('cluster prod voters=(a b c) target=(a b c d e) learner=d');
const open = { step: 'add-learner', at: withLearner.now } as const;

test('no change is decided while another may land; a start changes nothing', () => {
  const checked = (step: Parameters<typeof decided>[1]) =>
    words(checkOneChange(decided(withLearner, step, open)));
  expect(checked(promote(withLearner, 'd'))).toEqual([
    '2: promote-learner is decided while an earlier add-learner may still land',
  ]);
  expect(checked(start(withLearner, 'b', 'restart'))).toEqual([]);
});

test('no second learner is added', () => {
  expect(words(checkOneChange(decided(withLearner, add(withLearner, 'e'))))).toEqual([
    '2: a second learner is added, e',
  ]);
});

test('a voter without its log goes before anything is done for a learner', () => {
  const world = worldAfter(
    'cluster prod voters=(a b c d) target=(a b c d e) learner=e',
    'lose-data b',
  );
  expect(words(checkOneChange(decided(world, promote(world, 'e'))))).toEqual([
    '2: promote-learner is decided while b has lost its data and could be removed',
  ]);
  expect(checkOneChange(decided(world, remove(world, 'b')))).toEqual([]);
  // One that is only down still has its log.
  const down = worldAfter('cluster prod voters=(a b c d) target=(a b c d e) learner=e', 'crash b');
  expect(checkOneChange(decided(down, promote(down, 'e')))).toEqual([]);
});

test('two learners in the list are seen, however they came there', () => {
  const landing = landedAt(withLearner, start(withLearner, 'b', 'restart'));
  const step = add(withLearner, 'e');
  const after = {
    ...withLearner,
    members: withLearner.members.map((member) => ({ ...member, isLearner: true })),
  };
  expect(words(checkLearners({ ...landing, step, outcome: 'applied', after }))).toEqual([
    '2: add-learner left 4 learners in the list',
  ]);
  expect(checkLearners({ ...landing, step, outcome: 'applied', after: withLearner })).toEqual([]);
});
