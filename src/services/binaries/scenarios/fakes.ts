/** Stand-ins for tests: programs that are shell scripts, and sources that bring them. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { afterEach } from 'vitest';

import { type Problem, type Result, err, ok } from '../../../base/index.js';
import { parseEtcdVersion } from '../../../core/cluster/index.js';
import { fetchFailed, sourceLacks } from '../problems.js';
import type { FetchRoom, FetchSource, Fetched } from '../sources/source.js';
import type { BinaryName, FetchSourceName } from '../types.js';
import { newestFitting, wishText } from '../wish.js';

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A directory that is removed after the test. */
export function tempDir(): string {
  const dir = realpathSync(mkdtempSync(join(tmpdir(), 'quorate-binaries-')));
  dirs.push(dir);
  return dir;
}

/** Writes an executable shell script. */
export function fakeProgram(path: string, body: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}

/** A program that answers the question for its version as etcd's programs do, and notes each start in `log`. */
export function fakeBinary(path: string, name: BinaryName, version: string, log?: string): string {
  const said =
    name === 'etcd'
      ? `etcd Version: ${version}\\nGit SHA: abc1234\\nGo Version: go1.26.8\\n`
      : `${name} version: ${version}\\nAPI version: 3.6\\n`;
  return fakeProgram(path, `${log === undefined ? '' : `echo "$0" >> '${log}'\n`}printf '${said}'`);
}

/** The lines that fake programs noted. */
export function linesOf(log: string): readonly string[] {
  try {
    return readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => line !== '');
  } catch {
    return [];
  }
}

/** The tools that the fakes themselves need, and nothing else of the machine. */
export const SYSTEM_PATH = '/usr/bin:/bin';

/** Packs `dir/inside` as a gzipped tar. */
export function pack(archive: string, dir: string, inside: string): string {
  execFileSync('tar', ['-czf', archive, '-C', dir, inside]);
  return archive;
}

export interface FakeSource extends FetchSource {
  /** `probe 3.6`, `fetch 3.6.16`, in order. */
  readonly calls: string[];
}

/** A source with the given versions; every hook may stand in for the usual answer. */
export function fakeSource(
  name: FetchSourceName,
  versions: readonly string[],
  hooks: {
    readonly onProbe?: (signal: AbortSignal) => Promise<Problem | undefined>;
    readonly onFetch?: (room: FetchRoom) => Promise<Problem | undefined>;
    /** The version that its binaries say, when they lie. */
    readonly says?: string;
    readonly brings?: readonly BinaryName[];
    readonly probeDeadlineMs?: number;
  } = {},
): FakeSource {
  const calls: string[] = [];
  const fetch = async (version: string, room: FetchRoom): Promise<Result<Fetched, Problem>> => {
    calls.push(`fetch ${version}`);
    room.report('fetching');
    const problem = await hooks.onFetch?.(room);
    if (problem !== undefined) return err(problem);
    const files = (hooks.brings ?? ['etcd']).map((each) => ({
      name: each,
      path: fakeBinary(join(room.dir, 'inside', each), each, hooks.says ?? version),
    }));
    return ok({ files });
  };
  return {
    name,
    calls,
    probeDeadlineMs: hooks.probeDeadlineMs ?? 5_000,
    offer: async (binary, wish, signal) => {
      calls.push(`probe ${wishText(wish)}`);
      const problem = await hooks.onProbe?.(signal);
      if (problem !== undefined) return err(problem);
      // Like a real registry, it takes the wish's text at its word and does not know which versions are dangerous.
      const found =
        newestFitting(wish, versions) ??
        versions.map(parseEtcdVersion).find((each) => each?.startsWith(`${wishText(wish)}.`));
      if (found === undefined) return err(lacks(name, `${binary} ${wishText(wish)}`));
      return ok({ version: found, fetch: (room) => fetch(found, room) });
    },
    versions: async () => ok({ versions }),
  };
}

export const lacks = (source: string, wanted: string): Problem =>
  sourceLacks({ source, wanted, reason: 'it has other versions', advice: '' });

export const broken = (source: string, reason: string): Problem =>
  fetchFailed({ source, wanted: 'etcd', reason, advice: 'Try again later.' });
