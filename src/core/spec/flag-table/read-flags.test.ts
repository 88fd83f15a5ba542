import { describe, expect, test } from 'vitest';
import { SUPPORTED_MINORS } from '../../cluster/index.js';
import { FLAG_MEANINGS } from './meanings.js';
import { flagInfo, flagsOf, minorsWith } from './lookup.js';
import { readFlags } from './read-flags.js';
import { FLAG_ROWS } from './rows.js';

const codes = (problems: readonly { readonly code: string }[]) => problems.map(({ code }) => code);

describe('the flag table', () => {
  test('has as many flags as the help of each minor, hidden ones included', () => {
    expect(SUPPORTED_MINORS.map((minor) => flagsOf(minor).length)).toEqual([105, 127, 153, 128]);
  });

  test('knows what changed between minors', () => {
    expect(flagInfo('3.5', 'snapshot-count')?.default).toBe('100000');
    expect(flagInfo('3.6', 'snapshot-count')?.default).toBe('10000');
    expect(flagInfo('3.4', 'pre-vote')?.default).toBe('false');
    expect(flagInfo('3.7', 'pre-vote')?.default).toBe('true');
    expect(minorsWith('enable-v2')).toEqual(['3.4', '3.5']);
    expect(minorsWith('feature-gates')).toEqual(['3.6', '3.7']);
    expect(flagInfo('3.7', 'constructor')).toBeUndefined();
    expect(flagInfo('9.9', 'name')).toBeUndefined();
  });

  test('explains only flags that exist', () => {
    expect(Object.keys(FLAG_MEANINGS).filter((name) => !(name in FLAG_ROWS))).toEqual([]);
  });
});

describe('values become what the command line of etcd wants', () => {
  test.each([
    ['heartbeat-interval', '100ms', '100'],
    ['heartbeat-interval', 100, '100'],
    ['election-timeout', '1.5s', '1500'],
    ['quota-backend-bytes', '8GiB', '8589934592'],
    ['quota-backend-bytes', 2_000_000_000, '2000000000'],
    ['max-request-bytes', '1.5MiB', '1572864'],
    ['auth-token-ttl', '5m', '300'],
    ['bootstrap-defrag-threshold-megabytes', '1GiB', '1024'],
    ['grpc-keepalive-interval', '1d', '24h'],
    ['grpc-keepalive-interval', '1m30s', '1m30s'],
    ['corrupt-check-time', '0', '0'],
    ['auto-compaction-retention', '2d', '48h'],
    ['auto-compaction-retention', 8, '8'],
    ['pre-vote', true, 'true'],
    ['pre-vote', 'false', 'false'],
    ['snapshot-count', '18446744073709551615', '18446744073709551615'],
    ['cipher-suites', 'A,B', 'A,B'],
    [
      'feature-gates',
      'LeaseCheckpoint=true,CompactHashCheck=false',
      'CompactHashCheck=false,LeaseCheckpoint=true',
    ],
  ])('%s: %s', (flag, value, text) => {
    expect(readFlags('3.6', { [flag]: value })).toEqual({
      flags: { [flag]: text },
      problems: [],
      warnings: [],
    });
  });
});

describe('an old spelling', () => {
  test('is converted, with a warning, where etcd has both, so that the upgrade to 3.7 changes nothing', () => {
    const read = readFlags('3.6', {
      'experimental-corrupt-check-time': '1h',
      'experimental-compact-hash-check-enabled': true,
      'feature-gates': 'InitialCorruptCheck=true',
    });
    expect(read.flags).toEqual({
      'corrupt-check-time': '1h',
      'feature-gates': 'CompactHashCheck=true,InitialCorruptCheck=true',
    });
    expect(read.problems).toEqual([]);
    expect(codes(read.warnings)).toEqual(['spec-flag-deprecated', 'spec-flag-deprecated']);
  });

  test('stays where there is no other yet, and is refused with the new one where it is gone', () => {
    const etcd = { 'experimental-corrupt-check-time': '1h' };
    expect(readFlags('3.5', etcd).flags).toEqual(etcd);
    const [problem] = readFlags('3.7', etcd).problems;
    expect(problem).toMatchObject({
      code: 'spec-flag-renamed',
      data: { nearest: 'corrupt-check-time' },
    });
  });

  test('and a new one are refused where only the other exists', () => {
    const [problem] = readFlags('3.5', { 'max-learners': 2, 'memory-mlock': true }).problems.slice(
      1,
    );
    expect(problem?.data.nearest).toBe('experimental-memory-mlock');
    expect(
      readFlags('3.4', { 'backend-bbolt-freelist-type': 'map' }).problems[0]?.data.nearest,
    ).toBe('experimental-backend-bbolt-freelist-type');
  });
});

describe('warnings', () => {
  test('a quota above 8GiB is accepted and named', () => {
    const read = readFlags('3.6', { 'quota-backend-bytes': '16GiB' });
    expect(read.flags).toEqual({ 'quota-backend-bytes': '17179869184' });
    expect(codes(read.warnings)).toEqual(['spec-large-quota']);
  });

  test('a deprecated flag without a successor still works', () => {
    const read = readFlags('3.6', { 'max-snapshots': 3 });
    expect(read.flags).toEqual({ 'max-snapshots': '3' });
    expect(codes(read.warnings)).toEqual(['spec-flag-deprecated']);
  });
});

test('timings count together with what etcd assumes for the other', () => {
  expect(codes(readFlags('3.6', { 'heartbeat-interval': '200ms' }).problems)).toEqual([]);
  expect(codes(readFlags('3.6', { 'heartbeat-interval': '201ms' }).problems)).toEqual([
    'spec-flag-timing',
  ]);
  expect(codes(readFlags('3.6', { 'election-timeout': '50s' }).problems)).toEqual([]);
  expect(codes(readFlags('3.6', { 'election-timeout': '50001ms' }).problems)).toEqual([
    'spec-flag-timing',
  ]);
});
