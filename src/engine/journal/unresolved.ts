import { type Instant, assertNever, instantOf } from '../../base/index.js';
import { type Member, sameURLs } from '../../core/cluster/index.js';
import { MEMBERSHIP_STEPS, type Step } from '../../core/planner/index.js';
import type { JournalEntry } from '../ports/index.js';

/** A membership request that may have been sent, and of which nobody knows the end. */
export interface UnresolvedDecision {
  readonly id: string;
  readonly step: Step;
  readonly decidedAt: Instant;
  /** The latest moment it can have been sent. */
  readonly at: Instant;
  /** Its author never wrote an end: what he sent may not even have come to etcd yet. */
  readonly isUnderWay?: boolean;
}

/**
 * Every membership decision whose end is not known, the one that can have been sent last at the end. Not the newest
 * decision alone: after the lock changed hands, one that its author could not carry out any more may stand after it.
 *
 * `startedAt` is when the reader took the lock: whoever decided is dead since then at the latest, so nothing can have
 * been sent later. A decision without any outcome is therefore dated `startedAt`, not by its own time: its author may
 * have slept between deciding and sending.
 */
export function unresolvedFrom(
  entries: readonly JournalEntry[],
  startedAt: Instant,
): readonly UnresolvedDecision[] {
  const open = new Map<string, UnresolvedDecision>();
  for (const entry of entries) {
    if (entry.kind === 'decided' && MEMBERSHIP_STEPS.has(entry.step.kind)) {
      const { id, step, at: decidedAt } = entry;
      open.set(id, { id, step, decidedAt, at: startedAt, isUnderWay: true });
    }
    if (entry.kind !== 'outcome') continue;
    const decision = open.get(entry.id);
    if (decision === undefined) continue;
    if (entry.outcome === 'unknown') {
      const { id, step, decidedAt } = decision;
      open.set(id, { id, step, decidedAt, at: instantOf(Math.min(entry.at, startedAt)) });
    } else {
      open.delete(entry.id);
    }
  }
  return [...open.values()].sort((a, b) => a.at - b.at);
}

/**
 * Whether the list shows what the step wanted. Says the end of an unknown step once it can no longer land;
 * steps that are not in the member list answer false.
 */
export function hasLanded(step: Step, members: readonly Member[]): boolean {
  const find = (id: Member['id']) => members.find((member) => member.id === id);
  switch (step.kind) {
    case 'add-learner':
      return members.some((member) => sameURLs(member.peerURLs, step.peerURLs));
    case 'promote-learner':
      return find(step.member)?.isLearner === false;
    case 'remove-member':
      return find(step.member) === undefined;
    case 'update-peer-urls':
      return sameURLs(find(step.member)?.peerURLs ?? [], step.peerURLs);
    case 'start-member':
    case 'stop-member':
    case 'move-leader':
    case 'set-aside-data':
    case 'start-gateway':
    case 'stop-gateway':
    case 'update-consumer':
    case 'install-certificates':
    case 'advance-rotation':
    case 'record-birth':
      return false;
    default:
      return assertNever(step);
  }
}
