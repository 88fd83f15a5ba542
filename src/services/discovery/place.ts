import { NAME_LENGTH_MAX, PATH_PARTS_MAX } from './limits.js';

/** What a path of the service means. A token's own path is `/TOKEN`, or `/v2/keys/ANY/PREFIX/TOKEN`. */
export type Place =
  | { readonly kind: 'new' }
  | { readonly kind: 'health' }
  | { readonly kind: 'metrics' }
  | ({ readonly kind: 'size' } & TokenPlace)
  | ({ readonly kind: 'directory' } & TokenPlace)
  /** Unless there is a token of the id's own name, below a prefix that looks like a token. */
  | ({ readonly kind: 'member'; readonly id: string; readonly orToken: TokenPlace } & TokenPlace)
  | { readonly kind: 'nowhere' };

export type MemberPlace = Extract<Place, { kind: 'member' }>;

export interface TokenPlace {
  readonly token: string;
  /** As a token has it: no empty parts, no slash at the end. */
  readonly path: string;
}

const NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${NAME_LENGTH_MAX - 1}}$`);
const PREFIX_PART = new RegExp(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,${NAME_LENGTH_MAX - 1}}$`);
const V2 = ['v2', 'keys'] as const;
const V2_START = '/v2/keys/';
const RESERVED = new Set(['new', 'health', 'metrics', 'v2']);

export const isTokenName = (text: string): boolean => NAME.test(text) && !RESERVED.has(text);

/** Where the members of a token and its size are, below its path. */
export const CONFIG = '_config';

/** The longest rest wins: `…/TOKEN/_config/size`, `…/TOKEN/ID` with a MemberID, else `…/TOKEN`. */
export function placeOf(pathname: string): Place {
  const parts = partsOf(pathname);
  const [first] = parts;
  if (parts.length === 1 && (first === 'new' || first === 'health' || first === 'metrics')) {
    return { kind: first };
  }
  const isV2 = first === V2[0] && parts[1] === V2[1];
  const rest = isV2 ? parts.slice(V2.length) : parts;
  const last = rest.at(-1) ?? '';
  if (last === 'size' && rest.at(-2) === CONFIG) {
    const place = tokenPlace(isV2, rest.slice(0, -2));
    return place === undefined ? NOWHERE : { kind: 'size', token: place.token, path: place.path };
  }
  const whole = tokenPlace(isV2, rest);
  if (rest.length >= 2 && isMemberID(last)) {
    const place = tokenPlace(isV2, rest.slice(0, -1));
    if (place !== undefined) {
      const { token, path } = place;
      return { kind: 'member', id: last, orToken: whole ?? place, token, path };
    }
  }
  return whole === undefined
    ? NOWHERE
    : { kind: 'directory', token: whole.token, path: whole.path };
}

const NOWHERE: Place = { kind: 'nowhere' };

/** Go's clients clean paths before they send them, so that empty parts mean nothing. */
function partsOf(pathname: string): readonly string[] {
  const parts: string[] = [];
  for (let at = 0; at < pathname.length;) {
    const next = pathname.indexOf('/', at);
    const end = next < 0 ? pathname.length : next;
    if (end > at) parts.push(pathname.slice(at, end));
    at = end + 1;
  }
  return parts;
}

/** As etcd prints a MemberID: hex without leading zeros. */
const isMemberID = (text: string): boolean => /^[1-9a-f][0-9a-f]{0,15}$/.test(text);

function tokenPlace(isV2: boolean, parts: readonly string[]): TokenPlace | undefined {
  const token = parts.at(-1);
  const prefix = parts.slice(0, -1);
  if (token === undefined || !isTokenName(token)) return undefined;
  if (prefix.length > (isV2 ? PATH_PARTS_MAX : 0)) return undefined;
  if (!prefix.every((part) => PREFIX_PART.test(part))) return undefined;
  return { token, path: isV2 ? V2_START + parts.join('/') : `/${token}` };
}

/** The key that v2 answers name: the path without `/v2/keys`. */
export const keyOf = (path: string): string =>
  path.startsWith(V2_START) ? path.slice(V2_START.length - 1) : path;
