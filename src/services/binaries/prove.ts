import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';

import { type Problem, type Result, err, ok } from '../../base/index.js';
import { parseEtcdVersion } from '../../core/cluster/index.js';
import { binaryMute } from './problems.js';
import { type Env, bareEnv, complaint, run } from './run.js';
import type { BinaryName } from './types.js';

/** A healthy binary answers in 20–40 ms; a cold disk or a busy machine may need seconds. */
const VERSION_DEADLINE_MS = 10_000;

/** What a program says of itself. */
export interface SaidVersion {
  readonly version: string;
  readonly gitSha?: string;
}

/**
 * Runs the program and reads its version. It gets no environment but PATH and HOME: a stray `ETCD_…` variable must
 * not change what it does. `etcd` has a flag for it; `etcdctl` and `etcdutl` have only a command (seen on 3.4–3.7).
 */
export async function askVersion(
  name: BinaryName,
  path: string,
  env: Env,
  signal: AbortSignal,
): Promise<Result<SaidVersion, Problem>> {
  const end = await run(path, [name === 'etcd' ? '--version' : 'version'], {
    // Only an etcdctl of the 3.3 line reads this; without it that one speaks of the v2 API.
    env: name === 'etcdctl' ? { ...bareEnv(env), ETCDCTL_API: '3' } : bareEnv(env),
    timeoutMs: VERSION_DEADLINE_MS,
    signal,
  });
  if (end.kind === 'failed' || end.code !== 0) {
    return err(
      binaryMute({ name, path, reason: `asked for its version it failed: ${complaint(end)}` }),
    );
  }
  const said = parseVersionOutput(name, end.stdout);
  return said === undefined
    ? err(
        binaryMute({
          name,
          path,
          reason: `it does not answer as ${name} does when asked for its version`,
        }),
      )
    : ok(said);
}

/** Reads `etcd Version: 3.6.15` / `etcdctl version: 3.6.15`, and the commit where the build recorded one. */
export function parseVersionOutput(name: BinaryName, stdout: string): SaidVersion | undefined {
  const line = new RegExp(`^${name} version: *v?(\\S+)\\s*$`, 'im').exec(stdout)?.[1];
  const version = line === undefined ? undefined : parseEtcdVersion(line.replace(/\+.*$/, ''));
  if (version === undefined) return undefined;
  const gitSha = /^Git SHA: *([0-9a-f]{7,40})\s*$/im.exec(stdout)?.[1];
  return { version, ...(gitSha === undefined ? {} : { gitSha }) };
}

/** SHA-256 of a file as lower-case hex. */
export async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash, { signal });
  return hash.digest('hex');
}
