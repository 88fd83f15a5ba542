import { describe, expect, test } from 'vitest';
import { assert, instantOf } from '../../base/index.js';
import type { ProcessSight } from '../../core/cluster/index.js';
import { addressOf } from './addresses.js';
import { clientURLOf, healthyWorld, hostOf, peerURLOf, resolveTarget } from './testing/world.js';

const { record, wish } = healthyWorld();
assert(record !== undefined && wish !== undefined, 'a healthy world has both');
const target = resolveTarget(wish, record);
assert(target.ok, 'and a target');

const running = (advertise: string): ProcessSight => ({
  kind: 'running',
  startedAt: instantOf(0),
  flags: { 'advertise-client-urls': advertise },
});
const asked = (process?: ProcessSight) => addressOf(hostOf('m1'), target.value, record, process);

describe('where a member is asked', () => {
  test('by the spec, while it does not run', () => {
    expect(asked()).toEqual({ peerURL: peerURLOf('m1'), clientURL: clientURLOf('m1') });
    expect(asked({ kind: 'stopped' })).toEqual(asked());
  });

  test.each([
    [
      'where it runs now, not where the spec wants it',
      'http://10.0.1.9:2379',
      'http://10.0.1.9:2379',
    ],
    [
      'not at an address that is for listening only',
      'http://0.0.0.0:2379,http://10.0.1.9:2379',
      'http://10.0.1.9:2379',
    ],
    [
      'not at a loopback address where there is another: it would be our own',
      'http://127.0.0.1:2379,http://10.0.1.9:2379',
      'http://10.0.1.9:2379',
    ],
    [
      'at a loopback address that is the only one',
      'http://localhost:2379,http://[::]:2379',
      'http://localhost:2379',
    ],
    ['by the spec, when it says nowhere that one can dial', 'http://[::]:2379', clientURLOf('m1')],
  ])('%s', (_what, advertised, expected) => {
    expect(asked(running(advertised)).clientURL).toBe(expected);
  });
});
