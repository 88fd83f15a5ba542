import { chmod, lstat, mkdir, readdir, rm, stat } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';

import { type Clock, type Problem, type Result, assert, err, ok } from '../../base/index.js';
import type { BinaryCache } from './cache.js';
import { reasonOf, isSystemError } from './files.js';
import { takeLock } from './lock.js';
import type { Places } from './places.js';
import { binaryLies, cacheUnusable, fetchFailed, fetchLocked } from './problems.js';
import { askVersion, sha256Of } from './prove.js';
import type { Env } from './run.js';
import type { Offer } from './sources/source.js';
import type { BinaryName, BinaryProgress, FetchSourceName, FoundBinary } from './types.js';

/** Longer than the longest build: whoever waits gets the result of it, or learns that something hangs. */
const LOCK_WAIT_MS = 25 * 60_000;
/** Work of a process that died is removed by the next fetch when it is this old. */
const LEFTOVER_MS = 24 * 3_600_000;

export interface InstallContext {
  readonly places: Places;
  readonly cache: BinaryCache;
  readonly env: Env;
  readonly clock: Clock;
  readonly unique: () => string;
  readonly progress: (event: BinaryProgress) => void;
  readonly lockWaitMs?: number;
}

/**
 * Fetches one version into the cache, alone: under the version's lock, in a directory of its own, proven before it is
 * put in place. When somebody else fetched it meanwhile, theirs is the answer. Rejects only when the signal aborts.
 */
export async function install(
  context: InstallContext,
  source: FetchSourceName,
  name: BinaryName,
  offer: Offer,
  signal: AbortSignal,
): Promise<Result<FoundBinary, Problem>> {
  const { places, clock } = context;
  const { version } = offer;
  const waitMs = context.lockWaitMs ?? LOCK_WAIT_MS;
  const about = { source, name, version } as const;
  try {
    const lock = await takeLock(places.lock(version), {
      waitMs,
      clock,
      unique: context.unique(),
      signal,
      onWait: ({ pid }) => context.progress({ kind: 'waiting', ...about, pid }),
    });
    if (!lock.ok) {
      const { pid, host } = lock.error;
      const wanted = `${name} ${version}`;
      return err(fetchLocked({ wanted, pid, host, waitedMs: waitMs, lock: places.lock(version) }));
    }
    try {
      const already = await context.cache.get(name, version, signal);
      if (already?.ok === true) return already;
      return await fetchAlone(context, source, name, offer, signal);
    } finally {
      await lock.value.release();
    }
  } catch (error) {
    signal.throwIfAborted();
    if (!isSystemError(error)) throw error;
    return err(cacheUnusable({ dir: places.cacheDir, reason: reasonOf(error) }));
  }
}

async function fetchAlone(
  context: InstallContext,
  source: FetchSourceName,
  name: BinaryName,
  offer: Offer,
  signal: AbortSignal,
): Promise<Result<FoundBinary, Problem>> {
  const { places, cache, env, clock } = context;
  const { version } = offer;
  const about = { source, name, version } as const;
  const startedMs = clock.monotonicMs();
  await sweep(places.workDir, clock);
  const dir = join(places.workDir, context.unique());
  await mkdir(dir, { recursive: true, mode: 0o700 });
  try {
    const fetched = await offer.fetch({
      dir,
      signal,
      report: (kind, bytes) =>
        context.progress(kind === 'fetching' ? { kind, ...about, ...bytes } : { kind, ...about }),
    });
    signal.throwIfAborted();
    if (!fetched.ok) return fetched;
    context.progress({ kind: 'verifying', ...about });
    let wished: FoundBinary | undefined;
    for (const file of fetched.value.files) {
      const isCompanion = file.name !== name;
      if (isCompanion && (await cache.get(file.name, version, signal))?.ok === true) continue;
      const proven = await prove(file, version, source, env, signal);
      // A companion that is no good is left out; the wished one is the reason to say no.
      if (!proven.ok && !isCompanion) return proven;
      if (!proven.ok) continue;
      const put = await cache.put(
        { ...file, sha256: proven.value.sha256 },
        proven.value.said,
        source,
      );
      if (!isCompanion) wished = put;
    }
    if (wished === undefined) {
      const wanted = `${name} ${version}`;
      return err(
        fetchFailed({ source, wanted, reason: `what it brought holds no ${name}`, advice: '' }),
      );
    }
    context.progress({
      kind: 'ready',
      ...about,
      path: wished.path,
      tookMs: clock.monotonicMs() - startedMs,
    });
    return ok(wished);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function prove(
  file: { readonly name: BinaryName; readonly path: string },
  version: string,
  source: FetchSourceName,
  env: Env,
  signal: AbortSignal,
) {
  const { name, path } = file;
  assert(isAbsolute(path), `${source} named a relative path`);
  // Only a file of its own: a link would lead out of what was fetched.
  if ((await lstat(path).catch(() => undefined))?.isFile() !== true) {
    const wanted = `${name} ${version}`;
    return err(
      fetchFailed({
        source,
        wanted,
        reason: `what it brought holds no program ${name}`,
        advice: '',
      }),
    );
  }
  await chmod(path, 0o755);
  const said = await askVersion(name, path, env, signal);
  signal.throwIfAborted();
  if (!said.ok) return said;
  if (said.value.version !== version) {
    return err(binaryLies({ name, path, source, wanted: version, printed: said.value.version }));
  }
  return ok({ said: said.value, sha256: await sha256Of(path, signal) });
}

async function sweep(workDir: string, clock: Clock): Promise<void> {
  for (const entry of await readdir(workDir).catch(() => [])) {
    const path = join(workDir, entry);
    const there = await stat(path).catch(() => undefined);
    if (there !== undefined && clock.now() - there.mtimeMs > LEFTOVER_MS) {
      await rm(path, { recursive: true, force: true }).catch(() => undefined);
    }
  }
}
