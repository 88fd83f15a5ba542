import type {
  DiscoveryProtocol,
  KeptMember,
  KeptToken,
  Registration,
  TokenRecord,
  TokenSight,
} from './store.js';

/** The format of what is kept; a reader that does not know it takes the token for unknown. */
const FORMAT = 2;

/** A member as it is written: `at` is when it registered, absent in the change that registers it. */
interface WrittenMember {
  readonly id: string;
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly by: string;
  readonly at?: number;
}

export function recordText(record: TokenRecord): string {
  const { size, protocols, path, url, secretDigest, leaseID, members } = record;
  return JSON.stringify({
    format: FORMAT,
    size,
    protocols,
    path,
    url,
    secretDigest,
    leaseID: leaseID?.toString(16),
    members: members.map(({ id, name, peerURLs, by, createdIndex }): WrittenMember =>
      createdIndex === undefined
        ? { id, name, peerURLs, by }
        : { id, name, peerURLs, by, at: Number(createdIndex) },
    ),
  });
}

/** What was written at a revision of the store. Undefined when it is nothing that `recordText` wrote. */
export function parseRecord(token: string, text: string, version: bigint): TokenRecord | undefined {
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
      members: (members as readonly WrittenMember[]).map(
        ({ id, name, peerURLs, by, at }): KeptMember => ({
          id,
          name,
          peerURLs,
          by,
          createdIndex: at === undefined ? version : BigInt(at),
        }),
      ),
    };
  } catch {
    return undefined;
  }
}

/** The record as it is once it was written at a revision. */
export const writtenAt = (record: TokenRecord, version: bigint): TokenRecord => ({
  ...record,
  members: record.members.map((member) =>
    member.createdIndex === undefined ? { ...member, createdIndex: version } : member,
  ),
});

const NO_V3: TokenSight['v3'] = { size: undefined, registrations: [] };

/** A token that is there, as of a revision. */
export const sightOfKept = (index: bigint, kept: KeptToken, v3 = NO_V3): TokenSight => ({
  index,
  kept,
  registrations: kept.record.members.map((member) => registrationOf(kept, member)),
  v3,
});

/** Each pair of a registration was read as `name=url`, in this order, so that this is what the member wrote. */
const registrationOf = (
  { record: { token }, version }: KeptToken,
  { id, name, peerURLs, createdIndex = version }: KeptMember,
): Registration => ({
  token,
  id,
  value: peerURLs.map((url) => `${name}=${url}`).join(','),
  createdIndex,
});
