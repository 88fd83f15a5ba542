import { expect, test } from 'vitest';
import { Revisions } from './revisions.js';

function watched() {
  let others = 0;
  const revisions = new Revisions(() => void others++);
  return { revisions, others: () => others };
}

test('answers that overtake each other are of one store', () => {
  const { revisions, others } = watched();
  revisions.heard(10n);
  const atLeast = revisions.latest;
  revisions.heard(15n, atLeast);
  revisions.heard(12n, atLeast);
  revisions.heard(9n);
  expect([revisions.latest, others()]).toEqual([15n, 0]);
});

test('an answer that is older than what was seen before the question is of another store, and that is said once', () => {
  const { revisions, others } = watched();
  revisions.heard(10n);
  const atLeast = revisions.latest;
  revisions.heard(3n, atLeast);
  revisions.heard(4n, atLeast);
  expect([revisions.latest, others()]).toEqual([4n, 1]);
});
