import { describe, expect, it } from 'vitest';

import { knownDangers, losesData } from './dangers.js';

const references = (version: string) => knownDangers(version).map(({ reference }) => reference);

describe('known dangers', () => {
  it.each(['3.5.0', '3.5.1', '3.5.2'])('%s loses data, and that is said first', (version) => {
    expect(losesData(version)).toBe(true);
    expect(knownDangers(version)[0]).toMatchObject({ severity: 'refuse', fixedIn: '3.5.3' });
  });

  it('3.5.3 no longer loses data, but is still known for worse than its successors', () => {
    expect(losesData('3.5.3')).toBe(false);
    expect(knownDangers('3.5.3').length).toBeGreaterThan(knownDangers('3.5.30').length);
  });

  it('each range ends where upstream fixed it', () => {
    expect(references('3.6.13')).toContain('GHSA-xg4h-6gfc-h4m8');
    expect(references('3.6.14')).not.toContain('GHSA-xg4h-6gfc-h4m8');
    expect(references('3.5.30')).toContain('etcd issue 21694');
    expect(references('3.5.31')).not.toContain('etcd issue 21694');
    expect(references('3.4.21')).toContain('etcd issue 14571');
    expect(references('3.4.19')).not.toContain('etcd issue 14571');
  });

  it.each(['3.5.35', '3.6.16', '3.7.3', '3.6.15', '3.7.2'])('%s has none', (version) => {
    expect(knownDangers(version)).toEqual([]);
  });

  it('a line that gets no fixes any more is a danger without a fixed version', () => {
    expect(knownDangers('3.4.45')).toEqual([
      expect.objectContaining({ severity: 'warn', reference: 'the 3.4 changelog' }),
    ]);
    expect(knownDangers('3.4.45')[0]).not.toHaveProperty('fixedIn');
    expect(knownDangers('3.2.0')).toHaveLength(1);
  });

  it('says nothing about what is no version', () => {
    expect(knownDangers('latest')).toEqual([]);
  });
});
