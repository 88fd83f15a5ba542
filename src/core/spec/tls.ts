import { type Result, err, ok, parseDurationMs } from '../../base/index.js';

export type TLSSpec =
  | ({ readonly kind: 'auto' } & AutoTLS)
  | { readonly kind: 'files'; readonly files: TLSFiles }
  | { readonly kind: 'off' };

/** Quorate makes the certificates. */
export interface AutoTLS {
  /** How long a member's certificate is valid, as written: `90d`. Absent: DEFAULT_VALIDITY_MS. */
  readonly validity?: string;
  /** An authority of one's own, for both planes; absent: each plane gets one. */
  readonly ca?: { readonly cert: string; readonly key: string };
  /** Names and addresses that every member's certificate has beside its own: a load balancer, a domain. */
  readonly extraNames?: readonly string[];
}

/** Paths of certificates that somebody else makes and renews. */
export interface TLSFiles {
  /** On the hosts: what members show to clients, and whose clients they let in. */
  readonly client: FilesOfPlane;
  /** On the hosts: what members show to each other. */
  readonly peer: FilesOfPlane;
  /** On this machine: what Quorate itself shows to members, and whom it trusts. */
  readonly seat: FilesOfPlane;
}

export interface FilesOfPlane {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const DAY_MS = 86_400_000;
/** Renewed when two thirds are over: every eight months. */
export const DEFAULT_VALIDITY_MS = 365 * DAY_MS;
const VALIDITY_MIN_MS = 3_600_000;
/** The authorities' own ten years. */
const VALIDITY_MAX_MS = 10 * 365 * DAY_MS;

/** The duration as it was written; the error says what is allowed. */
export function parseValidity(text: string): Result<string, string> {
  const ms = parseDurationMs(text);
  return ms !== undefined && ms >= VALIDITY_MIN_MS && ms <= VALIDITY_MAX_MS
    ? ok(text)
    : err('a duration from 1h to 3650d, for example 90d');
}

export const validityMsOf = ({ validity }: AutoTLS): number =>
  (validity === undefined ? undefined : parseDurationMs(validity)) ?? DEFAULT_VALIDITY_MS;

/** A path as it is handed to etcd: from the root, so that it does not depend on where a process was started. */
export function parseAbsolutePath(text: string): Result<string, string> {
  return /^\/[^\0\n,]*[^\0\n,/]$/.test(text)
    ? ok(text)
    : err('a path from the root, for example /etc/etcd/server.crt');
}

/** A path on this machine, which may begin with `~/`. */
export function parseSeatPath(text: string): Result<string, string> {
  return /^(~\/|\/|\.\.?\/)?[^\0\n]*[^\0\n/]$/.test(text) ? ok(text) : err('a path of a file');
}
