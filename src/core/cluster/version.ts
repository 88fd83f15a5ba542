import type { Brand } from '../../base/index.js';
import { unsafeBrand } from '../../base/index.js';

/** An exact etcd version without "v": `3.6.15`, or with a pre-release part `3.8.0-alpha.0`. */
export type EtcdVersion = Brand<string, 'EtcdVersion'>;
/** A minor line: `3.6`. */
export type EtcdMinor = Brand<string, 'EtcdMinor'>;

/** The minors that Quorate runs and tests. */
export const SUPPORTED_MINORS = ['3.4', '3.5', '3.6', '3.7'] as const;

export function parseEtcdVersion(text: string): EtcdVersion | undefined {
  return /^v?\d+\.\d+\.\d+(-[0-9A-Za-z.]+)?$/.test(text)
    ? unsafeBrand<EtcdVersion>(text.replace(/^v/, ''))
    : undefined;
}

/** `3.6.15` → `3.6`. */
export const minorOf = (version: EtcdVersion): EtcdMinor =>
  unsafeBrand<EtcdMinor>(version.split('.').slice(0, 2).join('.'));

/** Negative when `a` is older than `b`; a pre-release is older than its release. */
export function compareVersions(a: EtcdVersion, b: EtcdVersion): number {
  const [coreA, preA] = split(a);
  const [coreB, preB] = split(b);
  const partsA = coreA.split('.').map(Number);
  const partsB = coreB.split('.').map(Number);
  for (let i = 0; i < 3; i++) {
    const difference = (partsA[i] ?? 0) - (partsB[i] ?? 0);
    if (difference !== 0) return difference;
  }
  if (preA === preB) return 0;
  if (preA === undefined) return 1;
  if (preB === undefined) return -1;
  return preA < preB ? -1 : 1;
}

function split(version: EtcdVersion): [string, string | undefined] {
  const dash = version.indexOf('-');
  return dash < 0 ? [version, undefined] : [version.slice(0, dash), version.slice(dash + 1)];
}

/** True when `version` is `minor` or newer: `atLeast('3.6.1', 3, 5)`. */
export function isAtLeast(version: EtcdVersion, major: number, minor: number): boolean {
  const [a = 0, b = 0] = version.split('.').map(Number);
  return a > major || (a === major && b >= minor);
}
