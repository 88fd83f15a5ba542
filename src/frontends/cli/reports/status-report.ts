import type { ClusterID, Instant, MemberID, Problem, RaftIndex } from '../../../base/index.js';
import {
  type ClusterStanding,
  type HostSight,
  type Standing,
  type TargetMember,
  standingOf,
} from '../../../core/cluster/index.js';
import { FIRST_LIFE_FLAGS } from '../../../core/bootstrap/index.js';
import type { PlanInput } from '../../../core/planner/index.js';
import type { LockHolder, Wish } from '../../../engine/ports/index.js';
import { type ConsumerReport, consumerReports } from './consumer-report.js';
import { type LeafReport, leafsOn } from './certificate-report.js';
import { memberProblems, otherClusterProblem } from './member-problems.js';
import { type PlanReport, driftIn } from './plan-report.js';
import { type RotationReport, rotationReportOf } from './rotation-report.js';

/** One look at one cluster, as people and scripts see it. */
export interface StatusReport {
  readonly cluster: {
    readonly name: string;
    /** Absent until birth is complete. */
    readonly id?: ClusterID;
    readonly version: string;
    readonly state: ClusterState;
    readonly voters: number;
    readonly quorum: number;
    readonly margin: number;
  };
  readonly members: readonly MemberReport[];
  readonly proxies: readonly ProxyReport[];
  readonly consumers: readonly ConsumerReport[];
  readonly plan: PlanReport;
  /** What somebody else changed on the hosts in what we wrote there; the members may be well all the same. */
  readonly drift: readonly Problem[];
  /** Absent: no exchange of authorities waits for anybody. One that began by itself is told nowhere else. */
  readonly rotation?: RotationReport;
  /** For people only. */
  readonly asked: 'up' | 'down';
  readonly paused: boolean;
  readonly now: Instant;
  /** Who starts a member again that has died while nobody acts on the cluster. */
  readonly restartedBy: 'nobody' | 'systemd';
  readonly controller?: LockHolder;
}

/**
 * `forming`: being born, or a process still runs on the short timings of its first life. `healthy`: everything the
 * spec wants stands and is well. `degraded`: there is a quorum, and something is missing. `unknown`: too little was
 * seen to say, or the cluster is down as asked.
 */
export type ClusterState = 'healthy' | 'degraded' | 'quorum-lost' | 'forming' | 'unknown';

/** `unstarted`: wanted or registered, and never started. `stranger`: runs here and is not in the member list. */
export type MemberRole = 'voter' | 'learner' | 'unstarted' | 'stranger';

export interface MemberReport {
  readonly name: string;
  /** Absent before it is registered. */
  readonly id?: MemberID;
  readonly host: string;
  readonly role: MemberRole;
  readonly leader: boolean;
  readonly healthy: boolean;
  readonly version?: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
  readonly raftIndex?: RaftIndex;
  /** Entries received and not yet applied; for people. */
  readonly lag?: bigint;
  readonly dbSizeBytes?: number;
  /** What its host shows; none where certificates are not ours. */
  readonly certificates: readonly LeafReport[];
  readonly problems: readonly Problem[];
}

/** A gateway of the spec, or one that still runs. */
export interface ProxyReport {
  readonly name: string;
  readonly host: string;
  readonly running: boolean;
  readonly clientURLs: readonly string[];
  readonly problems: readonly Problem[];
}

export interface StatusInput {
  readonly wish: Pick<Wish, 'state' | 'paused' | 'spec'>;
  readonly input: PlanInput;
  readonly plan: PlanReport;
  readonly controller?: LockHolder;
}

