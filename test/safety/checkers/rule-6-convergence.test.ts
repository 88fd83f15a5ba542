import { describe, expect, test } from 'vitest';
import type { Problem } from '../../../src/base/index.js';
import type { Plan } from '../../../src/core/planner/index.js';
import { checkEnd } from './rule-6-convergence.js';
import { words, worldAfter } from './testing/worlds.js';

const blocked = (code: string): Plan => ({
  kind: 'blocked',
  problem: { code, data: {}, summary: '', detail: '', hint: '' } as unknown as Problem,
});
const CONVERGED: Plan = { kind: 'converged' };
const three = 'cluster prod voters=(a b c)';

describe('converged is believed only', () => {
  test('when all that is wanted votes and is well', () => {
    expect(checkEnd(worldAfter(three), CONVERGED)).toEqual([]);
    expect(words(checkEnd(worldAfter(three, 'crash b'), CONVERGED))).toEqual([
      '6: converged, although b is not a voter that is well',
    ]);
    const learner = worldAfter('cluster prod voters=(a b c) target=(a b c d) learner=d');
    expect(words(checkEnd(learner, CONVERGED))).toEqual([
      '6: converged, although d is not a voter that is well',
    ]);
  });

  test('when nobody else is in the list, and all run as they should', () => {
    expect(words(checkEnd(worldAfter(three, 'spec members=(a b)'), CONVERGED))).toEqual([
      '6: converged, although c is not wanted',
    ]);
    const flags = worldAfter(three, 'spec flags=(snapshot-count:5000)');
    expect(words(checkEnd(flags, CONVERGED))[0]).toBe(
      '6: converged, although a runs with another --snapshot-count',
    );
  });

  test('when it is down as it was asked', () => {
    expect(words(checkEnd(worldAfter(three, 'spec state=down'), CONVERGED))).toEqual([
      '6: converged, although a runs',
    ]);
  });
});

describe('blocked is believed only for what is true', () => {
  test.each([
    ['quorum-lost', [three, 'lose-data a b'], [three, 'lose-data a']],
    ['no-leader', [three, 'lose-data a b'], [three, 'crash a b']],
    ['no-space', [three, 'alarm b NOSPACE'], [three]],
    ['removal-would-risk-quorum', [three, 'spec retire=b'], [three]],
    ['foreign-data', [three, 'data b foreign'], [three]],
    [
      'birth-incomplete',
      ['cluster prod unborn target=(a b)', 'plan', 'apply', 'lose-data a'],
      [three],
    ],
  ])('%s', (code, truly, falsely) => {
    expect(checkEnd(worldAfter(...truly), blocked(code))).toEqual([]);
    expect(words(checkEnd(worldAfter(...falsely), blocked(code)))).toEqual([
      `6: blocked for ever, and ${code} is not true`,
    ]);
  });

  test('not for what nobody can look up', () => {
    expect(checkEnd(worldAfter(three), blocked('something-new'))).toHaveLength(1);
  });
});

test('to wait or to repeat for ever is no end', () => {
  expect(
    words(checkEnd(worldAfter(three), { kind: 'wait', for: 'leader', because: 'no-leader-yet' })),
  ).toEqual(['6: waits for ever for leader, because no-leader-yet']);
});
