/** How etcd computes ids at a birth (etcd-facts 1.1): the whole discovery URL is the cluster token, letter by letter. */
import { createHash, hash } from 'node:crypto';
import { type ClusterID, type MemberID, clusterIDOf, memberIDOf } from '../../base/index.js';

/** What a member says of itself: `name=url,name=url2`. */
export interface MemberEntry {
  readonly name: string;
  readonly peerURLs: readonly string[];
}

const firstEightBytes = (bytes: Buffer): bigint => bytes.readBigUInt64BE(0);

export function memberIDFrom(peerURLs: readonly string[], clusterToken: string): MemberID {
  const text = peerURLs.toSorted().join('') + clusterToken;
  return memberIDOf(firstEightBytes(hash('sha1', text, 'buffer')));
}

/** Fixed by the members of the birth; later members do not change it. */
export function clusterIDFrom(members: readonly MemberID[]): ClusterID {
  const ids = members.map((id) => BigInt(`0x${id}`)).toSorted((a, b) => (a < b ? -1 : 1));
  const bytes = Buffer.alloc(8 * ids.length);
  ids.forEach((id, at) => bytes.writeBigUInt64BE(id, 8 * at));
  return clusterIDOf(firstEightBytes(createHash('sha1').update(bytes).digest()));
}
