import { homedir } from 'node:os';
import { join } from 'node:path';

import type { BinaryName } from './types.js';

/**
 * Where binaries are kept when nobody says otherwise: `$QUORATE_CACHE`, else `$XDG_CACHE_HOME/quorate`, else
 * `~/.cache/quorate`. Everything in it can be removed at any time; it is fetched again.
 */
export function defaultCacheDir(env: Readonly<Record<string, string | undefined>>): string {
  const named = env['QUORATE_CACHE'];
  if (named !== undefined && named !== '') return named;
  const xdg = env['XDG_CACHE_HOME'];
  if (xdg !== undefined && xdg !== '') return join(xdg, 'quorate');
  return join(env['HOME'] || homedir(), '.cache', 'quorate');
}

/** The layout of the cache: `etcd/v3.6.15/etcd` with `etcd.json` beside it. */
export interface Places {
  readonly cacheDir: string;
  readonly versionsDir: string;
  /** Work in progress, on the same file system as the versions, so that a rename is atomic. */
  readonly workDir: string;
  /** What binaries outside the cache answered to the question for their version. */
  readonly answersDir: string;
  versionDir(version: string): string;
  binary(name: BinaryName, version: string): string;
  record(name: BinaryName, version: string): string;
  lock(version: string): string;
}

export function placesIn(cacheDir: string): Places {
  const versionsDir = join(cacheDir, 'etcd');
  const versionDir = (version: string) => join(versionsDir, `v${version}`);
  return {
    cacheDir,
    versionsDir,
    workDir: join(cacheDir, 'work'),
    answersDir: join(cacheDir, 'answers'),
    versionDir,
    binary: (name, version) => join(versionDir(version), name),
    record: (name, version) => join(versionDir(version), `${name}.json`),
    lock: (version) => join(versionDir(version), '.lock'),
  };
}

/** The machine that binaries are for, in the words of etcd's releases (`linux`, `amd64`). */
export interface Platform {
  readonly os: string;
  readonly arch: string;
}

const ARCHS: Readonly<Record<string, string>> = { x64: 'amd64', ppc64: 'ppc64le', ia32: '386' };

/** This machine. */
export const thisPlatform = (): Platform => ({
  os: process.platform === 'win32' ? 'windows' : process.platform,
  arch: ARCHS[process.arch] ?? process.arch,
});

const MACHINES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** What `uname -m` says, in the words of etcd's releases. */
export const archOf = (machine: string): string => MACHINES[machine] ?? machine;
