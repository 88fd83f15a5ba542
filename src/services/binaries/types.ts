import type { Clock, Problem, Result } from '../../base/index.js';

/** The programs that an etcd release consists of. `etcdutl` exists since 3.5. */
export type BinaryName = 'etcd' | 'etcdctl' | 'etcdutl';
export const BINARY_NAMES = ['etcd', 'etcdctl', 'etcdutl'] as const satisfies readonly BinaryName[];

/** `3.6` (the newest patch of that minor) or an exact version `3.6.15`; a leading `v` is accepted. */
export type VersionWish = string;

/** Where a binary may come from, in the order of preference. */
export type SourceName = 'path' | 'cache' | 'release' | 'crate' | 'go' | 'debian';
export const SOURCE_ORDER = [
  'path',
  'cache',
  'release',
  'crate',
  'go',
  'debian',
] as const satisfies readonly SourceName[];

/** The sources that need something from outside this machine. */
export type FetchSourceName = Exclude<SourceName, 'path' | 'cache'>;

/** A program that has said its version and can be started. */
export interface FoundBinary {
  readonly name: BinaryName;
  /** Exact, as the program itself says it: `3.6.15`. */
  readonly version: string;
  readonly path: string;
  readonly sha256: string;
  /** Where it came from in this call: `cache` when it had been fetched before. */
  readonly source: SourceName;
  /** For one from the cache: the source that once brought it, where that is known. */
  readonly origin?: FetchSourceName;
  /** The commit the program says it was built from; absent where the build did not say. */
  readonly gitSha?: string;
}

/** What one source could supply. `problem` says why it can supply nothing now. */
export interface SourceOffer {
  readonly source: SourceName;
  /** Newest first. */
  readonly versions: readonly string[];
  readonly note?: string;
  readonly problem?: Problem;
}

/** What happens, for a terminal. */
export type BinaryProgress =
  | {
      readonly kind: 'probing';
      readonly source: SourceName;
      readonly name: BinaryName;
      readonly wish: VersionWish;
    }
  | {
      readonly kind: 'fetching';
      readonly source: SourceName;
      readonly name: BinaryName;
      readonly version: string;
      readonly receivedBytes?: number;
      readonly totalBytes?: number;
    }
  | {
      readonly kind: 'building' | 'verifying';
      readonly source: SourceName;
      readonly name: BinaryName;
      readonly version: string;
    }
  | {
      /** Another process is fetching this version; we wait for it. */
      readonly kind: 'waiting';
      readonly source: SourceName;
      readonly name: BinaryName;
      readonly version: string;
      readonly pid: number;
    }
  | {
      readonly kind: 'ready';
      readonly source: SourceName;
      readonly name: BinaryName;
      readonly version: string;
      readonly path: string;
      readonly tookMs: number;
    }
  | {
      readonly kind: 'skipped';
      readonly source: SourceName;
      readonly name: BinaryName;
      readonly wish: VersionWish;
      readonly problem: Problem;
    };

export interface Binaries {
  /**
   * Answers a program of the wished version, fetching it when none is at hand. With a minor as the wish, any patch of
   * it at hand is good enough unless `newest` asks the sources for a newer one; what is at hand still counts then.
   *
   * Problems: `bad-version-wish`, `no-binary` (with the account of every source), `binaries-cancelled`.
   */
  resolve(
    name: BinaryName,
    wish: VersionWish,
    signal: AbortSignal,
    ask?: { readonly newest?: boolean },
  ): Promise<Result<FoundBinary, Problem>>;
  /** Everything in the given paths, on PATH and in the cache, newest first; no network. */
  atHand(signal: AbortSignal): Promise<readonly FoundBinary[]>;
  /** What each allowed source could supply, in the order of preference. Asks them side by side; fetches nothing. */
  available(name: BinaryName, signal: AbortSignal): Promise<readonly SourceOffer[]>;
}

export interface BinariesOptions {
  /** See `defaultCacheDir`. Made when needed. */
  readonly cacheDir: string;
  /** The allowed sources; all by default. Their order is always that of `SOURCE_ORDER`. */
  readonly sources?: readonly SourceName[];
  /** Binaries, or directories that hold them, that a person named; preferred to everything else that fits the wish. */
  readonly paths?: readonly string[];
  /** Only `path` and `cache`. */
  readonly offline?: boolean;
  /** The environment: PATH, HOME, proxies and the settings of cargo and Go are read from here and nowhere else. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly progress?: (event: BinaryProgress) => void;
  readonly clock: Clock;
}
