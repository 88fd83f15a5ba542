import { homedir } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { defaultCacheDir, placesIn } from './places.js';

describe('the default cache', () => {
  it.each([
    [{ QUORATE_CACHE: '/q', XDG_CACHE_HOME: '/x', HOME: '/h' }, '/q'],
    [{ QUORATE_CACHE: '', XDG_CACHE_HOME: '/x', HOME: '/h' }, join('/x', 'quorate')],
    [{ HOME: '/h' }, join('/h', '.cache', 'quorate')],
    [{}, join(homedir(), '.cache', 'quorate')],
  ])('%j', (env, expected) => {
    expect(defaultCacheDir(env)).toBe(expected);
  });

  it('has the layout that people and scripts rely on', () => {
    const places = placesIn('/c');
    expect(places.binary('etcd', '3.6.15')).toBe(join('/c', 'etcd', 'v3.6.15', 'etcd'));
    expect(places.record('etcd', '3.6.15')).toBe(join('/c', 'etcd', 'v3.6.15', 'etcd.json'));
  });
});
