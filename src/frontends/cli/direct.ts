import { deadlineSignal } from '../../base/index.js';
import type { Outcome, Problem } from '../../base/index.js';
import type { PeerURL } from '../../core/cluster/index.js';
import type { EtcdAdmin } from '../../engine/ports/index.js';
import { type Context, tell } from './context.js';
import { marginTooLow, noLeaderToMove, notALearner, notForLearners } from './problems.js';
import type { ListedMember } from './reports/member-list.js';
import {
  type MarginForecast,
  type Seat,
  forecastSame,
  forecastVoterFewer,
  forecastVoterMore,
} from './seat.js';
import { marginText } from './views/progress.js';

/** One request straight to etcd may take this long; after it, its outcome is unknown. */
const REQUEST_MS = 7000;

/** Undefined: it is done. */
type Done = Promise<Problem | undefined>;

const signalOf = ({ interrupt }: Context): AbortSignal => deadlineSignal(REQUEST_MS, interrupt);

const problemOf = (outcome: Outcome<unknown>): Problem | undefined =>
  outcome.kind === 'applied' ? undefined : outcome.problem;

/** Registers a member. A learner changes no quorum; a voter is counted as down. */
export async function addDirectly(
  context: Context,
  admin: EtcdAdmin,
  seat: Seat,
  added: { readonly name: string; readonly peerURLs: readonly PeerURL[]; readonly voter: boolean },
): ReturnType<EtcdAdmin['addMember']> {
  const what = `add ${added.name} as a ${added.voter ? 'voter' : 'learner'}`;
  const forecast = added.voter ? forecastVoterMore(seat) : forecastSame(seat);
  const problem = judge(context, seat, what, forecast);
  if (problem !== undefined) return { kind: 'refused', problem };
  if (added.voter && forecast.after < 0) {
    tell(context, 'A cluster of one has no margin to keep: writes stop until the new voter runs.');
  }
  const options = { isLearner: !added.voter };
  return admin.addMember(seat.endpoints, added.peerURLs, options, signalOf(context));
}

/** Removes a member; a leader hands over first. */
export async function removeDirectly(
  context: Context,
  admin: EtcdAdmin,
  seat: Seat,
  member: ListedMember,
): Done {
  const forecast = member.isLearner ? forecastSame(seat) : forecastVoterFewer(seat, member);
  const problem = judge(context, seat, `remove ${labelOf(member)}`, forecast);
  if (problem !== undefined) return problem;
  if (seat.leader?.id === member.id && seat.voters > 1) {
    const moved = await moveLeaderDirectly(context, admin, seat, undefined);
    if (moved.problem !== undefined) return moved.problem;
  }
  const others = seat.endpoints.filter((url) => !member.clientURLs.some((own) => own === url));
  return problemOf(await admin.remove(others, member.id, signalOf(context)));
}

export async function promoteDirectly(
  context: Context,
  admin: EtcdAdmin,
  seat: Seat,
  member: ListedMember,
): Done {
  if (!member.isLearner) return notALearner({ cluster: seat.label, member: labelOf(member) });
  const problem = judge(context, seat, `promote ${labelOf(member)}`, forecastVoterMore(seat));
  if (problem !== undefined) return problem;
  return problemOf(await admin.promote(seat.endpoints, member.id, signalOf(context)));
}

/** On a learner this call makes etcd forget that it is one (etcd-facts 5.7), so it is not made. */
export async function updateDirectly(
  context: Context,
  admin: EtcdAdmin,
  seat: Seat,
  member: ListedMember,
  peerURLs: readonly PeerURL[],
): Done {
  if (member.isLearner) return notForLearners({ cluster: seat.label, member: labelOf(member) });
  const problem = judge(context, seat, `update ${labelOf(member)}`, forecastSame(seat));
  if (problem !== undefined) return problem;
  const signal = signalOf(context);
  return problemOf(await admin.updatePeerURLs(seat.endpoints, member.id, peerURLs, signal));
}

/** Hands the lead to `to`, or to another healthy voter. */
export async function moveLeaderDirectly(
  context: Context,
  admin: EtcdAdmin,
  seat: Seat,
  to: ListedMember | undefined,
): Promise<
  | { readonly problem: Problem }
  | { readonly problem?: undefined; readonly from: ListedMember; readonly to: ListedMember }
> {
  const because = (text: string) => ({
    problem: noLeaderToMove({ cluster: seat.label, because: text }),
  });
  const from = seat.members.find(({ id }) => id === seat.leader?.id);
  const [url] = from?.clientURLs ?? [];
  if (from === undefined || url === undefined) return because('No member says who leads.');
  const heir = to ?? seat.members.find((member) => member !== from && isFit(member));
  if (heir === undefined) return because('There is no other healthy voter.');
  if (heir.id === from.id) return { from, to: heir };
  if (!isFit(heir)) return because(`${labelOf(heir)} is not a healthy voter.`);
  const outcome = await admin.moveLeader(url, heir.id, signalOf(context));
  const problem = problemOf(outcome);
  return problem === undefined ? { from, to: heir } : { problem };
}

const isFit = ({ isLearner, healthy }: ListedMember): boolean => !isLearner && healthy === true;

export const labelOf = ({ name, id }: ListedMember): string => (name === '' ? id : name);

/** Shows the margin, and refuses what would go below it. */
function judge(
  context: Context,
  seat: Seat,
  what: string,
  forecast: MarginForecast,
): Problem | undefined {
  if (!forecast.safe) {
    return marginTooLow({
      cluster: seat.label,
      what,
      voters: seat.voters,
      healthy: seat.healthyVoters,
      marginBefore: forecast.before,
      marginAfter: forecast.after,
    });
  }
  tell(context, `${what}  ${context.errStyle.dim(marginText(forecast))}`);
  return undefined;
}
