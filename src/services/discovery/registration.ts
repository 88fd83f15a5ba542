import { type Problem, type Result, err, ok } from '../../base/index.js';
import type { MemberEntry } from './identity.js';
import { PEER_URLS_MAX, REGISTRATION_LENGTH_MAX } from './limits.js';
import { discoveryBadRegistration } from './problems.js';

const SCHEMES = new Set(['http:', 'https:', 'unix:', 'unixs:']);
// Nothing that would break a line of a terminal or a log.
const NAME = /^[^\p{C}\s=,]{1,256}$/u;

/** Reads what etcd registers: `a=http://10.0.1.10:2380,a=http://10.0.2.10:2380`. */
export function parseRegistration(text: string): Result<MemberEntry, Problem> {
  const bad = (because: string): Result<never> =>
    err(discoveryBadRegistration({ found: text, because }));
  if (text.length > REGISTRATION_LENGTH_MAX) {
    return bad(`It has ${text.length} characters; ${REGISTRATION_LENGTH_MAX} are allowed.`);
  }
  const pairs = text.split(',');
  if (pairs.length > PEER_URLS_MAX) {
    return bad(`It names ${pairs.length} URLs; ${PEER_URLS_MAX} are allowed.`);
  }
  const peerURLs: string[] = [];
  let name: string | undefined;
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) return bad('A name and a URL are joined by "=".');
    const each = pair.slice(0, at);
    const url = pair.slice(at + 1);
    if (!NAME.test(each)) return bad('The name has characters that no member has.');
    if (name !== undefined && name !== each)
      return bad(`It names two members, ${name} and ${each}.`);
    name = each;
    if (!isPeerURL(url))
      return bad(`${JSON.stringify(url)} is no peer URL: scheme, host and port.`);
    if (peerURLs.includes(url)) return bad(`It names ${url} twice.`);
    peerURLs.push(url);
  }
  return name === undefined ? bad('It is empty.') : ok({ name, peerURLs });
}

function isPeerURL(text: string): boolean {
  if (/[\p{C}\s]/u.test(text)) return false;
  try {
    const { protocol, host, pathname, search, username } = new URL(text);
    return (
      SCHEMES.has(protocol) &&
      host !== '' &&
      /^\/?$/.test(pathname) &&
      `${search}${username}` === ''
    );
  } catch {
    return false;
  }
}
