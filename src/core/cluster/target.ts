import type { MemberID } from '../../base/index.js';
import type { Birth } from './birth.js';
import type { Consumer } from './consumer.js';
import type { Authorities, HostCertificates } from './certificates.js';
import type { StartFlags } from './flags.js';
import type {
  ClientURL,
  ClusterName,
  ClusterToken,
  HostName,
  MemberName,
  PeerURL,
} from './names.js';
import type { EtcdVersion } from './version.js';

/** The spec resolved against the record: every member with its addresses and its exact final flags. */
export interface Target {
  readonly name: ClusterName;
  /** What etcd makes the ids of a birth with; born by discovery, that is what the meeting place gives. */
  readonly token: ClusterToken;
  /** How the members find each other while the cluster is unborn; afterwards it says nothing. */
  readonly birth: Birth;
  readonly version: EtcdVersion;
  readonly members: readonly TargetMember[];
  /** Hosts beyond the cluster's size: each has a gateway where a member would listen for clients. */
  readonly proxies: readonly TargetProxy[];
  /** Programs that are told when members change, in the order in which they are told; absent: none. */
  readonly consumers?: readonly Consumer[];
  /** `down`: every member is to be stopped, its data kept. */
  readonly state: 'up' | 'down';
  /** `fast`: the first member of a birth lives its first moments on short timings and is then restarted (lab-etcd 2.3). */
  readonly firstLife: 'fast' | 'plain';
  /** Absent: we make no certificates for this cluster. */
  readonly authorities?: Authorities;
  /** Members to be replaced although their host stays in the spec. */
  readonly retire: readonly MemberID[];
}

/** No vote and no data: what is asked of it goes to the members. */
export interface TargetProxy {
  readonly name: MemberName;
  readonly host: HostName;
  /** As a member on this host would have them. */
  readonly clientURLs: readonly ClientURL[];
  readonly listenClientURLs: readonly string[];
}

export interface TargetMember {
  readonly name: MemberName;
  readonly host: HostName;
  /** A person starts and stops this member; we register, promote and remove it. */
  readonly byHand: boolean;
  readonly peerURLs: readonly PeerURL[];
  readonly clientURLs: readonly ClientURL[];
  /** Every flag of its settled life except the bootstrap-only ones (flags.ts). */
  readonly flags: StartFlags;
  /** What its host has to hold; absent: nothing of ours. */
  readonly certificates?: HostCertificates;
}
