/** Scheme, host and port of a URL as core/cluster parses them; the host of an IPv6 URL is without its brackets. */
export interface URLParts {
  readonly scheme: 'http' | 'https';
  readonly host: string;
  readonly port: number;
}

/** Undefined for unix sockets, which no record can name. */
export function partsOf(url: string): URLParts | undefined {
  const match = /^(https?):\/\/(\[[0-9a-fA-F:.]+\]|[^/?#\s:[\]]+):(\d{1,5})$/.exec(url);
  if (match === null) return undefined;
  const [, scheme = '', host = '', port = ''] = match;
  return {
    scheme: scheme === 'https' ? 'https' : 'http',
    host: host.replace(/^\[|\]$/g, '').toLowerCase(),
    port: Number(port),
  };
}

/** The type of the record that holds an address; undefined for a name. */
export function addressType(host: string): 'A' | 'AAAA' | undefined {
  const octets = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(host);
  if (octets !== null) {
    return octets.slice(1).every((octet) => Number(octet) <= 255) ? 'A' : undefined;
  }
  return host.includes(':') && /^[0-9a-fA-F:.]+$/.test(host) ? 'AAAA' : undefined;
}

export function sameAddress(a: string, b: string): boolean {
  return canonicalAddress(a) === canonicalAddress(b);
}

/** One spelling for each IPv6 address, so that two can be compared: eight groups without leading zeros. */
export function canonicalAddress(address: string): string {
  if (!address.includes(':')) return address;
  const text = address.toLowerCase().replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const pair = (high: string, low: string) => (Number(high) * 256 + Number(low)).toString(16);
    return `${pair(String(a), String(b))}:${pair(String(c), String(d))}`;
  });
  const [head = '', tail] = text.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...right]
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':');
}

/** Whether a name lies in a domain, the domain itself included. */
export const isWithin = (name: string, domain: string): boolean =>
  name === domain || name.endsWith(`.${domain}`);
