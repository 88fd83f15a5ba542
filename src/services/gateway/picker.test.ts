import { describe, expect, test } from 'vitest';
import type { BackendCondition, BackendState, SeenMember, Sight } from './backend.js';
import { afterFailedDial, afterSight, factsOf, statesOf } from './facts.js';
import { CUT_OFF_AFTER_MS, hopeless, pick } from './picker.js';

const backend = (host: string, priority = 0) => ({
  url: `http://${host}:2379`,
  host,
  port: 2379,
  secure: false,
  priority,
});

function state(host: string, condition: BackendCondition, more: Partial<BackendState> = {}) {
  return {
    backend: backend(host),
    condition,
    isIn: condition === 'well' || condition === 'answers' || condition === 'untried',
    reason: '',
    sinceMs: 0,
    failedProbes: 0,
    isLeader: false,
    connections: 0,
    latencyMs: undefined,
    ...more,
  } satisfies BackendState;
}
const hosts = (states: readonly BackendState[]) =>
  states.map((each) => each.backend.host).join(' ');

const member = (more: Partial<SeenMember> = {}): Sight => ({
  kind: 'seen',
  hasLeader: true,
  isLeader: false,
  isLearner: false,
  term: 4n,
  committedIndex: 100n,
  appliedIndex: 100n,
  ...more,
});

/** How backends stand after one sight each. */
function judged(...sights: readonly (readonly [host: string, sight: Sight | undefined])[]) {
  const facts = sights.map(([host, sight]) =>
    sight === undefined ? factsOf(backend(host)) : afterSight(factsOf(backend(host)), sight, 3),
  );
  return statesOf(facts, [], 0, () => 0);
}

describe('where a new connection goes', () => {
  test('to the one with the fewest connections among those that are well', () => {
    const states = [
      state('a', 'well', { connections: 5 }),
      state('b', 'well', { connections: 2 }),
      state('c', 'well', { connections: 3 }),
    ];
    expect(hosts(pick(states, 0))).toBe('b c a');
  });

  test('to each in turn while all have the same', () => {
    const states = ['a', 'b', 'c'].map((host) => state(host, 'well'));
    expect([0, 1, 2, 3].map((turn) => hosts(pick(states, turn)))).toEqual([
      'a b c',
      'b c a',
      'c a b',
      'a b c',
    ]);
  });

  test('conditions come before priorities, and priorities before load', () => {
    const states = [
      state('near', 'well', { backend: backend('near', 1), connections: 9 }),
      state('far', 'well', { backend: backend('far', 2) }),
      state('nearest', 'no-leader', { backend: backend('nearest', 0) }),
    ];
    expect(hosts(pick(states, 1))).toBe('near far nearest');
  });

  test('when every backend is out it is a guess: the hung one comes last, one that left never', () => {
    const states = [
      state('hung', 'silent'),
      state('gone', 'leaving'),
      state('dead', 'unreachable'),
      state('cut-off', 'no-leader'),
      state('learns', 'learner'),
    ];
    expect(hosts(pick(states, 3))).toBe('learns cut-off dead hung');
  });

  test('nowhere when there is nobody', () => {
    expect(pick([], 7)).toEqual([]);
  });
});

describe('how a backend is judged', () => {
  test('a member that leads, one that follows, a learner, and one without a leader', () => {
    const states = judged(
      ['a', member({ isLeader: true })],
      ['b', member()],
      ['c', member({ isLearner: true })],
      ['d', member({ hasLeader: false })],
    );
    expect(states.map(({ condition, isIn, isLeader }) => ({ condition, isIn, isLeader }))).toEqual([
      { condition: 'well', isIn: true, isLeader: true },
      { condition: 'well', isIn: true, isLeader: false },
      { condition: 'learner', isIn: false, isLeader: false },
      { condition: 'no-leader', isIn: false, isLeader: false },
    ]);
  });

  test('who takes itself for the leader of an older term does not lead', () => {
    const states = judged(
      ['old', member({ isLeader: true, term: 3n })],
      ['new', member({ isLeader: true, term: 4n })],
    );
    expect(states[0]).toMatchObject({ condition: 'no-leader', isLeader: false });
    expect(states[1]).toMatchObject({ condition: 'well', isLeader: true });
  });

  test('one that is far behind is out, and the reason says how far', () => {
    const states = judged(
      ['a', member({ committedIndex: 90_000n, appliedIndex: 90_000n })],
      ['b', member({ committedIndex: 10_000n, appliedIndex: 9_999n })],
    );
    expect(states[1]).toMatchObject({
      condition: 'lagging',
      isIn: false,
      reason: 'It is 80000 entries behind.',
    });
  });

  test('one that only answers is in, behind those that are known to be well', () => {
    const states = judged(
      ['opaque', { kind: 'answers', because: 'It answers.' }],
      ['new', undefined],
      ['seen', member()],
    );
    expect(states.map(({ isIn }) => isIn)).toEqual([true, true, true]);
    expect(hosts(pick(states, 0))).toBe('seen opaque new');
  });

  test('a probe that failed for want of something here changes nothing', () => {
    const well = afterSight(factsOf(backend('a')), member(), 3);
    expect(afterSight(well, { kind: 'unclear', because: 'EMFILE' }, 1)).toEqual(well);
  });

  test('a condition keeps the time at which it began', () => {
    const first = statesOf([afterSight(factsOf(backend('a')), member(), 3)], [], 10, () => 0);
    const again = statesOf([afterSight(factsOf(backend('a')), member(), 4)], first, 20, () => 0);
    expect(again[0]).toMatchObject({ condition: 'well', sinceMs: 10, latencyMs: 4 });
  });
});

describe('whose live connections are closed', () => {
  const cut = (states: readonly BackendState[], nowMs = 0) => hosts(hopeless(states, nowMs));

  test('of the hung one after a second silent probe', () => {
    const well = state('a', 'well');
    expect(cut([well, state('b', 'silent', { failedProbes: 1 })])).toBe('');
    expect(cut([well, state('b', 'silent', { failedProbes: 2 })])).toBe('b');
  });

  test('of the unreachable one when a probe says so, not when only one more connection was not taken', () => {
    const facts = afterFailedDial(afterSight(factsOf(backend('b')), member(), 3), 'refused');
    const [b] = statesOf([facts], [], 0, () => 0);
    if (b === undefined) throw new Error('no state');
    expect(b.condition).toBe('unreachable');
    expect(cut([state('a', 'well'), b])).toBe('');
    expect(cut([state('a', 'well'), { ...b, failedProbes: 1 }])).toBe('b');
  });

  test('of one without a leader once that is no election, while another has one', () => {
    const lost = state('b', 'no-leader', { sinceMs: 100 });
    expect(cut([state('a', 'well'), lost], 100 + CUT_OFF_AFTER_MS - 1)).toBe('');
    expect(cut([state('a', 'well'), lost], 100 + CUT_OFF_AFTER_MS)).toBe('b');
    expect(cut([state('a', 'answers'), lost], 100 + CUT_OFF_AFTER_MS)).toBe('');
  });

  test('of nobody while every backend is out: nothing would be gained', () => {
    expect(
      cut(
        [
          state('a', 'silent', { failedProbes: 9 }),
          state('b', 'unreachable', { failedProbes: 9 }),
          state('c', 'no-leader'),
        ],
        10_000,
      ),
    ).toBe('');
  });
});
