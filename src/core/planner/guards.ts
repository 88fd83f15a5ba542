import { type ClusterID, type Instant, instantOf } from '../../base/index.js';
import {
  type Authorities,
  type CertificateFault,
  type ClusterRecord,
  type ClusterStanding,
  type HostName,
  type HostSight,
  type Observation,
  type ProcessSight,
  type Standing,
  type Target,
  type TrustPhase,
  PLANES,
  consumersHolding,
  marginOf,
  trusts,
} from '../cluster/index.js';
import { type ToldConsumer, follows, isPointedAt, namesAny, serversOf } from './consumers.js';
import { elapsedMs } from './elapsed.js';
import type { Lately } from './lately.js';
import type { UnresolvedChange } from './plan-types.js';

/**
 * How long after an unknown membership change nothing is decided: etcd's own request time-out, 5 s and two
 * elections of 1 s (etcd-facts 0). After it the request has landed or never will.
 */
export const QUIET_PERIOD_MS = 7000;
/**
 * etcd adds a member, and removes a connected one, only when the others have been connected for its HealthInterval of
 * 5 s (etcd-facts 5.2; its mayRemoveMember counts with the same interval). More than that, because we count from the start
 * of the process and etcd from the connection, and the first one to a newcomer is often lost again within half a second.
 */
export const HEALTH_INTERVAL_MS = 6500;
/** etcd asks for 90 % of the leader's log before it promotes; we ask for a little more, so that it never refuses. */
export const LEARNER_SYNC_PERCENT = 95n;
/** A restarted voter may lag this many entries behind the leader before the next one is stopped. */
export const RESTART_LAG_MAX = 1000n;
/** An election is over in a few of its time-outs of 1 s; after this long without a leader it is none. */
export const ELECTING_MAX_MS = 10_000;
/** After this long "starting" is no longer an explanation. */
export const STARTING_MAX_MS = 60_000;
export const BACK_OFF_MS = [0, 500, 1000, 2000, 5000, 10_000, 30_000] as const;

/**
 * Every condition that stands between an observation and a dangerous step, by name. The planner asks them through
 * this table, so that each can be taken out alone: a test must notice (safety rules, DESIGN).
 */
