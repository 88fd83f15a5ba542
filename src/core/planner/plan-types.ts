import type { ClusterID, Instant, MemberID, Problem } from '../../base/index.js';
import type {
  CertificateFault,
  ClientURL,
  ClusterRecord,
  ConsumerID,
  EtcdVersion,
  HostCertificates,
  HostName,
  MarginChange,
  Member,
  MemberName,
  Observation,
  PeerURL,
  Plane,
  StartFlags,
  Target,
  TrustPhase,
} from '../cluster/index.js';
import type { Lately } from './lately.js';

/** Everything a plan depends on. Same input, same plan. */
export interface PlanInput {
  readonly target: Target;
  readonly record: ClusterRecord;
  readonly observation: Observation;
  /** The last membership change whose outcome nobody knows; absent when every outcome is known. */
  readonly unresolved?: UnresolvedChange;
  /** What earlier looks, and this one, showed; absent for a single look. */
  readonly lately?: Lately;
  readonly now: Instant;
}

/** A membership request that may have been sent, and of which no answer is known. It may still land. */
export interface UnresolvedChange {
  readonly step: Step['kind'];
  /** When it was given up (or, after a crash of the controller, the latest moment it can have been sent). */
  readonly at: Instant;
}

export type Plan =
  | {
      readonly kind: 'step';
      readonly step: Step;
      readonly because: Reason;
      readonly margin: MarginChange;
    }
  | {
      readonly kind: 'wait';
      readonly for: WaitFor;
      readonly because: Reason;
      /** When looking again makes sense at the earliest; absent: at the next turn. */
      readonly until?: Instant;
      /** A member's own trouble that explains the waiting. */
      readonly problem?: Problem;
    }
  | { readonly kind: 'blocked'; readonly problem: Problem }
  | { readonly kind: 'converged' };

/** One action that is safe alone. A new kind breaks the build in the driver, the model, the views and the docs test. */
export type Step =
  | {
      readonly kind: 'start-member';
      readonly host: HostName;
      readonly name: MemberName;
      readonly launch: Launch;
    }
  | { readonly kind: 'stop-member'; readonly host: HostName; readonly name: MemberName }
  | {
      readonly kind: 'add-learner';
      readonly name: MemberName;
      readonly host: HostName;
      readonly peerURLs: readonly PeerURL[];
    }
  | { readonly kind: 'promote-learner'; readonly member: MemberID; readonly name: string }
  | {
      readonly kind: 'move-leader';
      readonly from: MemberID;
      readonly to: MemberID;
      readonly fromName: string;
      readonly toName: string;
    }
  | { readonly kind: 'remove-member'; readonly member: MemberID; readonly name: string }
  | {
      readonly kind: 'update-peer-urls';
      readonly member: MemberID;
      readonly name: string;
      readonly peerURLs: readonly PeerURL[];
    }
  | {
      readonly kind: 'set-aside-data';
      readonly host: HostName;
      readonly proof: NotAMemberProof;
    }
  | {
      readonly kind: 'start-gateway';
      readonly host: HostName;
      readonly name: MemberName;
      readonly launch: GatewayLaunch;
    }
  /** A program that knows the cluster by a list of endpoints gets this one. */
  | {
      readonly kind: 'update-consumer';
      readonly consumer: ConsumerID;
      readonly host: HostName;
      readonly endpoints: readonly string[];
    }
  | { readonly kind: 'stop-gateway'; readonly host: HostName; readonly name: MemberName }
  | {
      /** Writes what the host lacks; no process is touched. */
      readonly kind: 'install-certificates';
      readonly host: HostName;
      readonly name: MemberName;
      readonly wanted: HostCertificates;
      /** The leafs that are made anew; trust bundles are written always. */
      readonly leafs: readonly Plane[];
    }
  | { readonly kind: 'advance-rotation'; readonly to: TrustPhase }
  | { readonly kind: 'record-birth'; readonly clusterID: ClusterID };

export type StepKind = Step['kind'];

/** The steps that go through etcd's raft log and can land late: after an unknown one nothing is decided for a while. */
export const MEMBERSHIP_STEPS: ReadonlySet<StepKind> = new Set([
  'add-learner',
  'promote-learner',
  'remove-member',
  'update-peer-urls',
]);

/** What a driver needs to start a member. */
export interface Launch {
  readonly purpose: 'birth' | 'join' | 'restart';
  readonly version: EtcdVersion;
  /** Every flag, bootstrap-only ones included; data directory and addresses too. */
  readonly flags: StartFlags;
}

/** What a driver needs to start a gateway, whether or not it then follows the member list by itself. */
export interface GatewayLaunch {
  readonly listen: readonly string[];
  /** Client URLs of members, to begin with. */
  readonly endpoints: readonly ClientURL[];
}

/**
 * Why a host's data may be moved aside: a linearizable member list, newer than the last membership step, that does
 * not contain the member. Only `proveNotAMember` makes it, so that forgetting the check does not compile.
 */
export interface NotAMemberProof {
  readonly memberID: MemberID;
  readonly clusterID: ClusterID;
  readonly listAt: Instant;
  readonly listed: readonly Member['id'][];
}

/** Machine-readable "because"; `reasons.ts` has a sentence for each. */
export type Reason =
  | CertificateFault
  | 'new-authority-trusted'
  | 'old-authority-unused'
  | 'first-member-of-a-birth'
  | 'next-member-of-a-birth'
  | 'birth-complete'
  | 'process-not-running'
  | 'registered-not-started'
  | 'data-lost'
  | 'learner-in-sync'
  | 'learner-unwanted'
  | 'learner-data-lost'
  | 'below-wanted-size'
  | 'not-in-spec'
  | 'replacement-asked'
  | 'leader-moves-first'
  | 'not-a-member-any-more'
  | 'timings-of-first-life'
  | 'flags-differ'
  | 'version-differs'
  | 'name-differs'
  | 'peer-urls-differ'
  | 'proxy-not-running'
  | 'proxy-unwanted'
  | 'proxy-listens-elsewhere'
  | 'proxy-names-others'
  | 'gateway-makes-way'
  | 'consumer-learns'
  | 'consumer-forgets'
  | 'consumer-names-others'
  | 'consumer-half-told'
  | 'consumer-cut-off'
  | 'consumer-endpoints-move'
  | 'consumer-starting'
  | 'asked-down'
  | 'unresolved-change'
  | 'no-leader-yet'
  | 'not-all-have-come'
  | 'member-starting'
  | 'member-stopping'
  | 'member-list-unseen'
  | 'learner-catching-up'
  | 'members-not-connected-long-enough'
  | 'voter-not-healthy'
  | 'start-failed-lately'
  | 'started-by-hand'
  | 'host-unseen';

/** What has to be seen before the plan goes on. */
export type WaitFor =
  | 'peer-port'
  | 'leader'
  | 'member-healthy'
  | 'member-stopped'
  | 'learner-in-sync'
  | 'meeting'
  | 'quiet-period'
  | 'linearizable-member-list'
  | 'etcd-health-interval'
  | 'back-off'
  | 'host'
  | 'consumer'
  | 'a-person';
