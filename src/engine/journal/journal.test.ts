import { describe, expect, test } from 'vitest';
import { type MemberID, instantOf, seededRandom, unsafeBrand } from '../../base/index.js';
import type { HostName, MemberName, PeerURL } from '../../core/cluster/index.js';
import { type Step, plannerProblems } from '../../core/planner/index.js';
import type { JournalEntry } from '../ports/index.js';
import {
  JOURNAL_LINE_BYTES_MAX,
  decodeJournalEntry,
  encodeJournalEntry,
  hasLanded,
  newJournalID,
  summariseEntry,
  unresolvedFrom,
  unseenSinceFrom,
} from './index.js';

const ID = unsafeBrand<MemberID>('a1');
const URLS = [unsafeBrand<PeerURL>('http://127.0.0.1:21001')];
const ADD: Step = {
  kind: 'add-learner',
  name: unsafeBrand<MemberName>('m4'),
  host: unsafeBrand<HostName>('m4'),
  peerURLs: URLS,
};
const REMOVE: Step = { kind: 'remove-member', member: ID, name: 'm1' };
const STOP: Step = { kind: 'stop-member', host: ADD.host, name: ADD.name };
const MARGIN = {
  before: 1,
  after: 0,
  votersBefore: 3,
  healthyBefore: 3,
  votersAfter: 3,
  healthyAfter: 2,
};

const decided = (id: string, at: number, step: Step): JournalEntry => ({
  kind: 'decided',
  at: instantOf(at),
  id,
  step,
  because: 'below-wanted-size',
  margin: MARGIN,
});
const ended = (
  id: string,
  at: number,
  outcome: 'applied' | 'refused' | 'unknown',
): JournalEntry => ({
  kind: 'outcome',
  at: instantOf(at),
  id,
  outcome,
  step: 'add-learner',
  tookMs: 5,
});

describe('unresolvedFrom', () => {
  const started = instantOf(1000);
  const at = (...entries: JournalEntry[]) => unresolvedFrom(entries, started).at(-1)?.at;

  test('nothing was decided', () => {
    expect(at()).toBeUndefined();
  });
  test('a known end leaves nothing open', () => {
    expect(at(decided('x', 100, ADD), ended('x', 110, 'applied'))).toBeUndefined();
    expect(at(decided('x', 100, ADD), ended('x', 110, 'refused'))).toBeUndefined();
  });
  test('an unknown end counts from when it was given up', () => {
    expect(at(decided('x', 100, ADD), ended('x', 110, 'unknown'))).toBe(110);
  });
  test('no end at all counts from when the reader started: its author may have slept before sending', () => {
    expect(at(decided('x', 100, ADD))).toBe(1000);
  });
  test('a clock that went back does not make it wait for the future', () => {
    expect(at(decided('x', 100, ADD), ended('x', 99_000, 'unknown'))).toBe(1000);
  });
  test('an unknown end that a later entry resolved is closed', () => {
    const entries = [
      decided('x', 100, ADD),
      ended('x', 110, 'unknown'),
      ended('x', 9000, 'refused'),
    ];
    expect(at(...entries)).toBeUndefined();
  });
  test('steps on hosts never count', () => {
    const first = [decided('x', 100, ADD), ended('x', 110, 'unknown')];
    expect(at(...first, decided('y', 200, STOP))).toBe(110);
    expect(at(decided('y', 200, STOP))).toBeUndefined();
  });
  test('one that another controller could not carry out any more does not hide one that is open', () => {
    const open = [decided('x', 100, ADD), decided('y', 105, REMOVE), ended('y', 106, 'refused')];
    expect(at(...open)).toBe(1000);
    expect(at(...open, ended('x', 110, 'unknown'))).toBe(110);
  });
  test('of several the one that can have been sent last counts, and all are named', () => {
    const entries = [
      decided('x', 100, ADD),
      decided('y', 105, REMOVE),
      ended('y', 300, 'unknown'),
      ended('x', 110, 'unknown'),
    ];
    expect(unresolvedFrom(entries, started).map(({ id }) => id)).toEqual(['x', 'y']);
    expect(at(...entries)).toBe(300);
  });
});

