import { assertNever, memberIDOf } from '../../base/index.js';
import { type Member, isStarted } from '../cluster/index.js';
import { type Applied, applied, refuse, unanswered } from './applied.js';
import { ledSide } from './leadership.js';
import { withMembers } from './lists.js';
import type { MembershipStep } from './membership-step.js';
import { reachesVoterOn } from './observe.js';
import { strictRefusal } from './strict-check.js';
import { updatePromotesLearners } from './versions.js';
import type { World } from './world.js';

/** DefaultMaxLearners in 3.4 and 3.5, and the default of --max-learners later (etcd-facts 5.8). */
const LEARNERS_MAX = 1;

/** A request of ours: it needs a voter that we reach, on the side that has the quorum and a leader. */
export function ask(world: World, step: MembershipStep): Applied {
  const side = ledSide(world);
  if (side === undefined) return unanswered(world, 'no-leader');
  if (!reachesVoterOn(world, side)) return unanswered(world, 'unreachable');
  // etcd looks at the health of the others before it looks at what an addition says.
  const refusal =
    step.kind === 'add-learner'
      ? (strictRefusal(world, step, side) ?? invalid(world, step))
      : (invalid(world, step) ?? strictRefusal(world, step, side));
  return refusal === undefined ? land(world, step) : refuse(world, refusal);
}

/** The change is committed: only what etcd validates as it applies can still refuse it. */
export function land(world: World, step: MembershipStep): Applied {
  const refusal = invalid(world, step);
  return refusal === undefined ? applied(changed(world, step)) : refuse(world, refusal);
}

/** What makes a change impossible whatever the health of the cluster (etcd's ValidateConfigurationChange). */
function invalid({ members }: World, step: MembershipStep): string | undefined {
  switch (step.kind) {
    case 'add-learner':
      if (members.some(({ peerURLs }) => overlap(peerURLs, step.peerURLs))) {
        return 'peer-urls-exist';
      }
      return members.filter(({ isLearner }) => isLearner).length >= LEARNERS_MAX
        ? 'too-many-learners'
        : undefined;
    case 'promote-learner': {
      const learner = members.find(({ id }) => id === step.member);
      if (learner === undefined) return 'member-not-found';
      if (!learner.isLearner) return 'not-a-learner';
      // One that never started has received nothing (since 3.4.24 and 3.5.7, etcd-facts 5.8).
      return isStarted(learner) ? undefined : 'learner-not-ready';
    }
    case 'remove-member':
      return members.some(({ id }) => id === step.member) ? undefined : 'member-not-found';
    case 'update-peer-urls':
      if (!members.some(({ id }) => id === step.member)) return 'member-not-found';
      return members.some(
        ({ id, peerURLs }) => id !== step.member && overlap(peerURLs, step.peerURLs),
      )
        ? 'peer-urls-exist'
        : undefined;
    default:
      return assertNever(step);
  }
}

function changed(world: World, step: MembershipStep): World {
  const { members } = world;
  const withMember = (id: Member['id'], change: Partial<Member>): World =>
    withMembers(
      world,
      members.map((member) => (member.id === id ? { ...member, ...change } : member)),
    );
  switch (step.kind) {
    case 'add-learner': {
      const member: Member = {
        // Never one that was there before: etcd mixes the time into it (etcd-facts 1.1).
        id: memberIDOf(BigInt(world.addedCount + 1) << 40n),
        name: '',
        peerURLs: step.peerURLs,
        clientURLs: [],
        isLearner: true,
      };
      const added = withMembers(world, [...members, member]);
      return { ...added, addedCount: world.addedCount + 1 };
    }
    case 'promote-learner':
      return withMember(step.member, { isLearner: false });
    case 'remove-member': {
      const rest = withMembers(
        world,
        members.filter(({ id }) => id !== step.member),
      );
      return world.leader === step.member ? { ...rest, leader: undefined } : rest;
    }
    case 'update-peer-urls':
      return withMember(step.member, {
        peerURLs: step.peerURLs,
        ...(updatePromotesLearners(world.target.version) ? { isLearner: false } : {}),
      });
    default:
      return assertNever(step);
  }
}

const overlap = (a: readonly string[], b: readonly string[]): boolean =>
  a.some((url) => b.includes(url));
