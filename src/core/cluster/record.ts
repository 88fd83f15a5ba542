import type { ClusterID, MemberID } from '../../base/index.js';
import type { MeetingPlace } from './birth.js';
import type { Fingerprint } from './certificates.js';
import type { ClientURL, ClusterName, ClusterToken, HostName, PeerURL } from './names.js';
import type { EtcdVersion } from './version.js';

/** Where the member on one host listens and what it advertises; found once, kept for ever. */
export interface HostAddresses {
  readonly peerURLs: readonly PeerURL[];
  readonly clientURLs: readonly ClientURL[];
  readonly listenPeerURLs: readonly string[];
  readonly listenClientURLs: readonly string[];
  /** The metrics-only listener: the one honest liveness port before a leader is known (etcd-facts 8.4). */
  readonly listenMetricsURLs: readonly string[];
  /** The member's data directory on that host. */
  readonly dataDir: string;
  /** A person made this member, and ran it before we did. Absent: it is ours from its birth. */
  readonly adopted?: AdoptedFrom;
}

/** By what a member ran before it was ours: out of the way from the first start by us on. */
export interface AdoptedFrom {
  /** The unit of systemd: `etcd.service`. Absent: somebody typed its command. */
  readonly unit?: string;
}

/**
 * What Quorate remembers of one cluster beside etcd's own member list. Written before the first member starts
 * (name, token, version, addresses) and completed at birth (clusterID). Only the controller that holds the lock writes it.
 */
export interface ClusterRecord {
  readonly formatVersion: 1;
  readonly name: ClusterName;
  readonly token: ClusterToken;
  /** Set at birth, never changed; while absent the cluster is being born. */
  readonly clusterID?: ClusterID;
  /**
   * Where this incarnation meets, when it is born by discovery: fixed before the first member starts. Absent: the members
   * are told each other, or ask the DNS.
   */
  readonly meetingPlace?: MeetingPlace;
  /** The exact etcd version that members are started with. */
  readonly version: EtcdVersion;
  /** Hosts that were once told to start with `new` under this token. Such a host with no data is never told again. */
  readonly issuedNew: readonly HostName[];
  /** The authorities that issued its first certificates: lost ones are never replaced in silence. */
  readonly authorities?: readonly Fingerprint[];
  readonly addresses: Readonly<Record<string, HostAddresses>>;
  /** Members a person asked to replace: removed by id, their host then joins afresh. */
  readonly retire: readonly MemberID[];
}