export interface Guards {
  /**
   * Rule 1: a removal keeps margin ≥ min(1, margin before); a target of one or two voters has no margin to keep. When we
   * see fewer healthy voters than the quorum that gave us the list, whoever may be alive may be one of it and stays.
   */
  removalKeepsMargin(
    standing: ClusterStanding,
    leaving: Standing,
    wantedVoterCount: number,
  ): boolean;
  /** Rule 1: a promotion keeps margin ≥ 0 with the newcomer counted as down; a cluster of one is exempt. */
  promotionKeepsMargin(standing: ClusterStanding): boolean;
  /**
   * Rule 1: stopping a voter leaves a quorum of healthy ones, whether it looks healthy to us or not; clusters of one and
   * two cannot keep one and are exempt.
   */
  stopKeepsQuorum(standing: ClusterStanding, stopping: Standing): boolean;
  /** Rule 2: at most one learner, so one membership change at a time. */
  noLearnerYet(standing: ClusterStanding): boolean;
  /** Rule 2: after an unknown outcome nothing is decided before the quiet period and a newer list. */
  changeIsResolved(change: UnresolvedChange | undefined, observation: Observation): boolean;
  /** Rules 2, 5: a membership step or a move of data is based on a list read through quorum. */
  listIsLinearizable(observation: Observation): boolean;
  /** Rule 3: `new` only while the cluster is unborn. */
  isUnborn(record: ClusterRecord): boolean;
  /** Rule 3: no host was overlooked before the first `new`. */
  allHostsSeen(hosts: readonly HostSight[]): boolean;
  /** Rule 3: a host that was once told `new` and has no data is not told again while others hold data. */
  mayIssueNew(record: ClusterRecord, sight: HostSight, othersHoldData: boolean): boolean;
  /** Rule 4: only a host whose log belongs to this cluster is started again. */
  dataIsOurs(sight: HostSight, clusterID: ClusterID): boolean;
  /** Rule 4: a log that lies on two hosts votes once: only where it belongs, and nowhere when that cannot be told. */
  isAtHome(sight: HostSight, home: HostName | undefined): boolean;
  /** Rule 7: the leader hands over before it is stopped or removed. */
  isNotLeader(standing: ClusterStanding, member: Standing): boolean;
  /** Elective changes wait until every voter is healthy. */
  votersHealthy(standing: ClusterStanding): boolean;
  /** etcd's strict reconfiguration check, so that it never refuses what we declared safe. */
  connectedLongEnough(standing: ClusterStanding, now: Instant, lately: Lately | undefined): boolean;
  learnerInSync(standing: ClusterStanding, learner: Standing): boolean;
  caughtUp(standing: ClusterStanding, member: Standing): boolean;
  /**
   * A live voter is removed only when this consumer is known to do without it: neither its file nor its process names it, and
   * it is seen well through one of those that stay. One that was pointed elsewhere only must not be pointed at it.
   */
  consumerForgotIt(told: ToldConsumer, leaving: Standing, standing: ClusterStanding): boolean;
  /**
   * A live voter gets other client URLs only when this consumer has another one to go on with: one that it names, dials and
   * that is well. One that was pointed elsewhere only must not be pointed at it. A lone member cannot be spared.
   */
  consumerKeepsAnEndpoint(told: ToldConsumer, moving: Standing, standing: ClusterStanding): boolean;
  /** `member update` on a learner makes it a voter in etcd ≤ 3.5.30 and ≤ 3.6.11 (etcd-facts 5.7). */
  isVoter(member: Standing): boolean;
  /** A member without certificate, key or authorities ends at its start; with an expired one it finds nobody. */
  hasCertificates(faults: readonly CertificateFault[]): boolean;
  /** A leaf of the new authority is shown to nobody who does not trust it: etcd reads authorities at its start alone. */
  newAuthorityTrusted(standing: ClusterStanding, authorities: Authorities): boolean;
  /** The old authority is forgotten only when nobody shows a leaf of it any more. */
  oldAuthorityUnused(hosts: readonly HostSight[], authorities: Authorities): boolean;
  /** A program that reads authorities at its start alone loses its etcd when members go ahead of it: it is seen to be ready first. */
  consumersFollow(
    consumers: Target['consumers'],
    sights: Observation['consumers'],
    authorities: Authorities,
    phase: TrustPhase,
  ): boolean;
}

export type GuardName = keyof Guards;

