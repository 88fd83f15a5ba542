import { type ClusterID, type MemberID, clusterIDOf, memberIDOf } from '../../base/index.js';
import type { ClusterToken, PeerURL } from './names.js';
import { sha1 } from './sha1.js';

/**
 * The id that etcd gives a member at a static birth: the first 8 bytes of SHA-1 over its sorted peer URLs joined
 * without separator, then the token (etcd-facts 1.1).
 */
export function memberIDAtBirth(peerURLs: readonly PeerURL[], token: ClusterToken): MemberID {
  return memberIDOf(firstEight(ascii([...peerURLs].sort().join('') + token)));
}

/** The cluster id of a static birth: SHA-1 over the sorted member ids, 8 bytes big endian each. */
export function clusterIDAtBirth(memberIDs: readonly MemberID[]): ClusterID {
  const sorted = memberIDs.map((id) => BigInt(`0x${id}`)).sort((a, b) => (a < b ? -1 : 1));
  const bytes = new Uint8Array(sorted.length * 8);
  const view = new DataView(bytes.buffer);
  sorted.forEach((id, i) => view.setBigUint64(i * 8, id));
  return clusterIDOf(firstEight(bytes));
}

const firstEight = (bytes: Uint8Array): bigint => new DataView(sha1(bytes).buffer).getBigUint64(0);

/** URLs and tokens are ASCII (names.ts). */
function ascii(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i) & 0x7f;
  return bytes;
}
