import assert from 'node:assert/strict';
import { type JournalLine, type StepLine, deedsOf, tellDeed } from './journal.js';

/**
 * What must hold of every journal, whatever the test was about: etcd refused nothing that the planner had declared
 * safe, and after the birth was recorded nobody was ever told to start with `new`.
 */
export function auditJournal(lines: readonly JournalLine[]): void {
  const deeds = deedsOf(lines);
  // Without a problem nobody refused: a controller found out later that a dead one's request never landed. Nor did
  // etcd refuse what never reached it, because the member died between the look and the request.
  const refused = deeds.filter(
    ({ outcome, problem }) =>
      outcome === 'refused' && problem !== undefined && problem.code !== 'etcd-not-reached',
  );
  assert.deepEqual(
    refused.map((deed) => ({ deed: tellDeed(deed), problem: deed.problem })),
    [],
    'decisions that were refused',
  );
  const born = deeds.find(({ kind, outcome }) => kind === 'record-birth' && outcome === 'applied');
  const newAfterBirth = deeds.filter(
    ({ at, step }) => born !== undefined && at > born.at && saysNew(step),
  );
  assert.deepEqual(newAfterBirth.map(tellDeed), [], 'starts with `new` after the birth');
}

const saysNew = ({ launch }: StepLine): boolean =>
  launch?.purpose === 'birth' || launch?.flags?.['initial-cluster-state'] === 'new';
