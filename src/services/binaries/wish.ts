import {
  type EtcdVersion,
  compareVersions,
  minorOf,
  parseEtcdVersion,
} from '../../core/cluster/index.js';
import { losesData } from './dangers.js';

/** A wish that was understood. */
export type Wish =
  | { readonly kind: 'minor'; readonly minor: string }
  | { readonly kind: 'exact'; readonly version: EtcdVersion };

/** Reads `3.6`, `v3.6`, `3.6.15`, `v3.6.15`, `3.8.0-alpha.0`; undefined for anything else. */
export function parseWish(text: string): Wish | undefined {
  const bare = text.trim().replace(/^v/, '');
  if (/^\d{1,3}\.\d{1,3}$/.test(bare)) return { kind: 'minor', minor: bare };
  const version = parseEtcdVersion(bare);
  return version === undefined ? undefined : { kind: 'exact', version };
}

/** The wish as people write it: `3.6` or `3.6.15`. */
export const wishText = (wish: Wish): string => (wish.kind === 'minor' ? wish.minor : wish.version);

/** The minor that the wish is about. */
export const wishMinor = (wish: Wish): string =>
  wish.kind === 'minor' ? wish.minor : minorOf(wish.version);

/**
 * True when `version` is what was wished. A minor never means a pre-release, nor one of the versions that lose data:
 * those must be named exactly.
 */
export function fits(wish: Wish, version: EtcdVersion): boolean {
  if (wish.kind === 'exact') return wish.version === version;
  return minorOf(version) === wish.minor && !version.includes('-') && !losesData(version);
}

/** The newest of `versions` that fits; undefined when none does. Texts that are no versions are passed over. */
export function newestFitting(wish: Wish, versions: readonly string[]): EtcdVersion | undefined {
  return newestFirst(versions).find((version) => fits(wish, version));
}

/** Newest first, without doubles and without texts that are no versions. */
export function newestFirst(versions: readonly string[]): readonly EtcdVersion[] {
  const parsed = new Set<EtcdVersion>();
  for (const text of versions) {
    const version = parseEtcdVersion(text);
    if (version !== undefined) parsed.add(version);
  }
  return [...parsed].toSorted((a, b) => compareVersions(b, a));
}
