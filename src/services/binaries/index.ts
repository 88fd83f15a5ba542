/**
 * services/binaries — where etcd itself comes from.
 *
 * Contract: `resolve` answers a program that has been run and has said the wished version, or one Problem that accounts
 * for every source. What is at hand costs a few file system calls and no network; what must be fetched is asked of all
 * allowed sources side by side and taken from the first, in the fixed order, that can.
 *
 * Invariants: a file in the cache is whole, was proven, and has its digest beside it; nothing half-written ever has a
 * final name; one version is fetched by one process at a time; the cache may be removed at any moment. Every process
 * started here has a deadline, a scrubbed environment, and is gone when the call settles.
 *
 * It never installs anything on the machine, never needs root, never compiles with a toolchain that was fetched for it,
 * and never picks a version that loses data unless that version was named exactly.
 *
 * Start reading at binaries.ts (the order of things), then install.ts and the folder sources.
 */
export { createBinaries } from './binaries.js';
export { archOf, defaultCacheDir } from './places.js';
export { releaseArchive } from './sources/release.js';
export { type Danger, knownDangers } from './dangers.js';
export {
  type Binaries,
  type BinariesOptions,
  type BinaryName,
  type BinaryProgress,
  type FoundBinary,
  type SourceName,
  type SourceOffer,
  type VersionWish,
  BINARY_NAMES,
  SOURCE_ORDER,
} from './types.js';
export {
  badVersionWish,
  binariesCancelled,
  binaryLies,
  binaryMute,
  cacheAltered,
  cacheUnusable,
  digestDiffers,
  fetchFailed,
  fetchLocked,
  noBinary,
  sourceLacks,
  sourceSlow,
} from './problems.js';
