import { isIP } from 'node:net';
import { type Result, err, ok } from '../../base/index.js';
import { dnsBadAddress } from './problems.js';

/** Where a DNS server is: an address and a port, the same for UDP and TCP. */
export interface DNSAddress {
  readonly host: string;
  readonly port: number;
}

const SHAPE = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/[\]]+))(?::(\d{1,5}))?$/;
export const DNS_PORT = 53;

/** Reads `127.0.0.53`, `127.0.0.53:5300`, `[::1]:53` and a bare `::1`. Names only where `names` says so. */
export function parseDNSAddress(text: string, names: 'names' | 'addresses'): Result<DNSAddress> {
  if (isIP(text) === 6) return ok({ host: text, port: DNS_PORT });
  const [, bracketed, plain = '', digits] = SHAPE.exec(text) ?? [];
  const host = bracketed ?? plain;
  if (host === '') return bad(text, 'It has no address before its port.');
  if (names === 'addresses' && isIP(host) === 0) return bad(text, 'Its host is no IP address.');
  const port = digits === undefined ? DNS_PORT : Number(digits);
  return port <= 65_535 ? ok({ host, port }) : bad(text, 'Its port is above 65535.');
}

const bad = (address: string, because: string): Result<never> =>
  err(dnsBadAddress({ address, because }));

export const addressText = ({ host, port }: DNSAddress): string =>
  `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
