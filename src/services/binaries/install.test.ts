import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { systemClock } from '../../base/index.js';
import { type FakeSource, broken, fakeBinary, fakeSource, tempDir } from './scenarios/fakes.js';
import { found, gate, leftovers, never, open, problem } from './scenarios/open.js';

describe('fetching', () => {
  it('asks all sources side by side and takes the first in the order that can, whoever answers first', async () => {
    const thinking = gate<undefined>();
    const release = fakeSource('release', ['3.6.16'], { onProbe: () => thinking.promise });
    const crate = fakeSource('crate', ['3.6.15'], {
      onProbe: async () => {
        // The crate is asked while the release is still thinking, or the release would think for ever.
        thinking.resolve(undefined);
        return undefined;
      },
    });
    const { resolve, cacheDir, kinds } = open([crate, release]);
    const binary = found(await resolve('3.6'));
    expect(binary).toMatchObject({ version: '3.6.16', source: 'release', gitSha: 'abc1234' });
    expect(binary.path).toBe(join(cacheDir, 'etcd', 'v3.6.16', 'etcd'));
    expect(release.calls).toEqual(['probe 3.6', 'fetch 3.6.16']);
    expect(crate.calls).toEqual(['probe 3.6']);
    expect(kinds()).toEqual(['probing', 'probing', 'fetching', 'verifying', 'ready']);
  });

  it('keeps the digest, the version and the source beside the binary, executable, and nothing else', async () => {
    const { resolve, cacheDir } = open([fakeSource('crate', ['3.6.15'])]);
    const binary = found(await resolve('3.6'));
    expect(statSync(binary.path).mode & 0o777).toBe(0o755);
    expect(JSON.parse(readFileSync(`${binary.path}.json`, 'utf8'))).toMatchObject({
      name: 'etcd',
      version: '3.6.15',
      sha256: binary.sha256,
      source: 'crate',
      gitSha: 'abc1234',
    });
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('goes on to the next source when one fails half-way', async () => {
    const release = fakeSource('release', ['3.6.16'], {
      onFetch: async (room) => {
        writeFileSync(join(room.dir, 'half'), 'half an archive');
        return broken('release', 'the download broke off after 12 bytes');
      },
    });
    const { resolve, events, cacheDir } = open([release, fakeSource('crate', ['3.6.15'])]);
    expect(found(await resolve('3.6'))).toMatchObject({ version: '3.6.15', source: 'crate' });
    expect(events.filter(({ kind }) => kind === 'skipped')).toMatchObject([
      { source: 'release', problem: { code: 'fetch-failed' } },
    ]);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('does not wait for a source that does not answer, and ends what it started', async () => {
    let ended = false;
    const release = fakeSource('release', [], {
      probeDeadlineMs: 50,
      onProbe: (signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => {
            ended = true;
            resolve(undefined);
          });
        }),
    });
    const { resolve, events } = open([release, fakeSource('crate', ['3.6.15'])]);
    expect(found(await resolve('3.6')).source).toBe('crate');
    expect(events).toContainEqual(
      expect.objectContaining({
        kind: 'skipped',
        problem: expect.objectContaining({ code: 'source-slow' }),
      }),
    );
    expect(ended).toBe(true);
  });

  it('refuses a binary that lies about its version, and does not keep it', async () => {
    const { resolve, cacheDir, events } = open([
      fakeSource('crate', ['3.6.15'], { says: '3.5.1' }),
    ]);
    const refused = problem(await resolve('3.6.15'));
    expect(refused.data['tried']).toContainEqual(
      expect.objectContaining({ source: 'crate', code: 'binary-lies' }),
    );
    expect(events.at(-1)).toMatchObject({
      kind: 'skipped',
      problem: { code: 'binary-lies', data: { wanted: '3.6.15', printed: '3.5.1' } },
    });
    expect(existsSync(join(cacheDir, 'etcd', 'v3.6.15', 'etcd'))).toBe(false);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('keeps the other programs that came along', async () => {
    const release = fakeSource('release', ['3.6.16'], { brings: ['etcd', 'etcdctl', 'etcdutl'] });
    const { binaries, resolve } = open([release]);
    found(await resolve('3.6.16'));
    const ctl = found(await binaries.resolve('etcdctl', '3.6', never));
    expect(ctl).toMatchObject({ version: '3.6.16', source: 'cache', origin: 'release' });
    expect(release.calls.filter((call) => call.startsWith('fetch'))).toHaveLength(1);
  });

  it('a source that brings a link instead of a file is refused', async () => {
    const outside = fakeBinary(join(tempDir(), 'etcd'), 'etcd', '3.6.15');
    const crate = fakeSource('crate', ['3.6.15']);
    const linking: FakeSource = {
      ...crate,
      offer: async (name, wish, signal) => {
        const offer = await crate.offer(name, wish, signal);
        if (!offer.ok) return offer;
        const fetch = async (room: { readonly dir: string }) => {
          symlinkSync(outside, join(room.dir, 'etcd'));
          return {
            ok: true as const,
            value: { files: [{ name: 'etcd' as const, path: join(room.dir, 'etcd') }] },
          };
        };
        return { ok: true, value: { ...offer.value, fetch } };
      },
    };
    expect(problem(await open([linking]).resolve('3.6')).code).toBe('no-binary');
  });
});

describe('several at once', () => {
  it('one version is fetched once, and everybody gets it', async () => {
    const slow = fakeSource('crate', ['3.6.15'], {
      onFetch: async () => {
        await systemClock.sleep(150, never);
        return undefined;
      },
    });
    const cacheDir = join(tempDir(), 'cache');
    const [a, b] = [open([slow], { cacheDir }), open([slow], { cacheDir })];
    const answers = await Promise.all([a.resolve('3.6'), b.resolve('3.6.15'), a.resolve('3.6')]);
    expect(new Set(answers.map((answer) => found(answer).path)).size).toBe(1);
    expect(answers.map((answer) => found(answer).source).toSorted()).toEqual([
      'cache',
      'cache',
      'crate',
    ]);
    expect(slow.calls.filter((call) => call.startsWith('fetch'))).toHaveLength(1);
    expect([...a.kinds(), ...b.kinds()].filter((kind) => kind === 'waiting')).toHaveLength(2);
    expect(leftovers(cacheDir)).toEqual([]);
  });

  it('a wait has an end, which names who is waited for', async () => {
    const started = gate<void>();
    const finish = gate<undefined>();
    const slow = fakeSource('crate', ['3.6.15'], {
      onFetch: () => {
        started.resolve();
        return finish.promise;
      },
    });
    const cacheDir = join(tempDir(), 'cache');
    const first = open([slow], { cacheDir }).resolve('3.6');
    await started.promise;
    const late = problem(await open([slow], { cacheDir, lockWaitMs: 100 }).resolve('3.6'));
    expect(late.data['tried']).toContainEqual(
      expect.objectContaining({ source: 'crate', code: 'fetch-locked' }),
    );
    expect(late.detail).toContain(`process ${process.pid}`);
    finish.resolve(undefined);
    found(await first);
  });

  it('giving up ends the fetch, keeps nothing half-written, and frees the version for others', async () => {
    const giveUp = new AbortController();
    const hanging = fakeSource('crate', ['3.6.15'], {
      onFetch: async (room) => {
        writeFileSync(join(room.dir, 'half'), 'half');
        giveUp.abort();
        return broken('crate', 'it was cancelled');
      },
    });
    const { binaries, cacheDir } = open([hanging]);
    expect(problem(await binaries.resolve('etcd', '3.6', giveUp.signal))).toMatchObject({
      code: 'binaries-cancelled',
    });
    expect(leftovers(cacheDir)).toEqual([]);
    expect(
      found(await open([fakeSource('crate', ['3.6.15'])], { cacheDir }).resolve('3.6')).version,
    ).toBe('3.6.15');
  });

  it('removes what a process that died long ago left behind', async () => {
    const cacheDir = join(tempDir(), 'cache');
    const old = join(cacheDir, 'work', '1-dead');
    mkdirSync(old, { recursive: true });
    const young = join(cacheDir, 'work', '2-alive');
    mkdirSync(young);
    const twoDaysAgo = new Date(systemClock.now() - 2 * 24 * 3_600_000);
    utimesSync(old, twoDaysAgo, twoDaysAgo);
    found(await open([fakeSource('crate', ['3.6.15'])], { cacheDir }).resolve('3.6'));
    expect([existsSync(old), existsSync(young)]).toEqual([false, true]);
  });
});