export function statusReportOf({ wish, input: seen, plan, controller }: StatusInput): StatusReport {
  const input = withoutForeignList(seen);
  const { target, record, observation } = input;
  const standing = standingOf(target, observation, record.addresses);
  const listed = standing.standings.map((member) => listedReport(input, standing, member));
  const accounted = new Set(standing.standings.map(({ sight }) => sight?.host));
  const rest = observation.hosts.filter(({ host }) => !accounted.has(host));
  const members = [
    ...listed,
    ...rest.flatMap((sight) => unlistedReport(input, standing, sight) ?? []),
  ];
  const rotation = rotationReportOf(input);
  const voters = standing.listKind === 'unseen' ? target.members.length : standing.voters.length;
  const quorum = Math.floor(voters / 2) + 1;
  return {
    cluster: {
      name: target.name,
      ...(record.clusterID === undefined ? {} : { id: record.clusterID }),
      version: target.version,
      state: stateOf(input, standing, members),
      voters,
      quorum,
      margin: standing.healthyVoters.length - quorum,
    },
    members: members.sort(byNameThenID),
    proxies: proxyReports(input),
    consumers: consumerReports(input),
    plan,
    drift: driftIn(observation),
    ...(rotation === undefined ? {} : { rotation }),
    asked: wish.state,
    paused: wish.paused,
    now: input.now,
    restartedBy: wish.spec.driver.kind === 'ssh' ? 'systemd' : 'nobody',
    ...(controller === undefined ? {} : { controller }),
  };
}

/** The list of another cluster that listens on our addresses says nothing about our members. */
function withoutForeignList(input: PlanInput): PlanInput {
  const { record, observation } = input;
  const list = observation.memberList;
  if (list.kind === 'unseen' || record.clusterID === undefined) return input;
  if (list.clusterID === record.clusterID) return input;
  const because = `the members that answer are of another cluster, ${list.clusterID}`;
  return { ...input, observation: { ...observation, memberList: { kind: 'unseen', because } } };
}

const byNameThenID = (a: MemberReport, b: MemberReport): number =>
  a.name.localeCompare(b.name, 'en', { numeric: true }) || (a.id ?? '').localeCompare(b.id ?? '');

function proxyReports({ target, observation }: PlanInput): readonly ProxyReport[] {
  const wanted = target.proxies.map(({ name, host, clientURLs }) => ({ name, host, clientURLs }));
  const others = observation.hosts.flatMap(({ host, gateway }) =>
    gateway?.kind === 'running' && !wanted.some((proxy) => proxy.host === host)
      ? [{ name: host, host, clientURLs: (gateway.flags['listen'] ?? '').split(',') }]
      : [],
  );
  return [...wanted, ...others].map((proxy) => {
    const gateway = observation.hosts.find(({ host }) => host === proxy.host)?.gateway;
    const lastExit = gateway?.kind === 'stopped' ? gateway.lastExit : undefined;
    const isTrouble = lastExit !== undefined && lastExit.reason !== 'asked';
    return {
      ...proxy,
      running: gateway?.kind === 'running',
      problems: isTrouble ? [lastExit.problem] : [],
    };
  });
}

function listedReport(
  input: PlanInput,
  standing: ClusterStanding,
  { member, sight, wanted, healthy, dataLost }: Standing,
): MemberReport {
  const wantedHere =
    wanted ?? input.target.members.find((candidate) => candidate.host === sight?.host);
  const name = member.name === '' ? (wantedHere?.name ?? '') : member.name;
  return {
    name,
    id: member.id,
    host: sight?.host ?? wantedHere?.host ?? '',
    role: member.name === '' ? 'unstarted' : member.isLearner ? 'learner' : 'voter',
    leader: standing.leader?.member.id === member.id,
    healthy,
    ...numbersOf(sight),
    certificates: sight === undefined ? [] : leafsOn(input, sight.host),
    peerURLs: member.peerURLs,
    clientURLs: member.clientURLs.length > 0 ? member.clientURLs : (wantedHere?.clientURLs ?? []),
    problems: memberProblems(name === '' ? member.id : name, sight, {
      down: input.target.state === 'down',
      dataLost,
      peerURLs: member.peerURLs,
    }),
  };
}

