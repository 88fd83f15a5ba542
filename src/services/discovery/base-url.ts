import { type Result, err, ok } from '../../base/index.js';
import { discoveryBadAddress } from './problems.js';

/** `https://discovery.example:8087`: scheme, host and port of a service, without a path. */
export function baseURLOf(text: string): Result<string> {
  const bad = (because: string) => err(discoveryBadAddress({ found: text, because }));
  if (text.length > 512 || !URL.canParse(text)) return bad('Write a URL: http://HOST:PORT.');
  const { protocol, host, pathname, search, hash, username } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return bad('Its scheme is http or https.');
  if (pathname !== '/' || `${search}${hash}${username}` !== '') {
    return bad('It has scheme, host and port, and nothing behind them.');
  }
  return ok(`${protocol}//${host}`);
}
