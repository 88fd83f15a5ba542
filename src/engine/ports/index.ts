/**
 * engine/ports — what the controller needs from the world, as interfaces only.
 *
 * Contract: no implementation here, only the problems that every adapter tells in the same words. A driver author reads this file and drivers/conformance, nothing else.
 * Every call takes an AbortSignal and settles soon after it aborts; nothing here throws for what the world does.
 */
import type { ClusterID, Instant, MemberID, Outcome, Problem, Result } from '../../base/index.js';
import type {
  Authorities,
  CertificatesSight,
  ClusterName,
  ClusterRecord,
  DataSight,
  EtcdVersion,
  HostAddresses,
  HostCertificates,
  HostName,
  MeetingPlace,
  Member,
  MemberName,
  PeerSight,
  ClientURL,
  PeerURL,
  Plane,
  ProcessSight,
  StatusSight,
  TrustPhase,
} from '../../core/cluster/index.js';
import type {
  GatewayLaunch,
  Launch,
  NotAMemberProof,
  Step,
  Reason,
} from '../../core/planner/index.js';
import type { ClusterSpec, DiscoverySite } from '../../core/spec/index.js';
import type { MarginChange } from '../../core/cluster/index.js';

export { lockHeld } from './problems.js';
export type { HostShell, LookWindow, ShellCommand, ShellEnd } from './shell.js';
export type { Consumers } from './consumers.js';

/** How we act on the hosts of one cluster. */
export interface HostDriver {
  readonly kind: 'local' | 'ssh' | 'kubernetes';
  /** Whether a birth may use short timings for the first member's first life. */
  readonly firstLife: 'fast' | 'plain';

  /** Looks at one host: its process and its data. What cannot be seen is `unseen`, never a guess. Changes nothing. */
  observe(host: HostName, signal: AbortSignal, more?: LookFor): Promise<HostFacts>;

  /**
   * Starts the member's process and returns once it is spawned; whether it lives is for the next observation.
   * Refuses when one runs already. With purpose `birth` or `join` it refuses when the data directory holds a log;
   * with `restart` it refuses when it does not (no amnesia).
   */
  start(host: HostName, launch: Launch, signal: AbortSignal): Promise<Outcome>;

  /** Asks the process to end (SIGTERM), waits, and ends it by force only after `graceMs`. Nothing running is `applied`. */
  stop(
    host: HostName,
    options: { readonly graceMs: number },
    signal: AbortSignal,
  ): Promise<Outcome>;

  /** Starts the host's gateway and returns once it is spawned. Refuses when one runs already, or a member does. */
  startGateway(host: HostName, launch: GatewayLaunch, signal: AbortSignal): Promise<Outcome>;

  /** Lets it end what is under way, and ends it by force only after `graceMs`. Nothing running is `applied`. */
  stopGateway(
    host: HostName,
    options: { readonly graceMs: number },
    signal: AbortSignal,
  ): Promise<Outcome>;

  /** Moves the data directory aside, never deletes; re-checks that nothing runs and that the data is the proof's. */
  setAsideData(
    host: HostName,
    proof: NotAMemberProof,
    signal: AbortSignal,
  ): Promise<Outcome<{ readonly movedTo: string }>>;

  /**
   * Writes each file as a whole (temporary file, fsync, rename) in the order given, directories made where they are
   * missing. Stops at the first that fails: what was written before it stays. Absent: certificates cannot be made here.
   */
  writeFiles?(host: HostName, files: readonly HostFile[], signal: AbortSignal): Promise<Outcome>;

  /** Finds addresses for hosts that have none yet; those given stay as they are. */
  allocate(
    wanted: readonly AddressWish[],
    existing: Readonly<Record<string, HostAddresses>>,
    signal: AbortSignal,
  ): Promise<Result<Readonly<Record<string, HostAddresses>>, readonly Problem[]>>;

  /** The last lines of the member's log, newest last. */
  logTail(host: HostName, lineCount: number, signal: AbortSignal): Promise<readonly string[]>;

  /**
   * Hosts that hold anything of this cluster, whether or not the spec names them. Those of `besides` are looked at anyway:
   * whether they are among them is of no interest, and they need not be asked.
   */
  knownHosts(signal: AbortSignal, besides?: readonly HostName[]): Promise<readonly HostName[]>;
}

export interface HostFacts {
  readonly process: ProcessSight;
  readonly data: DataSight;
  /** Absent: there never was one. */
  readonly gateway?: ProcessSight;
  /** What was looked for, by path; absent where this driver cannot look. */
  readonly certificates?: Readonly<Record<string, CertificateFile>>;
  /** What somebody else changed in what we wrote, in words for people. Absent: nothing. */
  readonly drift?: readonly Problem[];
}

