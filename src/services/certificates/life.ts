import type { Life } from './x509.js';

/** Certificates begin a little before they are made, for clocks that are behind. */
export const BACKDATED_MS = 5 * 60_000;
const AUTHORITY_VALIDITY_MS = 10 * 365 * 86_400_000;
/** What this seat and programs show: as long as the members' own by default. */
export const CLIENT_VALIDITY_MS = 365 * 86_400_000;

export const authorityLife = (nowMs: number): Life => ({
  notBeforeMs: nowMs - BACKDATED_MS,
  notAfterMs: nowMs + AUTHORITY_VALIDITY_MS,
});

/** Never longer than its authority's. */
export const leafLife = (nowMs: number, validityMs: number, authorityEndsMs: number): Life => ({
  notBeforeMs: nowMs - BACKDATED_MS,
  notAfterMs: Math.min(nowMs + validityMs, authorityEndsMs),
});
