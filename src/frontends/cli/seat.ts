import {
  deadlineSignal,
  type ClusterID,
  type Problem,
  type RaftTerm,
  type Result,
  err,
  ok,
} from '../../base/index.js';
import {
  type ClusterStanding,
  type HostName,
  type Member,
  marginOf,
  quorumOf,
  standingOf,
} from '../../core/cluster/index.js';
import type { EtcdAdmin } from '../../engine/ports/index.js';
import type { Context } from './context.js';
import type { Look } from './ports.js';
import { clusterDown, endpointsSilent } from './problems.js';
import type { ListedMember, MemberListReport } from './reports/member-list.js';

/** The membership with what each member answers: all that a direct request to etcd is judged by. */
export interface Seat {
  /** For messages: the cluster's name, or its endpoints. */
  readonly label: string;
  readonly clusterID: ClusterID;
  readonly read: 'linearizable' | 'local';
  readonly members: readonly ListedMember[];
  readonly voters: number;
  readonly healthyVoters: number;
  readonly margin: number;
  readonly leader?: Member;
  readonly raftTerm?: RaftTerm;
  /** Client URLs of healthy voters, the leader's first. */
  readonly endpoints: readonly string[];
  readonly hostOf: (member: Member) => HostName | undefined;
}

/** From a look at a cluster that we keep. */
export function seatOf({ wish, input }: Look): Result<Seat> {
  const { target, observation, record } = input;
  const list = observation.memberList;
  if (list.kind === 'unseen') {
    return err(
      wish.state === 'down'
        ? clusterDown({ cluster: target.name })
        : endpointsSilent({
            endpoints: target.members.flatMap(({ clientURLs }) => clientURLs),
            because: list.because,
          }),
    );
  }
  const standing = standingOf(target, observation, record.addresses);
  return ok({
    label: target.name,
    clusterID: list.clusterID,
    read: list.kind,
    members: standing.standings.map(({ member, healthy }) => ({ ...member, healthy })),
    ...seatNumbers(standing, termIn(observation.hosts.map(({ status }) => status))),
    hostOf: (member) =>
      standing.standings.find((each) => each.member.id === member.id)?.sight?.host,
  });
}

function seatNumbers(standing: ClusterStanding, raftTerm: RaftTerm | undefined) {
  const { voters, healthyVoters, margin, leader } = standing;
  const leaderFirst = [...healthyVoters].sort(
    (a, b) => Number(b.member.id === leader?.member.id) - Number(a.member.id === leader?.member.id),
  );
  return {
    voters: voters.length,
    healthyVoters: healthyVoters.length,
    margin,
    ...(leader === undefined ? {} : { leader: leader.member }),
    ...(raftTerm === undefined ? {} : { raftTerm }),
    endpoints: leaderFirst.flatMap(({ member }) => member.clientURLs[0] ?? []),
  };
}

type StatusSight = Awaited<ReturnType<EtcdAdmin['status']>>;

function termIn(statuses: readonly StatusSight[]): RaftTerm | undefined {
  let best: RaftTerm | undefined;
  for (const status of statuses) {
    if (status.kind !== 'answered') continue;
    if (best === undefined || status.raftTerm > best) best = status.raftTerm;
  }
  return best;
}

/** One question to one member that somebody else keeps. */
const ASK_MS = 2000;

/** By asking a cluster that is named by its endpoints only. */
export async function seatAt(
  { interrupt }: Context,
  admin: EtcdAdmin,
  endpoints: readonly string[],
): Promise<Result<Seat, readonly Problem[]>> {
  const label = endpoints.join(',');
  const deadline = () => deadlineSignal(ASK_MS, interrupt);
  const list = await admin
    .memberList(endpoints, deadline())
    .catch((error: unknown) => err(endpointsSilent({ endpoints, because: String(error) })));
  if (!list.ok) return err([list.error]);
  const { clusterID, members } = list.value;
  const statuses = await Promise.all(
    members.map(async (member): Promise<StatusSight> => {
      const [url] = member.clientURLs;
      if (url === undefined) return { kind: 'silent', because: 'it has not started yet' };
      return admin
        .status(url, deadline())
        .catch((error: unknown) => ({ kind: 'silent', because: String(error) }));
    }),
  );
  const term = termIn(statuses);
  const leaderID = statuses
    .flatMap((status) => (status.kind === 'answered' && status.raftTerm === term ? [status] : []))
    .find(({ leader }) => leader !== undefined)?.leader;
  const listed = members.map((member, i): ListedMember => {
    const status = statuses[i];
    const healthy =
      status?.kind === 'answered' &&
      status.memberID === member.id &&
      status.leader !== undefined &&
      status.leader === leaderID;
    return { ...member, healthy };
  });
  const voters = listed.filter(({ isLearner }) => !isLearner);
  const healthy = voters.filter((member) => member.healthy === true);
  const leader = listed.find(({ id }) => id === leaderID);
  return ok({
    label,
    clusterID,
    read: 'linearizable',
    members: listed,
    voters: voters.length,
    healthyVoters: healthy.length,
    margin: marginOf(voters.length, healthy.length),
    ...(leader === undefined ? {} : { leader }),
    ...(term === undefined ? {} : { raftTerm: term }),
    endpoints: [...healthy]
      .sort((a, b) => Number(b.id === leaderID) - Number(a.id === leaderID))
      .flatMap(({ clientURLs }) => clientURLs[0] ?? []),
    hostOf: () => undefined,
  });
}

export const memberListOf = (seat: Seat): MemberListReport => ({
  clusterID: seat.clusterID,
  read: seat.read,
  members: seat.members,
  ...(seat.leader === undefined ? {} : { leader: seat.leader.id }),
  ...(seat.raftTerm === undefined ? {} : { raftTerm: seat.raftTerm }),
});

/** The numbers of a change that goes straight to etcd, as far as we can know them before it. */
export interface MarginForecast {
  readonly before: number;
  readonly after: number;
  readonly votersBefore: number;
  readonly healthyBefore: number;
  readonly votersAfter: number;
  readonly healthyAfter: number;
  readonly safe: boolean;
}

/** A voter more, counted as down until it answers. A cluster of one cannot do without risk and is exempt. */
export function forecastVoterMore(seat: Seat): MarginForecast {
  const votersAfter = seat.voters + 1;
  const after = seat.healthyVoters - quorumOf(votersAfter);
  return forecast(seat, votersAfter, seat.healthyVoters, after >= 0 || seat.voters === 1);
}

/** A voter fewer: the rest must be able to lose one more, unless it could not before either. */
export function forecastVoterFewer(seat: Seat, leaving: ListedMember): MarginForecast {
  const votersAfter = seat.voters - 1;
  const healthyAfter = seat.healthyVoters - (leaving.healthy === true ? 1 : 0);
  const after = marginOf(votersAfter, healthyAfter);
  return forecast(seat, votersAfter, healthyAfter, after >= Math.min(1, seat.margin) && after >= 0);
}

/** What changes no voter. */
export const forecastSame = (seat: Seat): MarginForecast =>
  forecast(seat, seat.voters, seat.healthyVoters, true);

const forecast = (
  seat: Seat,
  votersAfter: number,
  healthyAfter: number,
  safe: boolean,
): MarginForecast => ({
  before: seat.margin,
  after: marginOf(votersAfter, healthyAfter),
  votersBefore: seat.voters,
  healthyBefore: seat.healthyVoters,
  votersAfter,
  healthyAfter,
  safe,
});
