import { isIP } from 'node:net';
import { type Result, err, ok } from '../../base/index.js';
import { type Endpoint, parseEndpoint } from '../../etcd/index.js';
import { gatewayBadAddress, gatewayBadEndpoint } from './problems.js';

/** Where the gateway, or its metrics, can be reached. */
export type ListenAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

const TCP = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]*)):(\d{1,5})$/;

/** Reads `127.0.0.1:23790`, `[::1]:23790`, `:23790` (every address) and `unix:/run/etcd.sock`. Port 0 takes a free one. */
export function parseListenAddress(text: string): Result<ListenAddress> {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length).replace(/^\/\/(?=\/)/, '');
    return path === '' ? bad(text, 'It has no path.') : ok({ kind: 'unix', path });
  }
  const match = TCP.exec(text);
  if (match === null) return bad(text, 'It has no port, or no address before it.');
  const [, bracketed, plain = '', digits = ''] = match;
  const port = Number(digits);
  if (port > 65_535) return bad(text, 'Its port is above 65535.');
  return ok({ kind: 'tcp', host: bracketed ?? plain, port });
}

const bad = (address: string, because: string): Result<never> =>
  err(gatewayBadAddress({ address, because }));

export function listenText(address: ListenAddress): string {
  if (address.kind === 'unix') return `unix:${address.path}`;
  return `${isIP(address.host) === 6 ? `[${address.host}]` : address.host}:${address.port}`;
}

/** Reads endpoints as the client does; the first that cannot be read is the problem. Twice the same counts once. */
export function parseBackends(
  texts: readonly string[],
  hasTLS: boolean,
): Result<readonly Endpoint[]> {
  const endpoints = new Map<string, Endpoint>();
  for (const text of texts) {
    const parsed = parseEndpoint(text, hasTLS);
    if (!parsed.ok) return err(gatewayBadEndpoint({ endpoint: text, because: parsed.error }));
    endpoints.set(parsed.value.url, parsed.value);
  }
  return ok([...endpoints.values()]);
}
