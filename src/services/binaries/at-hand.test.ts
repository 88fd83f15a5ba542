import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import {
  SYSTEM_PATH,
  fakeBinary,
  fakeProgram,
  fakeSource,
  linesOf,
  tempDir,
} from './scenarios/fakes.js';
import { byHand, found, never, open, problem } from './scenarios/open.js';

describe('the cache', () => {
  it('answers the newest patch of a minor without asking anybody, and without running it again', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const log = join(tempDir(), 'starts');
    byHand(cacheDir, '3.6.9', '3.6.9', log);
    byHand(cacheDir, '3.6.15', '3.6.15', log);
    byHand(cacheDir, '3.7.2', '3.7.2', log);
    const crate = fakeSource('crate', ['3.6.16']);
    const { resolve } = open([crate], { cacheDir });
    expect(found(await resolve('3.6'))).toMatchObject({ version: '3.6.15', source: 'cache' });
    expect(found(await resolve('v3.6.9')).version).toBe('3.6.9');
    expect(linesOf(log)).toHaveLength(2);
    const again = open([crate], { cacheDir });
    expect(found(await again.resolve('3.6')).version).toBe('3.6.15');
    expect(linesOf(log)).toHaveLength(2);
    expect(crate.calls).toEqual([]);
  });

  it('remembers which source brought it', async () => {
    const { resolve } = open([fakeSource('go', ['3.6.16'])]);
    const first = found(await resolve('3.6'));
    expect(first).toMatchObject({ source: 'go' });
    expect(found(await resolve('3.6'))).toEqual({ ...first, source: 'cache', origin: 'go' });
  });

  it('does not use a binary that was changed after it was fetched, and fetches it again', async () => {
    const crate = fakeSource('crate', ['3.6.15']);
    const { resolve, events } = open([crate]);
    const first = found(await resolve('3.6'));
    fakeProgram(first.path, 'echo "etcd Version: 3.6.15"; echo extra');
    const second = found(await resolve('3.6'));
    expect(second).toMatchObject({ source: 'crate', sha256: first.sha256 });
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'skipped',
        source: 'cache',
        problem: expect.objectContaining({ code: 'cache-altered' }),
      }),
    );
  });

  it('accepts a binary that only got another time, after looking at all of it', async () => {
    const crate = fakeSource('crate', ['3.6.15']);
    const { resolve } = open([crate]);
    const first = found(await resolve('3.6'));
    const content = readFileSync(first.path);
    rmSync(first.path);
    writeFileSync(first.path, content, { mode: 0o755 });
    expect(found(await resolve('3.6'))).toMatchObject({
      source: 'cache',
      sha256: first.sha256,
      origin: 'crate',
    });
  });

  it('passes over a binary in the directory of another version, and takes the next', async () => {
    const cacheDir = join(tempDir(), 'cache');
    byHand(cacheDir, '3.6.15', '3.6.2');
    byHand(cacheDir, '3.6.9');
    const { resolve, events } = open([], { cacheDir });
    expect(found(await resolve('3.6')).version).toBe('3.6.9');
    expect(events).toMatchObject([
      {
        kind: 'skipped',
        source: 'cache',
        problem: { code: 'binary-lies', data: { wanted: '3.6.15', printed: '3.6.2' } },
      },
    ]);
  });

  it('survives a record that is damaged', async () => {
    const { resolve } = open([fakeSource('crate', ['3.6.15'])]);
    const { path, sha256 } = found(await resolve('3.6'));
    writeFileSync(`${path}.json`, '{"name":"etcd"');
    expect(found(await resolve('3.6'))).toMatchObject({ source: 'cache', sha256 });
  });
});

describe('binaries that a person has', () => {
  it('PATH is used before anything is fetched, and asked for its version once', async () => {
    const dir = tempDir();
    const log = join(dir, 'starts');
    const path = fakeBinary(join(dir, 'bin', 'etcd'), 'etcd', '3.6.4', log);
    const crate = fakeSource('crate', ['3.6.15']);
    const options = {
      cacheDir: join(dir, 'cache'),
      env: { PATH: `${join(dir, 'bin')}:${SYSTEM_PATH}` },
    };
    expect(found(await open([crate], options).resolve('3.6'))).toMatchObject({
      path,
      version: '3.6.4',
      source: 'path',
    });
    expect(found(await open([crate], options).resolve('3.6'))).toMatchObject({
      path,
      source: 'path',
    });
    expect(linesOf(log)).toHaveLength(1);
    expect(crate.calls).toEqual([]);
    // Another file under the same name is another binary.
    rmSync(path);
    fakeBinary(path, 'etcd', '3.6.5', log);
    expect(found(await open([crate], options).resolve('3.6')).version).toBe('3.6.5');
  });

  it('the newest of PATH and cache is taken; a named one stands above both', async () => {
    const dir = tempDir();
    const cacheDir = join(dir, 'cache');
    fakeBinary(join(dir, 'bin', 'etcd'), 'etcd', '3.6.4');
    byHand(cacheDir, '3.6.15');
    const named = fakeBinary(join(dir, 'mine', 'etcd-special'), 'etcd', '3.6.1');
    const env = { PATH: `${join(dir, 'bin')}:${SYSTEM_PATH}` };
    expect(found(await open([], { cacheDir, env }).resolve('3.6'))).toMatchObject({
      version: '3.6.15',
      source: 'cache',
    });
    expect(found(await open([], { cacheDir, env, paths: [named] }).resolve('3.6'))).toMatchObject({
      path: named,
      version: '3.6.1',
      source: 'path',
    });
  });

  it('one of another version, a broken one and a missing one each stand in the account', async () => {
    const dir = tempDir();
    fakeBinary(join(dir, 'bin', 'etcd'), 'etcd', '3.4.20');
    const mute = fakeProgram(join(dir, 'mute'), 'exit 1');
    const env = { PATH: `${join(dir, 'bin')}:${SYSTEM_PATH}` };
    const none = problem(
      await open([], { env, paths: [mute, join(dir, 'absent')] }).resolve('3.6'),
    );
    expect(none.detail.split('\n').map((line) => line.replaceAll(dir, ''))).toEqual([
      '  path: cannot use /mute as etcd: asked for its version it failed: exit code 1',
      '  path: cannot use /absent as etcd: there is no program at this path',
      '  path: /bin/etcd is 3.4.20',
      '  cache: no etcd 3.6 in it',
    ]);
  });

  it('a directory may be named; a file that is called etcdctl is not taken for etcd', async () => {
    const dir = tempDir();
    fakeBinary(join(dir, 'etcd'), 'etcd', '3.6.4');
    const ctl = fakeBinary(join(dir, 'etcdctl'), 'etcdctl', '3.6.4');
    expect(found(await open([], { paths: [dir] }).resolve('3.6')).path).toBe(join(dir, 'etcd'));
    const { binaries, resolve } = open([], { paths: [ctl] });
    expect(found(await binaries.resolve('etcdctl', '3.6', never)).path).toBe(ctl);
    expect(problem(await resolve('3.6')).detail).toContain('no etcd on PATH');
  });

  it('works with a cache that cannot be written', async () => {
    const dir = tempDir();
    const cacheDir = join(dir, 'cache');
    writeFileSync(cacheDir, 'not a directory');
    const path = fakeBinary(join(dir, 'bin', 'etcd'), 'etcd', '3.6.4');
    expect(found(await open([], { cacheDir, paths: [path] }).resolve('3.6')).path).toBe(path);
  });
});
