import { type ClusterID, clusterIDOf, memberIDOf, unsafeBrand } from '../../base/index.js';
import type { Member } from '../../core/cluster/index.js';

/** The header `X-Etcd-Cluster-Id`: hex, with or without leading zeros. */
export function readClusterID(header: string | undefined): ClusterID | undefined {
  if (header === undefined || !/^[0-9a-fA-F]{1,16}$/.test(header)) return undefined;
  return clusterIDOf(BigInt(`0x${header}`));
}

/**
 * The body of `GET /members` on a peer port; undefined when it is no such list. Ids are bare 64-bit numbers there,
 * which `JSON.parse` would round (etcd-facts 0), so they are quoted first. The pattern finds keys only: inside a string
 * the quotation marks around `id` would be escaped.
 */
export function readMembers(body: string): readonly Member[] | undefined {
  let list: unknown;
  try {
    list = JSON.parse(body.replace(/"id"\s*:\s*(\d+)/g, '"id":"$1"'));
  } catch {
    return undefined;
  }
  // A member that has no list yet says null.
  if (list === null) return [];
  if (!Array.isArray(list)) return undefined;
  const members = list.map(readMember);
  return members.every((member) => member !== undefined) ? members : undefined;
}

function readMember(value: unknown): Member | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { id, name, peerURLs, clientURLs, isLearner } = value as Readonly<Record<string, unknown>>;
  if (typeof id !== 'string' || !/^\d{1,20}$/.test(id)) return undefined;
  return {
    id: memberIDOf(BigInt(id)),
    name: unsafeBrand<Member['name']>(typeof name === 'string' ? name : ''),
    peerURLs: unsafeBrand<Member['peerURLs']>(texts(peerURLs)),
    clientURLs: unsafeBrand<Member['clientURLs']>(texts(clientURLs)),
    isLearner: isLearner === true,
  };
}

const texts = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
