import type { Problem, Result } from '../../base/index.js';
import { compareVersions, parseEtcdVersion } from '../../core/cluster/index.js';
import type { BinaryCache } from './cache.js';
import { dangerText } from './dangers.js';
import type { NamedPaths } from './named-paths.js';
import { sourceLacks } from './problems.js';
import type { BinaryName, FoundBinary, SourceName } from './types.js';
import { type Wish, fits, wishText } from './wish.js';

/** Where to look on this machine. */
export interface Local {
  readonly allowed: ReadonlySet<SourceName>;
  readonly paths: NamedPaths;
  readonly cache: BinaryCache;
}

/**
 * The best that is here already: what a person named, if it fits; else the newest on PATH or in the cache, PATH first
 * among equals. Costs a few file system calls: the cache is read only for versions that fit.
 */
export async function atHandFor(
  name: BinaryName,
  wish: Wish,
  { allowed, paths, cache }: Local,
  skip: (source: SourceName, problem: Problem) => void,
  signal: AbortSignal,
): Promise<FoundBinary | undefined> {
  const wanted = `${name} ${wishText(wish)}`;
  const pick = (answers: readonly Result<FoundBinary, Problem>[]) => {
    const found: FoundBinary[] = [];
    for (const answer of answers) {
      if (!answer.ok) skip('path', answer.error);
      else if (isFitting(wish, answer.value)) found.push(answer.value);
      else skip('path', unfit(wanted, answer.value));
    }
    return found.toSorted(newerFirst)[0];
  };
  let best: FoundBinary | undefined;
  if (allowed.has('path')) {
    const given = pick(await paths.given(name, signal));
    if (given !== undefined) return given;
    best = pick(await paths.onPath(name, signal));
  }
  if (allowed.has('cache')) {
    for (const version of (await cache.versions()).filter((each) => fits(wish, each))) {
      if (best !== undefined && !isNewer(version, best.version)) break;
      const cached = await cache.get(name, version, signal);
      if (cached?.ok === true) return cached.value;
      if (cached !== undefined) skip('cache', cached.error);
    }
  }
  return best;
}

/** All that is here, newest first. What does not answer is left out. */
export async function everythingAtHand(
  name: BinaryName,
  { allowed, paths, cache }: Local,
  signal: AbortSignal,
): Promise<readonly FoundBinary[]> {
  const answers: (Result<FoundBinary, Problem> | undefined)[] = [];
  if (allowed.has('path')) {
    answers.push(...(await paths.given(name, signal)), ...(await paths.onPath(name, signal)));
  }
  if (allowed.has('cache')) {
    for (const version of await cache.versions())
      answers.push(await cache.get(name, version, signal));
  }
  const found = new Map<string, FoundBinary>();
  for (const answer of answers) {
    if (answer?.ok === true && !found.has(answer.value.path))
      found.set(answer.value.path, answer.value);
  }
  return [...found.values()].toSorted(newerFirst);
}

const isFitting = (wish: Wish, binary: FoundBinary): boolean => {
  const version = parseEtcdVersion(binary.version);
  return version !== undefined && fits(wish, version);
};

/** True when version `a` is newer than `b`. */
export function isNewer(a: string, b: string): boolean {
  const [left, right] = [parseEtcdVersion(a), parseEtcdVersion(b)];
  return left !== undefined && (right === undefined || compareVersions(left, right) > 0);
}

const unfit = (wanted: string, { path, version }: FoundBinary): Problem =>
  sourceLacks({
    source: 'path',
    wanted,
    reason: `${path} is ${version}${dangerText(version)}`,
    advice: '',
  });

const newerFirst = (a: FoundBinary, b: FoundBinary): number =>
  isNewer(b.version, a.version) ? 1 : isNewer(a.version, b.version) ? -1 : 0;