/** A host that is no listed member's: what the spec still waits for, or something that should not be here. */
function unlistedReport(
  input: PlanInput,
  standing: ClusterStanding,
  sight: HostSight,
): MemberReport | undefined {
  const wanted = input.target.members.find(({ host }) => host === sight.host);
  const answers = sight.status.kind === 'answered' ? sight.status.memberID : undefined;
  const inData = sight.data.kind === 'present' ? sight.data.memberID : undefined;
  const id = answers ?? inData;
  const runs = sight.process.kind === 'running' || answers !== undefined;
  // A member that left, its process stopped: its data waits there to be moved aside. No member, nothing to show.
  if (wanted === undefined && !runs) return undefined;
  const listSeen = standing.listKind !== 'unseen';
  const stranger = listSeen && runs && id !== undefined;
  const other = otherClusterProblem(input, sight);
  const name = wanted?.name ?? sight.host;
  return {
    name,
    ...(id === undefined ? {} : { id }),
    host: sight.host,
    role: stranger || other !== undefined ? 'stranger' : rolesBeforeList(input, id),
    leader: false,
    healthy: false,
    ...numbersOf(sight),
    certificates: leafsOn(input, sight.host),
    peerURLs: wanted?.peerURLs ?? [],
    clientURLs: wanted?.clientURLs ?? [],
    problems: [
      ...(other === undefined ? [] : [other]),
      ...memberProblems(name, sight, {
        down: input.target.state === 'down',
        dataLost: isDataLost(input, wanted, sight),
        peerURLs: wanted?.peerURLs ?? [],
      }),
    ],
  };
}

/** Without a list, what holds data of this cluster was a member; learners cannot be told apart then. */
const rolesBeforeList = (input: PlanInput, id: MemberID | undefined): MemberRole =>
  id !== undefined && input.observation.memberList.kind === 'unseen' ? 'voter' : 'unstarted';

const isDataLost = (
  { record, observation }: PlanInput,
  wanted: TargetMember | undefined,
  sight: HostSight,
): boolean =>
  observation.memberList.kind === 'unseen' &&
  record.clusterID !== undefined &&
  wanted !== undefined &&
  record.issuedNew.includes(wanted.host) &&
  sight.data.kind === 'empty';

function numbersOf(
  sight: HostSight | undefined,
): Pick<MemberReport, 'version' | 'raftIndex' | 'lag' | 'dbSizeBytes'> {
  if (sight?.status.kind !== 'answered') return {};
  const { version, raftIndex, raftAppliedIndex, dbSizeBytes } = sight.status;
  return { version, raftIndex, lag: raftIndex - raftAppliedIndex, dbSizeBytes };
}

function stateOf(
  input: PlanInput,
  standing: ClusterStanding,
  members: readonly MemberReport[],
): ClusterState {
  const { target, record } = input;
  if (target.state === 'down') return 'unknown';
  if (record.clusterID === undefined) return 'forming';
  if (standing.listKind === 'unseen') return everyHostSeen(input) ? 'quorum-lost' : 'unknown';
  if (standing.margin < 0) return everyHostSeen(input) ? 'quorum-lost' : 'unknown';
  if (onFirstLife(input)) return 'forming';
  const complete =
    target.members.every((wanted) =>
      standing.voters.some((voter) => voter.healthy && voter.sight?.host === wanted.host),
    ) && standing.voters.every(({ healthy }) => healthy);
  const troubled = members.some(({ problems }) => problems.length > 0);
  return complete && !troubled ? 'healthy' : 'degraded';
}

/** What could not be looked at may still be well: then we do not know, and do not cry wolf. */
const everyHostSeen = ({ observation }: PlanInput): boolean =>
  observation.hosts.every(({ process }) => process.kind !== 'unseen');

const onFirstLife = ({ target, observation }: PlanInput): boolean =>
  observation.hosts.some(({ host, process }) => {
    const wanted = target.members.find((member) => member.host === host);
    if (wanted === undefined || process.kind !== 'running') return false;
    return (
      process.flags['initial-cluster-state'] === 'new' &&
      [...FIRST_LIFE_FLAGS].some((flag) => process.flags[flag] !== wanted.flags[flag])
    );
  });
