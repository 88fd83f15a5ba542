import { describe, expect, it } from 'vitest';

import { parseEtcdVersion } from '../../core/cluster/index.js';
import { fits, newestFirst, newestFitting, parseWish } from './wish.js';

const wish = (text: string) => {
  const parsed = parseWish(text);
  if (parsed === undefined) throw new Error(`${text} is no wish`);
  return parsed;
};
const version = (text: string) => {
  const parsed = parseEtcdVersion(text);
  if (parsed === undefined) throw new Error(`${text} is no version`);
  return parsed;
};

describe('a version wish', () => {
  it.each([
    ['3.6', { kind: 'minor', minor: '3.6' }],
    ['v3.6', { kind: 'minor', minor: '3.6' }],
    ['3.6.15', { kind: 'exact', version: '3.6.15' }],
    ['v3.6.15', { kind: 'exact', version: '3.6.15' }],
    ['3.8.0-alpha.0', { kind: 'exact', version: '3.8.0-alpha.0' }],
  ])('%s is understood', (text, expected) => {
    expect(parseWish(text)).toEqual(expected);
  });

  it.each(['', '3', 'latest', '3.6.x', '>=3.6', '3.6.15/../..', '3.6.15 --flag'])(
    '%j is none',
    (text) => {
      expect(parseWish(text)).toBeUndefined();
    },
  );

  it('takes the newest patch by number, not by text', () => {
    expect(newestFitting(wish('3.6'), ['3.6.9', '3.6.15', '3.5.30', '3.6.2'])).toBe('3.6.15');
  });

  it('never means a pre-release or a version that loses data, unless it names one', () => {
    expect(newestFitting(wish('3.8'), ['3.8.0-alpha.0'])).toBeUndefined();
    expect(fits(wish('3.8.0-alpha.0'), version('3.8.0-alpha.0'))).toBe(true);
    expect(newestFitting(wish('3.5'), ['3.5.0', '3.5.1', '3.5.2'])).toBeUndefined();
    expect(fits(wish('3.5.1'), version('3.5.1'))).toBe(true);
  });

  it('sorts directory names into versions', () => {
    expect(newestFirst(['v3.6.2', 'tmp', 'v3.6.15', '3.6.15'])).toEqual(['3.6.15', '3.6.2']);
  });
});
