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

export interface TokenPlace {
  readonly token: string;
  /** As a token has it: no empty parts, no slash at the end. */
  readonly path: string;
}

const NAME = new RegExp(`^[A-Za-z0-9][A-Za-z0-9._-]{0,${NAME_LENGTH_MAX - 1}}$`);
const PREFIX_PART = new RegExp(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,${NAME_LENGTH_MAX - 1}}$`);
const V2 = ['v2', 'keys'] as const;
const RESERVED = new Set(['new', 'health', 'metrics', 'v2']);

export const isTokenName = (text: string): boolean => NAME.test(text) && !RESERVED.has(text);

/** Where the members of a token and its size are, below its path. */
export const CONFIG = '_config';

/** The longest rest wins: `…/TOKEN/_config/size`, `…/TOKEN/ID` with a MemberID, else `…/TOKEN`. */
export function placeOf(pathname: string): Place {
  // Go's clients clean paths before they send them, so that empty parts mean nothing.
  const parts = pathname.split('/').filter((part) => part !== '');
  const [first] = parts;
  if (parts.length === 1 && first === 'new') return { kind: 'new' };
  if (parts.length === 1 && first === 'health') return { kind: 'health' };
  if (parts.length === 1 && first === 'metrics') return { kind: 'metrics' };
  const isV2 = parts[0] === V2[0] && parts[1] === V2[1];
  const rest = isV2 ? parts.slice(V2.length) : parts;
  if (rest.at(-1) === 'size' && rest.at(-2) === CONFIG) {
    const place = tokenPlace(isV2, rest.slice(0, -2));
    return place === undefined ? { kind: 'nowhere' } : { kind: 'size', ...place };
  }
  const whole = tokenPlace(isV2, rest);
  const last = rest.at(-1) ?? '';
  if (rest.length >= 2 && isMemberID(last)) {
    const place = tokenPlace(isV2, rest.slice(0, -1));
    if (place !== undefined) {
      const orToken = whole ?? place;
      return { kind: 'member', id: last, orToken, ...place };
    }
  }
  return whole === undefined ? { kind: 'nowhere' } : { kind: 'directory', ...whole };
}

/** As etcd prints a MemberID: hex without leading zeros. */
const isMemberID = (text: string): boolean => /^[1-9a-f][0-9a-f]{0,15}$/.test(text);

function tokenPlace(isV2: boolean, parts: readonly string[]): TokenPlace | undefined {
  const token = parts.at(-1);
  const prefix = parts.slice(0, -1);
  if (token === undefined || !isTokenName(token)) return undefined;
  if (prefix.length > (isV2 ? PATH_PARTS_MAX : 0)) return undefined;
  if (!prefix.every((part) => PREFIX_PART.test(part))) return undefined;
  return { token, path: `/${[...(isV2 ? V2 : []), ...parts].join('/')}` };
}

/** The key that v2 answers name: the path without `/v2/keys`. */
export const keyOf = (path: string): string => path.replace(/^\/v2\/keys(?=\/)/, '');
