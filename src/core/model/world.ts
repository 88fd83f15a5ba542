import type { ClusterID, Instant, MemberID } from '../../base/index.js';
import type {
  CertificatesSight,
  ClusterRecord,
  ConsumerID,
  ConsumerTLS,
  DataSight,
  HostName,
  Member,
  ProcessSight,
  Target,
} from '../cluster/index.js';

/** One cluster and its hosts, as data. Time moves only when told. */
export interface World {
  readonly now: Instant;
  readonly target: Target;
  readonly record: ClusterRecord;
  /** The membership as committed: what a read through quorum answers. Empty before birth. */
  readonly members: readonly Member[];
  readonly clusterID: ClusterID | undefined;
  readonly leader: MemberID | undefined;
  readonly term: bigint;
  readonly hosts: readonly WorldHost[];
  /** Programs that know the cluster by a list of endpoints; absent: none. */
  readonly consumers?: readonly WorldConsumer[];
  /** Who has registered where the members of a birth meet, oldest first; absent: nobody, or they do not meet. */
  readonly registered?: readonly Registration[];
  /** Numbers the ids of members that are added, so that none comes twice. */
  readonly addedCount: number;
}

/** A consumer and what it was told. Everything that is absent is as in a world without faults. */
export interface WorldConsumer {
  readonly id: ConsumerID;
  /** What its file names and its process runs with. */
  readonly names: readonly string[];
  /** Whether we reach its host; absent: true. */
  readonly seen?: boolean;
  /** Whether it can be well with any list at all; absent: true. */
  readonly works?: boolean;
  /** Whether it has what https endpoints need; absent: true. */
  readonly takesTLS?: boolean;
  /** What it has for https; `unseen`: nobody can tell. Absent: somebody sees to it that it has what is wanted at any time. */
  readonly tls?: ConsumerTLS | 'unseen';
}

/** An entry at a meeting place. It stays, whatever becomes of the member. */
export interface Registration {
  /** What names the place, and the ids made there: the URL (v2) or the token (v3). */
  readonly place: string;
  readonly member: Member;
}

/** What the log of a member's etcd says of itself as long as somebody has not disarmed it. */
export type Alarm = 'NOSPACE' | 'CORRUPT';
/** One of the two sides of a cut of the peer network. */
export type Side = 0 | 1;

/** A host and the etcd on it. Everything that is absent is as in a world without faults. */
export interface WorldHost {
  readonly host: HostName;
  readonly process: ProcessSight;
  readonly data: DataSight;
  /** Absent: none was ever started here. */
  readonly gateway?: ProcessSight;
  /** Absent: nobody ever wrote any here. */
  readonly certificates?: CertificatesSight;
  /** Which side of a cut of the *peer* network it is on; absent: 0, where all are while nothing is cut. */
  readonly side?: Side;
  /** Whether *we*, driver and client alike, reach it; absent: true. */
  readonly seen?: boolean;
  /** We reach its member as a client, and the host itself does not answer the driver; absent: it does. */
  readonly blind?: true;
  /** Whether its log is in sync with the leader's; absent: true. */
  readonly caughtUp?: boolean;
  readonly alarms?: readonly Alarm[];
  /** This process has known a leader. Before that its client port accepts and does not answer (etcd-facts 8.4). */
  readonly metLeader?: boolean;
  /** When its links to the rest came back; etcd's health interval counts from then (etcd-facts 5.2). */
  readonly rejoinedAt?: Instant;
  /** Its own copy of the member list while that is older than the committed one. */
  readonly oldList?: readonly Member[];
}
