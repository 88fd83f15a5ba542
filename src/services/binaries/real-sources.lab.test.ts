/**
 * The sources for real, over this machine's registries: the crate in seconds, and with QUORATE_LONG=1 the Go build and
 * Debian's packages too (a minute or more). A machine without cargo or without a registry fails here, by intent.
 */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { renderProblem, systemClock } from '../../base/index.js';
import { createBinaries } from './index.js';
import { tempDir } from './scenarios/fakes.js';
import type { BinaryName, SourceName } from './types.js';

const never = new AbortController().signal;
const LONG = process.env['QUORATE_LONG'] === '1';
const LONG_MS = 20 * 60_000;

function open(sources?: readonly SourceName[]) {
  const cacheDir = join(tempDir(), 'cache');
  const binaries = createBinaries({
    cacheDir,
    ...(sources === undefined ? {} : { sources }),
    env: process.env,
    clock: systemClock,
  });
  return async (name: BinaryName, wish: string) => {
    const found = await binaries.resolve(name, wish, never);
    if (!found.ok) throw new Error(renderProblem(found.error));
    return found.value;
  };
}

describe('the real crate', () => {
  it.each(['3.4', '3.5', '3.6', '3.7'])(
    'brings the newest etcd %s, which says its version and commit, and is in the cache from then on',
    async (minor) => {
      const resolve = open(['cache', 'crate']);
      const fetched = await resolve('etcd', minor);
      expect(fetched.source).toBe('crate');
      expect(fetched.version.startsWith(`${minor}.`)).toBe(true);
      expect(fetched.gitSha).toMatch(/^[0-9a-f]{7,}$/);
      const said = execFileSync(fetched.path, ['--version'], {
        encoding: 'utf8',
        env: {},
        // 3.4 warns there about a Go package that it was built with.
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      expect(said).toContain(`etcd Version: ${fetched.version}\n`);
      expect(await resolve('etcd', minor)).toEqual({
        ...fetched,
        source: 'cache',
        origin: 'crate',
      });
    },
    120_000,
  );

  it.each(['3.4.45', '3.5.34', '3.6.15', '3.7.2'])(
    'still has %s under the digest that we pinned',
    async (version) => {
      expect(await open(['crate'])('etcd', version)).toMatchObject({ version, source: 'crate' });
    },
    120_000,
  );
});

it('all sources together give an etcd, whichever of them this machine reaches', async () => {
  const found = await open(['release', 'crate', 'go', 'debian'])('etcd', '3.6');
  expect(found.version).toMatch(/^3\.6\.\d+$/);
}, 120_000);

if (!LONG) {
  process.stderr.write(
    'NOT RUN: the Go build and the Debian packages, for real. To run them, set QUORATE_LONG=1.\n',
  );
}

describe.skipIf(!LONG)('the long form (QUORATE_LONG=1)', () => {
  it.each<[BinaryName, string]>([
    ['etcdctl', '3.6'],
    ['etcdutl', '3.7'],
    ['etcd', '3.5'],
  ])(
    'the Go toolchain builds %s %s',
    async (name, minor) => {
      const built = await open(['go'])(name, minor);
      expect(built).toMatchObject({ name, source: 'go' });
      expect(built.version.startsWith(`${minor}.`)).toBe(true);
    },
    LONG_MS,
  );

  it.each<[BinaryName, string]>([
    ['etcd', '3.3.25'],
    ['etcdctl', '3.3.25'],
    ['etcd', '3.4.23'],
    ['etcd', '3.5.16'],
    ['etcdutl', '3.5.16'],
  ])(
    'Debian’s mirror gives %s %s',
    async (name, version) => {
      expect(await open(['debian'])(name, version)).toMatchObject({
        name,
        version,
        source: 'debian',
      });
    },
    LONG_MS,
  );
});
