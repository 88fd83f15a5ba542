import { describe, expect, test } from 'vitest';
import { Budget } from './budget.js';
import { NO_FAULTS } from './case.js';
import { PRICES } from './environment.js';
import { NumberMap } from './number-map.js';
import { RowTable } from './row-table.js';
import { StateList } from './state-list.js';

/** Whole numbers below 2^53 that come again and again in another order. */
const keys = Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 3000) * 2 ** 40 + (i % 3));

test('a number map says what a map says', () => {
  const map = new NumberMap();
  const truth = new Map<number, number>();
  keys.forEach((key, i) => {
    expect(map.at(key)).toBe(truth.get(key) ?? -1);
    map.set(key, i);
    truth.set(key, i);
  });
  for (const [key, value] of truth) expect(map.at(key)).toBe(value);
});

test('a row table numbers rows in the order in which they first come, and gives them back', () => {
  const table = new RowTable(3);
  const truth = new Map<string, number>();
  const row = new Int32Array(3);
  for (const key of keys) {
    row.set([key % 7, Math.floor(key / 2 ** 40), -1]);
    const id = truth.get(row.join()) ?? truth.size;
    truth.set(row.join(), id);
    expect(table.idOf(row)).toBe(id);
  }
  for (const [text, id] of truth) {
    table.copy(id, row);
    expect(row.join()).toBe(text);
  }
});

describe('the list of states', () => {
  const faults = { ...NO_FAULTS, crashes: 3, dataLosses: 2, cuts: 1, messages: 1 };
  const budget = new Budget(faults);

  test('adds a situation again only with more left than before in some kind', () => {
    const states = new StateList(budget.coverage());
    const less = budget.after(budget.full, 'crashes');
    const other = budget.after(budget.full, 'cuts');
    expect(states.add(5, less, -1, 0)).toBe(true);
    expect(states.add(5, less, -1, 0)).toBe(false);
    expect(states.add(5, other, -1, 0)).toBe(true);
    expect(states.add(5, budget.after(less, 'cuts'), -1, 0)).toBe(false);
    expect(states.add(5, budget.full, -1, 0)).toBe(true);
    expect(states.add(5 + 2 ** 32, less, -1, 0)).toBe(true);
  });

  test('keeps situations, what is left and the way back as it grows', () => {
    const states = new StateList(budget.coverage());
    const once = [...new Set(keys)];
    const many = once.flatMap((key) => [key, key + 5]);
    many.forEach((situation, i) => states.add(situation, i % budget.count, i - 1, i % 1000));
    expect(states.size).toBe(many.length);
    many.forEach((situation, i) => {
      expect(states.situationAt(i)).toBe(situation);
      expect(states.leftAt(i)).toBe(i % budget.count);
      expect(states.parentOf(i)).toBe(i - 1);
      expect(states.moveTo(i)).toBe(i % 1000);
    });
  });

  test('what a price leaves is the same by its name and by its place', () => {
    for (let left = 0; left < budget.count; left++) {
      PRICES.forEach((price, at) =>
        expect(budget.afterPrice(left, at)).toBe(budget.after(left, price)),
      );
    }
  });
});
