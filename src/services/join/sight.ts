import type { ClusterID, Problem } from '../../base/index.js';
import type { DataSight, Member } from '../../core/cluster/index.js';

/** What was seen before something is decided. What was not looked at, because the data decides alone, says so. */
export interface JoinSight {
  /** Who has the data open; it decides before the data does. */
  readonly holder?: DataHolder | undefined;
  readonly data: DataSight;
  readonly place: PlaceSight;
  readonly cluster: ClusterSight;
}

export interface DataHolder {
  readonly pid: number;
  /** Whoever started it has ended. */
  readonly isLeftOver: boolean;
}

/** The discovery token that this host was given. */
export type PlaceSight =
  /** No discovery flags, or nobody had to ask. */
  | { readonly kind: 'none' }
  /** It gives no answer now. */
  | { readonly kind: 'silent'; readonly problem: Problem }
  /** It answers, and this token is none. */
  | { readonly kind: 'unusable'; readonly problem: Problem }
  | { readonly kind: 'read'; readonly token: TokenSight };

export interface TokenSight {
  readonly size: number;
  readonly state: 'open' | 'closed' | 'burnt';
  /** What etcd computes ids with: the URL over v2, letter by letter, or the token. */
  readonly clusterToken: string;
  /** Of the cluster that the registrations make, once all have registered. */
  readonly clusterID: ClusterID | undefined;
  /** In the order of registration. */
  readonly members: readonly {
    readonly id: string;
    readonly name: string;
    readonly peerURLs: readonly string[];
  }[];
  /** What burnt it. */
  readonly problems: readonly Problem[];
}

/** The cluster that the registrations lead to. */
export type ClusterSight =
  /** Nobody answers for it. */
  | { readonly kind: 'unseen'; readonly because: string }
  /** Members answer, and no list comes through quorum. */
  | { readonly kind: 'unlisted'; readonly because: string; readonly endpoints: readonly string[] }
  /** The member list through quorum. */
  | {
      readonly kind: 'listed';
      readonly clusterID: ClusterID;
      readonly members: readonly Member[];
    };

/** Who of the list is this host. */
export const memberAt = (
  members: readonly Member[],
  peerURLs: readonly string[],
): Member | undefined =>
  members.find((member) => member.peerURLs.some((url) => peerURLs.includes(url)));
