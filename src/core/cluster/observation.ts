import type {
  ClusterID,
  Instant,
  MemberID,
  Problem,
  RaftIndex,
  RaftTerm,
} from '../../base/index.js';
import type { ConsumerSight } from './consumer.js';
import type { CertificatesSight } from './certificates.js';
import type { StartFlags } from './flags.js';
import type { Member } from './member.js';
import type { HostName } from './names.js';
import type { EtcdVersion } from './version.js';

/**
 * What we saw, when, and what we could not see. Never a guess: what was not seen says so.
 *
 * The parts are seen one after the other. An observer that saw empty data looks at it again after it has the member
 * list: else a member that joined in between seems to have lost its data.
 */
export interface Observation {
  readonly at: Instant;
  /** Every host of the spec, of the record, and every member in the list that lives elsewhere. */
  readonly hosts: readonly HostSight[];
  readonly memberList: MemberListSight;
  /** The consumers of the spec; absent: it has none. */
  readonly consumers?: readonly ConsumerSight[];
}

export type MemberListSight =
  /** Through quorum: contains every change acknowledged before `at`. */
  | {
      readonly kind: 'linearizable';
      readonly at: Instant;
      readonly clusterID: ClusterID;
      readonly members: readonly Member[];
    }
  /** One member's own copy (peer port): may be old. Good for showing and for knowing who the voters were. */
  | {
      readonly kind: 'local';
      readonly at: Instant;
      readonly clusterID: ClusterID;
      readonly members: readonly Member[];
    }
  | { readonly kind: 'unseen'; readonly because: string };

export interface HostSight {
  readonly host: HostName;
  readonly process: ProcessSight;
  readonly data: DataSight;
  /**
   * The gateway on this host, with `listen` as its flag, and `endpoints` when it does not follow the member list by
   * itself; absent where there never was one.
   */
  readonly gateway?: ProcessSight;
  /** Absent: none are wanted here. */
  readonly certificates?: CertificatesSight;
  /** What somebody else changed in what we wrote there: shown, and decides nothing. Absent: nothing that was seen. */
  readonly drift?: readonly Problem[];
  /** The peer port: answers at once, leader or not. */
  readonly peer: PeerSight;
  /** The Status call on the client port: answers only once this process has known a leader. */
  readonly status: StatusSight;
}

export type ProcessSight =
  | {
      readonly kind: 'running';
      readonly startedAt: Instant;
      readonly flags: StartFlags;
      /** The version it was launched as, where the driver knows it; what it really is, Status says. */
      readonly version?: EtcdVersion;
    }
  /** Nothing runs. `lastExit` is absent when it never ran. */
  | { readonly kind: 'stopped'; readonly lastExit?: LastExit }
  /** Started by a person, not by us: never started or stopped by us. */
  | { readonly kind: 'by-hand' }
  /** The host did not answer us. Nothing may be concluded. */
  | { readonly kind: 'unseen'; readonly because: string };

/** Why a member's process ended, read from its log by the driver. */
export type ExitReason =
  | 'asked'
  | 'killed'
  | 'port-taken'
  | 'disk-full'
  | 'read-only'
  | 'permission'
  | 'removed'
  | 'already-bootstrapped'
  | 'cannot-join'
  | 'log-lost'
  /** It could not register where the members of a birth meet: it is known there already, or the place is full. */
  | 'meeting-refused'
  | 'bad-flags'
  | 'wrong-version'
  | 'other';

export interface LastExit {
  readonly at: Instant;
  readonly reason: ExitReason;
  /** How many times in a row it ended within a few seconds of its start; 0 after a life worth the name. */
  readonly inARow: number;
  /** True when it certainly ended before raft began, so that it never voted nor acknowledged anything. */
  readonly beforeRaft: boolean;
  /** The true reason in words, for people. */
  readonly problem: Problem;
}

export type DataSight =
  /** No write-ahead log: a start would read the bootstrap flags. */
  | { readonly kind: 'empty' }
  /** The identity that the write-ahead log itself carries. */
  | { readonly kind: 'present'; readonly clusterID: ClusterID; readonly memberID: MemberID }
  /** Something is there that we cannot read as a member's data. Never touched. */
  | { readonly kind: 'unreadable'; readonly problem: Problem }
  | { readonly kind: 'unseen'; readonly because: string };

export type PeerSight =
  | {
      readonly kind: 'answered';
      readonly clusterID: ClusterID;
      readonly members: readonly Member[];
    }
  | { readonly kind: 'silent'; readonly because: string };

export type StatusSight =
  | {
      readonly kind: 'answered';
      readonly memberID: MemberID;
      readonly clusterID: ClusterID;
      /** Absent: this member knows no leader now. */
      readonly leader?: MemberID;
      readonly isLearner: boolean;
      readonly version: EtcdVersion;
      readonly raftTerm: RaftTerm;
      readonly raftIndex: RaftIndex;
      readonly raftAppliedIndex: RaftIndex;
      readonly dbSizeBytes: number;
      /** etcd's own words about itself: `NOSPACE`, `CORRUPT`, `no leader`. */
      readonly errors: readonly string[];
    }
  | { readonly kind: 'silent'; readonly because: string };

export const hostSight = (observation: Observation, host: HostName): HostSight | undefined =>
  observation.hosts.find((sight) => sight.host === host);
