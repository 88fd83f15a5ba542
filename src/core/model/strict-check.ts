import { assertNever } from '../../base/index.js';
import { type Member, isStarted, quorumOf, votersOf } from '../cluster/index.js';
import { hostOf, isCaughtUp, isSeen, liveHostOf, sideOf } from './leadership.js';
import type { MembershipStep } from './membership-step.js';
import { addAsksEverybody } from './versions.js';
import type { Side, World, WorldHost } from './world.js';

/** etcd's HealthInterval (etcd-facts 5.2). */
const HEALTH_INTERVAL_MS = 5000;

/**
 * What `--strict-reconfig-check` (on in every version) and the leader's view of a learner's log refuse. Each member
 * judges by its own connections, and it is enough that one voter we can ask does not refuse.
 */
export function strictRefusal(world: World, step: MembershipStep, side: Side): string | undefined {
  const answering = votersOf(world.members).flatMap(({ id }) => {
    const host = liveHostOf(world, id);
    return host !== undefined && isSeen(host) && sideOf(host) === side ? [host] : [];
  });
  const refusals = answering.map((self) => refusalOf(world, step, self));
  return refusals.includes(undefined) ? undefined : refusals[0];
}

function refusalOf(world: World, step: MembershipStep, self: WorldHost): string | undefined {
  switch (step.kind) {
    case 'add-learner':
      return mayAdd(world, self) ? undefined : 'unhealthy-cluster';
    case 'promote-learner':
      return whyNotPromote(world, step.member);
    case 'remove-member': {
      const leaving = world.members.find(({ id }) => id === step.member);
      return leaving === undefined || leaving.isLearner
        ? undefined
        : whyNotRemove(world, leaving, self);
    }
    case 'update-peer-urls':
      return undefined;
    default:
      return assertNever(step);
  }
}

/** A single member may always grow. */
function mayAdd(world: World, self: WorldHost): boolean {
  const voters = votersOf(world.members).length;
  const connected = connectedTo(world, self);
  if (voters === 1) return true;
  return addAsksEverybody(world.target.version)
    ? connected >= voters
    : connected >= quorumOf(voters + 1);
}

/**
 * The leader asks that it received 90 % of the log, not that it is alive: it remembers what the learner had. One whose
 * data nobody has may have had it. The newcomer counts as started (etcd-facts 5.8).
 */
function whyNotPromote(world: World, id: Member['id']): string | undefined {
  const host = hostOf(world, id);
  if (host !== undefined && !isCaughtUp(host)) return 'learner-not-ready';
  const voters = votersOf(world.members);
  return voters.filter(isStarted).length + 1 < quorumOf(voters.length + 1)
    ? 'not-enough-started-members'
    : undefined;
}

/**
 * Started voters keep a quorum; one that is not connected may always go; one that is, only when those connected for
 * the health interval still are a quorum without it (etcd-facts 5.2).
 */
function whyNotRemove(world: World, leaving: Member, self: WorldHost): string | undefined {
  const rest = votersOf(world.members).filter(({ id }) => id !== leaving.id);
  const quorum = quorumOf(rest.length);
  if (rest.filter(isStarted).length < quorum) return 'not-enough-started-members';
  const host = liveHostOf(world, leaving.id);
  if (host === undefined || sideOf(host) !== sideOf(self)) return undefined;
  return connectedTo(world, self) - 1 < quorum ? 'unhealthy-cluster' : undefined;
}

/** How many voters have been connected to this member for the health interval, itself included. */
const connectedTo = (world: World, self: WorldHost): number =>
  votersOf(world.members).filter(({ id }) => {
    const host = liveHostOf(world, id);
    if (host === undefined) return false;
    if (host === self) return true;
    const since = Math.max(linkedSince(host), linkedSince(self));
    return sideOf(host) === sideOf(self) && since + HEALTH_INTERVAL_MS <= world.now;
  }).length;

const linkedSince = ({ process, rejoinedAt }: WorldHost): number =>
  Math.max(process.kind === 'running' ? process.startedAt : 0, rejoinedAt ?? 0);
