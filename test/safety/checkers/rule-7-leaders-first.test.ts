import { describe, expect, test } from 'vitest';
import type { World } from '../../../src/core/model/index.js';
import type { Step } from '../../../src/core/planner/index.js';
import { checkOrder } from './rule-7-leaders-first.js';
import { decided, moveLeader, remove, stop, words, worldAfter } from './testing/worlds.js';

const checked = (world: World, step: Step) => words(checkOrder(decided(world, step)));
const five = 'cluster prod voters=(a b c d e) leader=a';

describe('who leads', () => {
  const world = worldAfter(five);
  test('is neither removed nor stopped before it handed over', () => {
    expect(checked(world, remove(world, 'a'))).toEqual([
      '7: the leader, a, is removed before it handed over',
    ]);
    expect(checked(world, stop('a'))).toEqual([
      '7: the leader, a, is stopped before it handed over',
    ]);
    expect(checked(world, remove(world, 'b'))).toEqual([]);
    expect(checked(world, stop('b'))).toEqual([]);
  });

  test('is stopped when there is nobody to hand over to', () => {
    expect(checked(worldAfter('cluster prod voters=a'), stop('a'))).toEqual([]);
  });

  test('is the last to stop when all go down', () => {
    const down = worldAfter('cluster prod voters=(a b) leader=a', 'spec state=down');
    expect(checked(down, stop('a'))).toEqual(['7: the leader is stopped while b runs']);
    expect(checked(down, stop('b'))).toEqual([]);
  });
});

describe('followers before leaders', () => {
  test('leadership moves for a restart only when no follower is left to restart', () => {
    const world = worldAfter(
      'cluster prod voters=(a b c) leader=a',
      'spec flags=(snapshot-count:1)',
    );
    expect(checked(world, moveLeader(world, 'a', 'b'))).toEqual([
      '7: leadership moves for a restart while b still needs one',
    ]);
    const leaving = worldAfter(five, 'spec members=(b c d e) flags=(snapshot-count:1)');
    expect(checked(leaving, moveLeader(leaving, 'a', 'b'))).toEqual([]);
  });
});

describe('the sick before the well', () => {
  test('a restart begins with who is unwell anyway', () => {
    const world = worldAfter(five, 'cut e', 'spec flags=(snapshot-count:1)');
    expect(checked(world, stop('b'))).toEqual(['7: b is restarted before e, which is unwell']);
    expect(checked(world, stop('e'))).toEqual([]);
  });

  test('a removal begins with who is down', () => {
    const world = worldAfter(five, 'spec members=(a b c)', 'crash e');
    expect(checked(world, remove(world, 'd'))).toEqual(['7: d is removed before e, which is down']);
    expect(checked(world, remove(world, 'e'))).toEqual([]);
  });
});