export const GUARDS: Guards = {
  removalKeepsMargin: (standing, leaving, wantedVoterCount) => {
    const after = marginAfterRemoval(standing, leaving);
    if (after < 0 && leaving.sight?.process.kind !== 'stopped') return false;
    const keep = Math.min(1, standing.margin);
    return after >= keep || (wantedVoterCount <= 2 && after >= 0);
  },
  promotionKeepsMargin: ({ voters, healthyVoters }) =>
    voters.length === 1
      ? healthyVoters.length === 1
      : marginOf(voters.length + 1, healthyVoters.length) >= 0,
  stopKeepsQuorum: ({ voters, margin }, stopping) =>
    voters.length <= 2 || margin >= (stopping.healthy ? 1 : 0),
  noLearnerYet: ({ learners }) => learners.length === 0,
  changeIsResolved: (change, { memberList }) =>
    change === undefined ||
    (memberList.kind === 'linearizable' && memberList.at >= change.at + QUIET_PERIOD_MS),
  listIsLinearizable: ({ memberList }) => memberList.kind === 'linearizable',
  isUnborn: (record) => record.clusterID === undefined,
  allHostsSeen: (hosts) =>
    hosts.every(({ process, data }) => process.kind !== 'unseen' && data.kind !== 'unseen'),
  mayIssueNew: (record, { host, process }, othersHoldData) =>
    !othersHoldData || !record.issuedNew.includes(host) || endedBeforeRaft(process),
  dataIsOurs: ({ data }, clusterID) => data.kind === 'present' && data.clusterID === clusterID,
  isAtHome: ({ host }, home) => host === home,
  isNotLeader: ({ leader, voters }, member) =>
    voters.length === 1 || leader?.member.id !== member.member.id,
  votersHealthy: ({ voters, healthyVoters }) => voters.length === healthyVoters.length,
  connectedLongEnough: (standing, now, lately) => connectedAt(standing, now, lately) <= now,
  learnerInSync: ({ leader }, { sight }) => {
    if (sight?.status.kind !== 'answered' || leader?.sight?.status.kind !== 'answered')
      return false;
    const { status } = sight;
    return (
      status.leader !== undefined &&
      status.raftAppliedIndex * 100n >= leader.sight.status.raftIndex * LEARNER_SYNC_PERCENT
    );
  },
  caughtUp: ({ leader }, { sight }) => {
    if (sight?.status.kind !== 'answered' || leader?.sight?.status.kind !== 'answered') return true;
    return leader.sight.status.raftIndex - sight.status.raftAppliedIndex <= RESTART_LAG_MAX;
  },
  consumerForgotIt: ({ consumer, sight }, leaving, standing) => {
    const { clientURLs } = leaving.member;
    if (consumer.endpoints !== 'members') return !isPointedAt({ consumer, sight }, clientURLs);
    return (
      sight.kind === 'seen' &&
      sight.isHalfTold !== true &&
      !namesAny(sight, clientURLs) &&
      follows(
        sight,
        standing.voters.filter((voter) => voter !== leaving),
      )
    );
  },
  consumerKeepsAnEndpoint: ({ consumer, sight }, moving, { healthyVoters }) => {
    if (healthyVoters.every((voter) => voter === moving)) return true;
    const { clientURLs } = moving.member;
    if (consumer.endpoints !== 'members') return !isPointedAt({ consumer, sight }, clientURLs);
    return (
      sight.kind === 'seen' &&
      serversOf(sight, healthyVoters).every(
        (servers) => !servers.includes(moving) || servers.length > 1,
      )
    );
  },
  isVoter: ({ member }) => !member.isLearner,
  hasCertificates: (faults) =>
    !faults.includes('certificates-missing') && !faults.includes('certificates-expired'),
  newAuthorityTrusted: ({ standings }, authorities) =>
    standings.every(
      ({ sight }) => sight?.process.kind === 'running' && trusts(sight.process.flags, authorities),
    ),
  oldAuthorityUnused: (hosts, { planes }) =>
    hosts.every(
      ({ certificates }) =>
        certificates?.kind === 'seen' &&
        PLANES.every((plane) => {
          const leaf = certificates.leafs[plane];
          return leaf.kind === 'present' && leaf.issuer === planes[plane].trusted.at(-1);
        }),
    ),
  consumersFollow: (consumers, sights, authorities, phase) =>
    consumersHolding(consumers, sights, authorities, phase).length === 0,
};

const endedBeforeRaft = (process: ProcessSight): boolean =>
  process.kind === 'stopped' && process.lastExit?.beforeRaft === true;

export const marginAfterRemoval = (standing: ClusterStanding, leaving: Standing): number =>
  marginOf(
    standing.voters.length - (leaving.member.isLearner ? 0 : 1),
    standing.healthyVoters.length - (leaving.healthy && !leaving.member.isLearner ? 1 : 0),
  );

/**
 * When etcd will accept a new member: its voters must have been connected for so long, and none can have been before its
 * process started, or while it was last seen not to be well.
 */
export function connectedAt(
  { voters }: ClusterStanding,
  now: Instant,
  lately: Lately | undefined,
): Instant {
  if (voters.length <= 1) return instantOf(0);
  const since = voters.flatMap(({ member, sight, healthy }) => {
    const startedAt = sight?.process.kind === 'running' ? sight.process.startedAt : undefined;
    const unwellAt = healthy ? lately?.unwellAt[member.id] : undefined;
    const known = [startedAt, unwellAt].filter((at) => at !== undefined);
    return known.filter((at) => elapsedMs(at, now) < Infinity);
  });
  return instantOf(Math.max(0, ...since) + HEALTH_INTERVAL_MS);
}

/** When a member that keeps ending may be tried again. */
export function retryAt(process: ProcessSight, now: Instant): Instant {
  if (process.kind !== 'stopped' || process.lastExit === undefined) return instantOf(0);
  const { at, inARow } = process.lastExit;
  if (elapsedMs(at, now) === Infinity) return now;
  const backOffMs = BACK_OFF_MS[Math.min(inARow, BACK_OFF_MS.length - 1)] ?? 0;
  return instantOf(at + backOffMs);
}
