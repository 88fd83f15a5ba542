import { expect, test } from 'vitest';
import { compareWithLog, compareWithWrites, type Change, type Write } from './event-log.js';

const change = (revision: bigint, value: string | null): Change => ({ revision, key: 'k', value });
const write = (value: string | null, end: Write['end']): Write => ({ key: 'k', value, end });
const acknowledged = (value: string | null, revision: bigint | undefined): Write =>
  write(value, { kind: 'acknowledged', revision });
const NOTHING = { lost: [], fromNowhere: [], twice: [] };

test('a log that is what clients were told has no fault', () => {
  const log = [change(2n, 'a'), change(3n, null), change(4n, 'c'), change(5n, null)];
  const writes = [
    acknowledged('a', 2n),
    acknowledged(null, 3n),
    acknowledged(null, undefined),
    write('c', { kind: 'unknown' }),
    write('d', { kind: 'unknown' }),
    write(null, { kind: 'unknown' }),
    write('e', { kind: 'no-effect' }),
  ];
  expect(compareWithWrites(log, writes)).toEqual(NOTHING);
});

test('what is lost, comes from nowhere or comes twice is told', () => {
  expect(compareWithWrites([], [acknowledged('a', 2n)]).lost).toEqual(['a of k at 2']);
  expect(compareWithWrites([change(2n, 'b')], [acknowledged('a', 2n)])).toEqual({
    lost: ['a of k at 2'],
    fromNowhere: ['b of k at 2'],
    twice: [],
  });
  const refused = write('a', { kind: 'no-effect' });
  expect(compareWithWrites([change(2n, 'a')], [refused]).fromNowhere).toHaveLength(1);
  expect(compareWithWrites([change(2n, null)], []).fromNowhere).toHaveLength(1);
  const oneUnknown = [write(null, { kind: 'unknown' })];
  expect(compareWithWrites([change(2n, null), change(4n, null)], oneUnknown).fromNowhere).toEqual([
    'a deletion of k at 4',
  ]);
  const twice = [change(2n, 'a'), change(3n, 'a')];
  expect(compareWithWrites(twice, [acknowledged('a', 2n)]).twice).toEqual(['a of k at 3']);
});

test('a watch sees every change once and in order, or it is told where not', () => {
  const log = [change(2n, 'a'), change(3n, 'b'), change(4n, 'c')];
  const [a, b, c] = log as [Change, Change, Change];
  expect(compareWithLog(log, log)).toBeUndefined();
  expect(compareWithLog([a, c], log)).toBe('4 k=c where 3 k=b is due');
  expect(compareWithLog([a, a, b, c], log)).toBe('2 k=a where 3 k=b is due');
  expect(compareWithLog([a, c, b], log)).toBe('4 k=c where 3 k=b is due');
  expect(compareWithLog([a, b], log)).toBe('4 k=c is missing at the end');
  expect(compareWithLog([...log, change(5n, null)], log)).toBe('5 k=∅ comes after the end');
});
