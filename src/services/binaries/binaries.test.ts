import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { renderProblem } from '../../base/index.js';
import {
  type FakeSource,
  SYSTEM_PATH,
  broken,
  fakeBinary,
  fakeSource,
  tempDir,
} from './scenarios/fakes.js';
import { byHand, found, never, open, problem } from './scenarios/open.js';

describe('when no source has it', () => {
  it('one problem accounts for every source with its true reason, and carries their hints', async () => {
    const release = fakeSource('release', [], {
      onProbe: async () => broken('release', 'host cannot be reached'),
    });
    const { resolve } = open([release, fakeSource('crate', ['3.7.2'])]);
    const none = problem(await resolve('3.6'));
    expect(none.code).toBe('no-binary');
    expect(renderProblem(none))
      .toBe(`cannot find etcd 3.6: none of 4 sources could supply it [no-binary]
  path: no etcd on PATH
  cache: no etcd 3.6 in it
  release: host cannot be reached
  crate: it has other versions
Try again later.
Or put etcd 3.6 on PATH. What is at hand and what could be had:
  quorate versions`);
  });

  it('offline asks nobody and says so', async () => {
    const crate = fakeSource('crate', ['3.6.15']);
    const none = problem(await open([crate], { offline: true }).resolve('3.6'));
    expect(crate.calls).toEqual([]);
    expect(none.hint).toContain('--offline');
  });

  it('only the allowed sources are asked', async () => {
    const [crate, go] = [fakeSource('crate', ['3.6.15']), fakeSource('go', ['3.6.16'])];
    const { resolve } = open([crate, go], { sources: ['cache', 'go'] });
    expect(found(await resolve('3.6')).source).toBe('go');
    expect(crate.calls).toEqual([]);
  });

  it('a wish that is no version is refused before anybody is asked', async () => {
    const crate = fakeSource('crate', ['3.6.15']);
    expect(problem(await open([crate]).resolve('latest'))).toMatchObject({
      code: 'bad-version-wish',
      data: { wish: 'latest' },
    });
    expect(crate.calls).toEqual([]);
  });

  it('a version that loses data is fetched only when it is named exactly', async () => {
    const crate = fakeSource('crate', ['3.5.1']);
    const { resolve } = open([crate]);
    expect(problem(await resolve('3.5')).detail).toContain(
      '3.5.1, which must be named exactly: writes that were',
    );
    expect(found(await resolve('3.5.1')).version).toBe('3.5.1');
    expect(crate.calls).toEqual(['probe 3.5', 'probe 3.5.1', 'fetch 3.5.1']);
    // It is in the cache now, and still not what "3.5" means.
    expect(problem(await resolve('3.5')).code).toBe('no-binary');
  });

  it('a cache that cannot be written is a problem with its place', async () => {
    const cacheDir = join(tempDir(), 'cache');
    writeFileSync(cacheDir, 'a file where a directory should be');
    const none = problem(
      await open([fakeSource('crate', ['3.6.15'])], { cacheDir }).resolve('3.6'),
    );
    expect(none.data['tried']).toContainEqual(
      expect.objectContaining({ source: 'crate', code: 'cache-unusable' }),
    );
    expect(none.hint).toContain('QUORATE_CACHE');
  });
});

describe('asking for the newest', () => {
  const sources = () => [fakeSource('crate', ['3.6.15']), fakeSource('go', ['3.6.16'])] as const;

  it('takes the newest patch that any source has, whatever the order', async () => {
    const { resolve } = open(sources());
    expect(found(await resolve('3.6'))).toMatchObject({ version: '3.6.15', source: 'crate' });
    expect(found(await resolve('3.6'))).toMatchObject({ version: '3.6.15', source: 'cache' });
    expect(found(await resolve('3.6', { newest: true }))).toMatchObject({
      version: '3.6.16',
      source: 'go',
    });
  });

  it('fetches nothing when what is here is as new', async () => {
    const [crate, go] = sources();
    const cacheDir = join(tempDir(), 'cache');
    byHand(cacheDir, '3.6.16');
    const { resolve } = open([crate, go], { cacheDir });
    expect(found(await resolve('3.6', { newest: true }))).toMatchObject({
      version: '3.6.16',
      source: 'cache',
    });
    expect([...crate.calls, ...go.calls]).toEqual(['probe 3.6', 'probe 3.6']);
  });

  it('falls back to what is here when nobody can be reached', async () => {
    const cacheDir = join(tempDir(), 'cache');
    byHand(cacheDir, '3.6.9');
    const cut = fakeSource('crate', [], { onProbe: async () => broken('crate', 'no network') });
    expect(found(await open([cut], { cacheDir }).resolve('3.6', { newest: true })).version).toBe(
      '3.6.9',
    );
  });
});

describe('what there is', () => {
  it('at hand: PATH and cache, newest first, broken ones left out', async () => {
    const dir = tempDir();
    const cacheDir = join(dir, 'cache');
    byHand(cacheDir, '3.6.9');
    byHand(cacheDir, '3.7.2');
    chmodSync(byHand(cacheDir, '3.6.15'), 0o644);
    fakeBinary(join(dir, 'bin', 'etcd'), 'etcd', '3.6.10');
    fakeBinary(join(dir, 'bin', 'etcdctl'), 'etcdctl', '3.6.10');
    const crate = fakeSource('crate', ['3.6.15']);
    const env = { PATH: `${join(dir, 'bin')}:${SYSTEM_PATH}` };
    const here = await open([crate], { cacheDir, env }).binaries.atHand(never);
    expect(here.map(({ name, version, source }) => `${name} ${version} ${source}`)).toEqual([
      'etcd 3.7.2 cache',
      'etcd 3.6.10 path',
      'etcd 3.6.9 cache',
      'etcdctl 3.6.10 path',
    ]);
    expect(crate.calls).toEqual([]);
  });

  it('could be had: every allowed source in order, with its versions or its reason; nothing is fetched', async () => {
    const cacheDir = join(tempDir(), 'cache');
    byHand(cacheDir, '3.6.9');
    const crate = fakeSource('crate', ['3.6.9', '3.6.15', '3.7.2']);
    const cut: FakeSource = {
      ...fakeSource('release', []),
      versions: async () => ({ ok: false, error: broken('release', 'host cannot be reached') }),
    };
    const offers = await open([crate, cut], { cacheDir }).binaries.available('etcd', never);
    expect(offers).toMatchObject([
      { source: 'path', versions: [] },
      { source: 'cache', versions: ['3.6.9'] },
      { source: 'release', versions: [], problem: { code: 'fetch-failed' } },
      { source: 'crate', versions: ['3.7.2', '3.6.15', '3.6.9'] },
    ]);
    expect(crate.calls).toEqual([]);
  });
});