/** What is to be looked at beside process and data, in the same look. */
export interface LookFor {
  /** Absolute paths of files with certificates, some with a key in the same file. */
  readonly certificates: readonly string[];
}

/** A file of certificates as a driver sees it. Keys never leave their host. */
export type CertificateFile =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly because: string }
  | {
      readonly kind: 'present';
      /** Its certificates in PEM, as they stand there, and nothing else of it. */
      readonly certificates: string;
      /** Whether the key in it is that of its first certificate; absent: it has none, or nobody could tell. */
      readonly keyFits?: boolean;
    };

/** A file as it is to be on a host. The member's process can read it. */
export interface HostFile {
  readonly path: string;
  readonly content: Uint8Array;
  /** `0o600`. */
  readonly mode: number;
}

export interface AddressWish {
  readonly host: HostName;
  readonly name: MemberName;
  /** What the spec fixes; anything absent is the driver's to find. */
  readonly peerURLs?: readonly PeerURL[];
  readonly clientURLs?: readonly ClientURL[];
}

/** The questions and requests to etcd itself that the controller has; one adapter over the etcd client. */
export interface EtcdAdmin {
  /** The peer port's own member list and cluster id; answers with or without a leader. */
  peer(peerURL: string, signal: AbortSignal): Promise<PeerSight>;
  /** Status of exactly this member. */
  status(clientURL: string, signal: AbortSignal): Promise<StatusSight>;
  /** The member list through quorum, asked of any of the endpoints. */
  memberList(
    endpoints: readonly string[],
    signal: AbortSignal,
  ): Promise<Result<{ readonly clusterID: ClusterID; readonly members: readonly Member[] }>>;
  addMember(
    endpoints: readonly string[],
    peerURLs: readonly PeerURL[],
    options: { readonly isLearner: boolean },
    signal: AbortSignal,
  ): Promise<Outcome<{ readonly memberID: MemberID; readonly members: readonly Member[] }>>;
  promote(endpoints: readonly string[], member: MemberID, signal: AbortSignal): Promise<Outcome>;
  remove(endpoints: readonly string[], member: MemberID, signal: AbortSignal): Promise<Outcome>;
  updatePeerURLs(
    endpoints: readonly string[],
    member: MemberID,
    peerURLs: readonly PeerURL[],
    signal: AbortSignal,
  ): Promise<Outcome>;
  /** Sent to the leader itself; etcd refuses it elsewhere. */
  moveLeader(leaderEndpoint: string, to: MemberID, signal: AbortSignal): Promise<Outcome>;
  /** Forgets connections to endpoints that are no longer used. */
  close(): Promise<void>;
}

/** Where the members of a birth by discovery meet. */
export interface MeetingPlaces {
  /**
   * A place for so many members that nobody has used. Kept in the record before the first of them starts; one that was
   * made and not kept is of no consequence.
   */
  make(wanted: WantedPlace, signal: AbortSignal): Promise<Result<MeetingPlace>>;
  /** Sees to it that a place of our own answers, as long as the birth lasts; nothing to do for somebody else's. */
  keep(place: MeetingPlace, signal: AbortSignal): Promise<Result<void>>;
  /** The cluster is born: a place of our own is not needed any more. */
  leave(signal: AbortSignal): Promise<void>;
}

/** What the DNS says when the members of a birth by SRV records are started. */
export interface BirthRecords {
  /**
   * Publishes the records where the spec says how, then looks whether every member would find every other one. One record
   * too few makes another cluster (etcd-facts 4), so nobody is told to ask the DNS before all is well.
   */
  ready(
    spec: ClusterSpec,
    record: ClusterRecord,
    signal: AbortSignal,
  ): Promise<Result<void, readonly Problem[]>>;
}

/** The certificates of one cluster whose spec leaves them to us. */
export interface Certificates {
  /** The directory in which this seat keeps its authorities, for people. Absent: there is no such place. */
  readonly directory?: string;
  /**
   * Whom its members trust. Undefined: there are none yet, and `how` did not allow to make them; or somebody else makes the
   * certificates, and only what this seat shows is kept at hand. `create` makes them where
   * there are none; `use` keeps what is there (renews what this seat itself shows, begins a rotation that was asked for);
   * `look` writes nothing.
   */
  authorities(
    spec: ClusterSpec,
    how: 'create' | 'use' | 'look',
    signal: AbortSignal,
  ): Promise<Result<Authorities | undefined>>;
  /** What a host's files are worth. Files that were not looked for count as absent. */
  judge(
    wanted: HostCertificates,
    files: Readonly<Record<string, CertificateFile>>,
  ): CertificatesSight;
  /** Makes the leafs, and gives every file that the host has to hold with them; bundles first. */
  issue(order: CertificateOrder, signal: AbortSignal): Promise<Result<readonly HostFile[]>>;
  /** Begins the next phase of a rotation, durably. */
  advance(to: TrustPhase, signal: AbortSignal): Promise<Outcome>;
}