describe('unseenSinceFrom', () => {
  const unseen = (at: number, host: string): JournalEntry => ({
    kind: 'plan',
    at: instantOf(at),
    plan: 'blocked',
    because: 'host-unseen',
    problem: plannerProblems.hostUnseen({
      cluster: 'prod',
      host,
      because: 'no answer',
      forMs: 0,
      memberAnswers: true,
    }),
  });
  const converged: JournalEntry = {
    kind: 'plan',
    at: instantOf(900),
    plan: 'converged',
    because: 'converged',
  };
  test('the first time that it was told, whatever was done for others meanwhile', () => {
    const entries = [converged, unseen(1000, 'c'), decided('x', 1100, STOP), unseen(1200, 'c')];
    expect(unseenSinceFrom(entries)).toEqual({ c: 1000 });
  });
  test('not from before anything else was told', () => {
    expect(unseenSinceFrom([unseen(100, 'c'), converged])).toEqual({});
    expect(unseenSinceFrom([unseen(100, 'c'), converged, unseen(1000, 'c')])).toEqual({ c: 1000 });
    expect(unseenSinceFrom([unseen(100, 'c'), unseen(1000, 'b')])).toEqual({ b: 1000 });
  });
});

describe('hasLanded', () => {
  const member = {
    id: ID,
    name: unsafeBrand<MemberName>('m1'),
    peerURLs: URLS,
    clientURLs: [],
    isLearner: false,
  };
  const learner = { ...member, isLearner: true };
  const other = [unsafeBrand<PeerURL>('http://127.0.0.1:21009')];
  test.each<[string, Step, (typeof member)[], boolean]>([
    ['added', ADD, [learner], true],
    ['not added', ADD, [], false],
    ['promoted', { kind: 'promote-learner', member: ID, name: '' }, [member], true],
    ['still a learner', { kind: 'promote-learner', member: ID, name: '' }, [learner], false],
    ['gone instead', { kind: 'promote-learner', member: ID, name: '' }, [], false],
    ['removed', REMOVE, [], true],
    ['not removed', REMOVE, [member], false],
    ['moved', { ...REMOVE, kind: 'update-peer-urls', peerURLs: URLS }, [member], true],
    ['not moved', { ...REMOVE, kind: 'update-peer-urls', peerURLs: other }, [member], false],
  ])('%s', (_name, step, members, expected) => {
    expect(hasLanded(step, members)).toBe(expected);
  });
});

describe('lines', () => {
  test('what is written is read back, on one line', () => {
    for (const entry of [decided('x', 1, ADD), ended('x', 2, 'unknown')]) {
      const line = encodeJournalEntry(entry);
      expect(line).not.toContain('\n');
      expect(decodeJournalEntry(line)).toEqual(entry);
    }
  });
  test.each([
    '',
    '{"kind":"decided","at":1,"id":"x"',
    '{"kind":"decided","at":1,"id":"x","step":null,"because":"x","margin":{}}',
    '{"kind":"decided","at":1,"id":"x","step":{},"because":"x","margin":{}}',
    '{"kind":"something-new","at":1}',
    '{"kind":"toString","at":1}',
    '[]',
    'null',
    `"${'x'.repeat(JOURNAL_LINE_BYTES_MAX)}"`,
  ])('a line that is no entry is skipped: %.60s', (line) => {
    expect(decodeJournalEntry(line)).toBeUndefined();
  });
  test('ids are short, and differ', () => {
    const random = seededRandom(7);
    const ids = new Set(Array.from({ length: 1000 }, () => newJournalID(random)));
    expect(ids.size).toBe(1000);
  });
});

test('an entry in one line for people', () => {
  expect(summariseEntry(decided('x', 1, REMOVE))).toMatch(
    /^remove m1 \(a1\), because .+; margin 1 → 0$/,
  );
  expect(summariseEntry(ended('x', 2, 'unknown'))).toBe('add-learner: unknown after 5 ms');
  expect(
    summariseEntry({ kind: 'controller-started', at: instantOf(1), pid: 4, purpose: 'up' }),
  ).toBe('controller 4 started: up');
});
