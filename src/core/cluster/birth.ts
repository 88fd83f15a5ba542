import { type Result, err, ok } from '../../base/index.js';

/** How the members of an unborn cluster find each other at their first start. */
export type Birth =
  /** Each is told all of them. */
  | { readonly kind: 'static' }
  /** They register at a meeting place and wait there until all have come. */
  | { readonly kind: 'discovery'; readonly place: MeetingPlace }
  /** They ask the DNS for SRV records. */
  | { readonly kind: 'dns'; readonly domain: string; readonly serviceName?: string };

/**
 * Where the members of one birth meet. Used once: what was registered stays, so that a second birth at the same place
 * would find the first (etcd-facts 2.2).
 */
export type MeetingPlace = DiscoveryURL | DiscoveryToken;

/** etcd up to 3.6. The URL as a whole is also the cluster token, so that every member must have the same spelling. */
export interface DiscoveryURL extends Place {
  readonly protocol: 'v2';
  readonly url: string;
}

/** etcd from 3.6 on. The token alone is the cluster token. */
export interface DiscoveryToken extends Place {
  readonly protocol: 'v3';
  readonly endpoints: readonly string[];
  readonly token: string;
}

interface Place {
  /** How many members it was made for; for ever. */
  readonly size: number;
  /** We serve it ourselves, as long as the birth lasts. */
  readonly isOurs: boolean;
}

/** What etcd makes the ids of such a birth with (etcd-facts 2.2, 3). */
export const tokenOfPlace = (place: MeetingPlace): string =>
  place.protocol === 'v2' ? place.url : place.token;

/** A URL of the v2 protocol as every member gets it, letter by letter. */
export function parseDiscoveryURL(text: string): Result<string, string> {
  return /^https?:\/\/(\[[0-9a-fA-F:.]+\]|[\w.-]+)(:\d{1,5})?(\/[\w.~-]+)+$/.test(text)
    ? ok(text)
    : err('http(s)://HOST:PORT/PATH/TOKEN, without a slash at the end');
}