export interface CertificateOrder {
  readonly host: HostName;
  readonly name: MemberName;
  readonly wanted: HostCertificates;
  readonly leafs: readonly Plane[];
}

export interface WantedPlace {
  readonly cluster: ClusterName;
  readonly at: DiscoverySite;
  readonly size: number;
  readonly version: EtcdVersion;
}

/**
 * What people want, as last accepted. Written by any command, read by whichever controller holds the lock.
 * `generation` grows by one with each write; a write names the generation it is based on.
 */
export interface Wish {
  readonly generation: number;
  readonly spec: ClusterSpec;
  readonly state: 'up' | 'down';
  /** The controller observes but takes no step. */
  readonly paused: boolean;
  readonly retire: readonly MemberID[];
}

/** Where a cluster's record, wish, journal and lock live. One per cluster. */
export interface ClusterStore {
  readRecord(): Promise<Result<ClusterRecord | undefined>>;
  /** Atomic: temporary file, fsync, rename. Only while holding the lock. */
  writeRecord(record: ClusterRecord): Promise<Result<void>>;
  readWish(): Promise<Result<Wish | undefined>>;
  /** Atomic compare-and-write: `conflict` when somebody wrote a newer generation. */
  writeWish(wish: Omit<Wish, 'generation'>, basedOn: number): Promise<Result<Wish>>;
  /** Appends one line, durable before it resolves when `durable` (every intent is). */
  appendJournal(entry: JournalEntry, options: { readonly durable: boolean }): Promise<Result<void>>;
  /**
   * The newest entries, oldest first. Damaged or half-written lines are skipped; a journal that is not there is empty.
   * One that cannot be read is an error: it may hold a change of which nobody knows the end.
   */
  readJournal(entryCount: number): Promise<Result<readonly JournalEntry[]>>;
  /** Takes the controller's lock or says who holds it. A dead holder (pid gone, or another start time) is taken over. */
  lock(purpose: string, options?: LockOptions): Promise<Result<HeldLock>>;
  /** Who holds the lock now, if anybody alive. */
  lockHolder(): Promise<LockHolder | undefined>;
}

export interface LockOptions {
  /**
   * The token of a holder elsewhere, as the problem that refused us names it: the lock is taken from exactly this holding
   * of it. It takes as long as he may still believe that he has it. A lock on one machine needs none: its dead are known.
   */
  readonly takeOver?: string;
}

export interface LockHolder {
  readonly pid: number;
  readonly purpose: string;
  readonly since: Instant;
  /** Where the process runs, as `user@machine`. Absent: here. */
  readonly seat?: string;
  /** A lock that is a lease: when it ends unless its holder renews it. */
  readonly endsInMs?: number;
  /** Names this holding of it, for whoever takes it over. */
  readonly token?: string;
}

export interface HeldLock {
  /** Rejects nothing: true while the lock is still ours. Checked right before every step. */
  stillHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** One line of the journal: for people and the console; no decision reads it except the quiet period. */
export type JournalEntry =
  | {
      readonly kind: 'controller-started';
      readonly at: Instant;
      readonly pid: number;
      readonly purpose: string;
    }
  | {
      readonly kind: 'controller-ended';
      readonly at: Instant;
      readonly pid: number;
      readonly because: string;
    }
  | {
      /** Written, durably, before the step is carried out. */
      readonly kind: 'decided';
      readonly at: Instant;
      readonly id: string;
      readonly step: Step;
      readonly because: Reason;
      readonly margin: MarginChange;
    }
  | {
      readonly kind: 'outcome';
      readonly at: Instant;
      /** The `id` of the decision. */
      readonly id: string;
      readonly outcome: 'applied' | 'refused' | 'unknown';
      readonly step: Step['kind'];
      readonly tookMs: number;
      readonly problem?: Problem;
    }
  /** Written when what the plan says changes, not every turn. */
  | {
      readonly kind: 'plan';
      readonly at: Instant;
      readonly plan: 'wait' | 'blocked' | 'converged';
      readonly because: string;
      readonly problem?: Problem;
    }
  | {
      readonly kind: 'wish';
      readonly at: Instant;
      readonly generation: number;
      readonly by: string;
    };
