import { type Context, fail, show } from '../context.js';
import { moveLeaderDirectly, promoteDirectly } from '../direct.js';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { EtcdAdmin } from '../../../engine/ports/index.js';
import type { ListedMember } from '../reports/member-list.js';
import { type Seat, seatOf } from '../seat.js';
import { memberChangeView } from '../views/member-change.js';
import {
  type MemberOptions,
  atEndpoints,
  changeableCluster,
  keptCluster,
  memberAt,
  memberOf,
  withAdmin,
} from './member-common.js';
import { type Stop, failStop } from '../stop.js';
import type { Result } from '../../../base/index.js';
import { ok } from '../../../base/index.js';

/** Makes a learner a voter now, without waiting for the planner; etcd refuses one that has not caught up. */
export const memberPromote = (
  context: Context,
  asked: string,
  options: MemberOptions,
): Promise<ExitCode> =>
  onMember(context, asked, options, async (admin, seat, member) => {
    const problem = await promoteDirectly(context, admin, seat, member);
    if (problem !== undefined) return fail(context, problem);
    const { id: memberID, name } = member;
    const change = { kind: 'promoted', clusterID: seat.clusterID, memberID, name } as const;
    await show(context, memberChangeView, change);
    return EXIT.done;
  });

/** Hands the lead over: to the member named, else to another healthy voter. */
export async function memberMoveLeader(
  context: Context,
  asked: string | undefined,
  options: MemberOptions,
): Promise<ExitCode> {
  const move = async (admin: EtcdAdmin, seat: Seat, to: ListedMember | undefined) => {
    const moved = await moveLeaderDirectly(context, admin, seat, to);
    if (moved.problem !== undefined) return fail(context, moved.problem);
    await show(context, memberChangeView, {
      kind: 'leader-moved',
      clusterID: seat.clusterID,
      from: moved.from.id,
      to: moved.to.id,
    });
    return EXIT.done;
  };
  if (asked !== undefined) return onMember(context, asked, options, move);
  if (options.endpoints !== undefined) {
    return atEndpoints(context, options.endpoints, (admin, seat) => move(admin, seat, undefined));
  }
  const kept = await keptCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const seat = seatOf(kept.value.look);
  if (!seat.ok) return fail(context, seat.error);
  return withAdmin(context, (admin) => move(admin, seat.value, undefined));
}

async function onMember(
  context: Context,
  asked: string,
  options: MemberOptions,
  work: (admin: EtcdAdmin, seat: Seat, member: ListedMember) => Promise<ExitCode>,
): Promise<ExitCode> {
  const withMember = (admin: EtcdAdmin, seat: Seat, member: Result<ListedMember, Stop>) =>
    member.ok ? work(admin, seat, member.value) : failStop(context, member.error);
  if (options.endpoints !== undefined) {
    return atEndpoints(context, options.endpoints, (admin, seat) =>
      withMember(admin, seat, memberAt(seat, asked)),
    );
  }
  const kept = await changeableCluster(context);
  if (!kept.ok) return failStop(context, kept.error);
  const seat = seatOf(kept.value.look);
  if (!seat.ok) return fail(context, seat.error);
  const chosen = memberOf(kept.value, asked);
  if (!chosen.ok) return failStop(context, chosen.error);
  const listed = seat.value.members.find(({ id }) => id === chosen.value.listed?.id);
  const member = listed === undefined ? memberAt(seat.value, asked) : ok(listed);
  return withAdmin(context, (admin) => withMember(admin, seat.value, member));
}
