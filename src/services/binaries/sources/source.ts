import type { Problem, Result } from '../../../base/index.js';
import type { EtcdVersion } from '../../../core/cluster/index.js';
import { type Env, run } from '../run.js';
import { fetchFailed, sourceLacks } from '../problems.js';
import type { BinaryName, FetchSourceName } from '../types.js';
import { type Wish, wishText } from '../wish.js';

/** A place outside this machine that etcd can be had from. */
export interface FetchSource {
  readonly name: FetchSourceName;
  /** How long it may think before the others are preferred. */
  readonly probeDeadlineMs: number;
  /** Whether it can supply the wish, as far as it can tell without fetching. Changes nothing. */
  offer(name: BinaryName, wish: Wish, signal: AbortSignal): Promise<Result<Offer, Problem>>;
  /** The versions it has, as far as it tells, in any order. */
  versions(
    name: BinaryName,
    signal: AbortSignal,
  ): Promise<Result<{ readonly versions: readonly string[]; readonly note?: string }, Problem>>;
}

/** A promise of one version. */
export interface Offer {
  readonly version: EtcdVersion;
  /** Brings the version's files into `room.dir`, an empty directory; whatever else it leaves there is thrown away. */
  fetch(room: FetchRoom): Promise<Result<Fetched, Problem>>;
}

export interface FetchRoom {
  readonly dir: string;
  readonly signal: AbortSignal;
  readonly report: (
    kind: 'fetching' | 'building',
    bytes?: { readonly receivedBytes: number; readonly totalBytes?: number },
  ) => void;
}

/** The files of one version, the wished one and those that came along. None of them has been proven yet. */
export interface Fetched {
  readonly files: readonly { readonly name: BinaryName; readonly path: string }[];
}

/** The two ways in which a source says no, with its name and what was wanted filled in. */
export const refusals = (source: FetchSourceName, name: BinaryName, wish?: Wish) => {
  const wanted = wish === undefined ? name : `${name} ${wishText(wish)}`;
  return {
    lacks: (reason: string, advice = '') => sourceLacks({ source, wanted, reason, advice }),
    failed: (reason: string, advice = '') => fetchFailed({ source, wanted, reason, advice }),
  };
};

const UNPACK_DEADLINE_MS = 120_000;

/** Unpacks a .tar.gz (or on macOS a .zip: its tar reads both) whose digest has been checked. */
export const unpack = (tar: string, archive: string, into: string, env: Env, signal: AbortSignal) =>
  run(tar, ['-xf', archive, '-C', into, '--no-same-owner'], {
    env: { PATH: env['PATH'], HOME: env['HOME'] },
    timeoutMs: UNPACK_DEADLINE_MS,
    signal,
  });
