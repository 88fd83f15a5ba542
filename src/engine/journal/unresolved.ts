import { type Instant, assertNever, instantOf } from '../../base/index.js';
import type { Member } from '../../core/cluster/index.js';
import { MEMBERSHIP_STEPS, type Step } from '../../core/planner/index.js';
import type { JournalEntry } from '../ports/index.js';

/** A membership request that may have been sent, and of which nobody knows the end. */
export interface UnresolvedDecision {
  readonly id: string;
  readonly step: Step;
  readonly decidedAt: Instant;
  /** The latest moment it can have been sent. */
  readonly at: Instant;
}

/**
 * The last membership decision if its end is not known. `startedAt` is when the reader took the lock: whoever
 * decided is dead since then at the latest, so nothing can have been sent later. A decision without any outcome is
 * therefore dated `startedAt`, not by its own time: its author may have slept between deciding and sending.
 */
export function unresolvedFrom(
  entries: readonly JournalEntry[],
  startedAt: Instant,
): UnresolvedDecision | undefined {
  const decided = entries.findLast(
    (entry) => entry.kind === 'decided' && MEMBERSHIP_STEPS.has(entry.step.kind),
  );
  if (decided?.kind !== 'decided') return undefined;
  let givenUpAt: Instant | undefined;
  for (const entry of entries) {
    if (entry.kind !== 'outcome' || entry.id !== decided.id) continue;
    if (entry.outcome !== 'unknown') return undefined;
    givenUpAt = entry.at;
  }
  return {
    id: decided.id,
    step: decided.step,
    decidedAt: decided.at,
    at: instantOf(Math.min(givenUpAt ?? startedAt, startedAt)),
  };
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
    case 'record-birth':
      return false;
    default:
      return assertNever(step);
  }
}

const sameURLs = (a: readonly string[], b: readonly string[]): boolean =>
  [...a].sort().join() === [...b].sort().join();
