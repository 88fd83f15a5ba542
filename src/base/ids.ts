import { type Brand, unsafeBrand } from './brand.js';

/** etcd's 64-bit member id as lower-case hex without leading zeros, as etcdctl prints it. Never reused. */
export type MemberID = Brand<string, 'MemberID'>;
/** etcd's 64-bit cluster id as lower-case hex without leading zeros. */
export type ClusterID = Brand<string, 'ClusterID'>;
/** etcd's store-wide MVCC counter. */
export type Revision = Brand<bigint, 'Revision'>;
export type RaftTerm = Brand<bigint, 'RaftTerm'>;
export type RaftIndex = Brand<bigint, 'RaftIndex'>;

export const memberIDOf = (id: bigint): MemberID =>
  unsafeBrand<MemberID>(BigInt.asUintN(64, id).toString(16));
export const clusterIDOf = (id: bigint): ClusterID =>
  unsafeBrand<ClusterID>(BigInt.asUintN(64, id).toString(16));

/** Reads hex as a person types it (upper case and leading zeros allowed); undefined when it is no 64-bit id. */
export function parseMemberID(text: string): MemberID | undefined {
  if (!/^(0x)?[0-9a-fA-F]{1,16}$/.test(text)) return undefined;
  return memberIDOf(BigInt(text.startsWith('0x') ? text : `0x${text}`));
}
