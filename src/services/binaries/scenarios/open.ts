/** What the tests of the whole room share: binaries over fake sources and a cache of their own. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

import { type Problem, type Result, renderProblem, systemClock } from '../../../base/index.js';
import { binariesFrom } from '../binaries.js';
import type { BinariesOptions, BinaryProgress, FoundBinary } from '../types.js';
import { type FakeSource, SYSTEM_PATH, fakeBinary, tempDir } from './fakes.js';

export const never: AbortSignal = new AbortController().signal;

export function open(
  sources: readonly FakeSource[],
  more: Partial<BinariesOptions> & { readonly lockWaitMs?: number } = {},
) {
  const cacheDir = more.cacheDir ?? join(tempDir(), 'cache');
  const events: BinaryProgress[] = [];
  const binaries = binariesFrom(
    {
      env: { PATH: SYSTEM_PATH },
      clock: systemClock,
      progress: (event) => events.push(event),
      ...more,
      cacheDir,
    },
    sources,
  );
  const resolve = (wish: string, ask?: { newest?: boolean }) =>
    binaries.resolve('etcd', wish, never, ask);
  return { binaries, resolve, cacheDir, events, kinds: () => events.map(({ kind }) => kind) };
}
export const found = (result: Result<FoundBinary, Problem>): FoundBinary => {
  if (!result.ok) throw new Error(renderProblem(result.error));
  return result.value;
};
export const problem = (result: Result<FoundBinary, Problem>): Problem => {
  if (result.ok) throw new Error(`found ${result.value.path}`);
  return result.error;
};
/** Puts a binary into the cache as a person would, without a record. */
export const byHand = (cacheDir: string, version: string, says = version, log?: string) =>
  fakeBinary(join(cacheDir, 'etcd', `v${version}`, 'etcd'), 'etcd', says, log);
/** Everything under the cache except finished binaries and their records. */
export const leftovers = (cacheDir: string) =>
  readdirSync(cacheDir, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(cacheDir, path)).isFile())
    .filter((path) => !/^etcd\/v[^/]+\/(etcd|etcdctl|etcdutl)(\.json)?$/.test(path));

/** A promise and the way to resolve it. */
export function gate<T>() {
  let open: (value: T) => void = () => undefined;
  const promise = new Promise<T>((resolve) => (open = resolve));
  return { promise, resolve: (value: T) => open(value) };
}
