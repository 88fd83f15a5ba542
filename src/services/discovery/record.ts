import type { DiscoveryProtocol, KeptMember, TokenRecord } from './store.js';

/** The format of what is kept; a reader that does not know it takes the token for unknown. */
const FORMAT = 1;

export const recordText = ({ leaseID, url, token: _token, ...rest }: TokenRecord): string =>
  JSON.stringify({
    format: FORMAT,
    ...rest,
    url: url ?? null,
    leaseID: leaseID === undefined ? null : leaseID.toString(16),
  });

/** Undefined when it is nothing that `recordText` wrote. */
export function parseRecord(token: string, text: string): TokenRecord | undefined {
  try {
    const raw = JSON.parse(text) as Readonly<Record<string, unknown>> | null;
    if (raw === null || typeof raw !== 'object' || raw['format'] !== FORMAT) return undefined;
    const { size, path, url, secretDigest, leaseID, protocols, members } = raw;
    if (typeof size !== 'number' || typeof path !== 'string') return undefined;
    if (typeof secretDigest !== 'string' || !Array.isArray(members) || !Array.isArray(protocols)) {
      return undefined;
    }
    return {
      token,
      size,
      path,
      secretDigest,
      protocols: protocols as readonly DiscoveryProtocol[],
      url: typeof url === 'string' ? url : undefined,
      leaseID: typeof leaseID === 'string' ? BigInt(`0x${leaseID}`) : undefined,
      members: members as readonly KeptMember[],
    };
  } catch {
    return undefined;
  }
}
