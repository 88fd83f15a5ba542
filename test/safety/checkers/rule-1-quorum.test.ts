import { describe, expect, test } from 'vitest';
import { checkQuorumKept, checkQuorumOnLanding } from './rule-1-quorum.js';
import {
  decided,
  idOf,
  landed,
  promote,
  remove,
  stop,
  words,
  worldAfter,
} from './testing/worlds.js';

const kept = (...args: Parameters<typeof decided>) => words(checkQuorumKept(decided(...args)));

describe('decided: a removal', () => {
  test('of a healthy voter of three leaves no margin', () => {
    const world = worldAfter('cluster prod voters=(a b c)');
    expect(kept(world, remove(world, 'b'))).toEqual([
      '1: remove b: 3 of 3 voters are well, margin 1 -> 0',
    ]);
  });

  test.each([
    ['of five', 'cluster prod voters=(a b c d e)'],
    ['on the way to two', 'cluster prod voters=(a b c) target=(a c)'],
  ])('%s is fine', (_name, opening) => {
    const world = worldAfter(opening);
    expect(kept(world, remove(world, 'b'))).toEqual([]);
  });

  test('of a dead one never lowers the margin', () => {
    const world = worldAfter('cluster prod voters=(a b c)', 'lose-data b');
    expect(kept(world, remove(world, 'b'))).toEqual([]);
  });

  test('of one that may be alive needs a known quorum of the rest', () => {
    const world = worldAfter('cluster prod voters=(a b c)', 'lose-data c', 'hide b');
    expect(kept(world, remove(world, 'b'))).toHaveLength(1);
    expect(kept(world, remove(world, 'c'))).toEqual([]);
  });

  test('whom we do not see does not count as well', () => {
    const world = worldAfter('cluster prod voters=(a b c d e)', 'hide d e');
    expect(kept(world, remove(world, 'b'))).toHaveLength(1);
  });

  test('a cut counts: the other side is not well', () => {
    const world = worldAfter('cluster prod voters=(a b c d e)', 'cut d e');
    expect(kept(world, remove(world, 'b'))).toHaveLength(1);
  });
});

describe('decided: a promotion', () => {
  const opening = 'cluster prod voters=(a b c) target=(a b c d) learner=d';
  test('counts the newcomer as down', () => {
    const world = worldAfter(opening, 'crash b');
    expect(kept(world, promote(world, 'd'))).toEqual([
      '1: promote d: 2 of 3 voters are well, margin 0 -> -1',
    ]);
    const healthy = worldAfter(opening);
    expect(kept(healthy, promote(healthy, 'd'))).toEqual([]);
  });

  test('of the second member is exempt', () => {
    const world = worldAfter('cluster prod voters=a target=(a b) learner=b');
    expect(kept(world, promote(world, 'b'))).toEqual([]);
  });
});

describe('decided: a stop', () => {
  test('leaves a quorum', () => {
    const world = worldAfter('cluster prod voters=(a b c)', 'crash c');
    expect(kept(world, stop('b'))).toEqual(['1: stop b: 2 of 3 voters are well, margin 0 -> -1']);
    expect(kept(world, stop('c'))).toEqual([]);
  });

  test('is what was asked when the cluster is to go down; two have no margin', () => {
    const down = worldAfter('cluster prod voters=(a b c)', 'spec state=down', 'crash c');
    expect(kept(down, stop('b'))).toEqual([]);
    expect(kept(worldAfter('cluster prod voters=(a b)'), stop('b'))).toEqual([]);
  });
});

describe('landed', () => {
  const opening = 'cluster prod voters=(a b c d) target=(a b c)';
  const world = worldAfter(opening);
  const decision = decided(world, remove(world, 'd'));

  test('one failure more than the margin explains a lost quorum', () => {
    // 4 of 4, then 3 of 3: margin 1 is left. Two fail meanwhile.
    const worse = worldAfter(opening, 'crash b');
    expect(checkQuorumOnLanding(landed(decision, worse))).toEqual([]);
  });

  test('fewer failures than the margin do not', () => {
    // Somebody has removed c meanwhile, which we did not know: of a, b and d only b is left with a.
    const gone = {
      ...world,
      members: world.members.filter(({ id }) => id !== idOf(world, 'c')),
    };
    const worse = {
      ...gone,
      hosts: gone.hosts.map((host) =>
        host.host === 'b' ? { ...host, process: { kind: 'stopped' as const } } : host,
      ),
    };
    const landing = { ...landed(decision, worse), failedSince: [idOf(world, 'b')] };
    expect(words(checkQuorumOnLanding(landing))).toEqual([
      '1: remove-member lost the quorum: 0 of 2 voters are well; margin 1 was left when it was decided and 1 failed since',
    ]);
    expect(
      checkQuorumOnLanding({ ...landing, failedSince: ['b', 'c'].map((n) => idOf(world, n)) }),
    ).toEqual([]);
  });
});
