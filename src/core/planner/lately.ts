import type { Instant } from '../../base/index.js';
import type { ClusterStanding, Observation } from '../cluster/index.js';

/**
 * What a controller remembers of its own looks. No step is made safe by it: it only tells what is passing from what
 * lasts, and spares etcd what it would refuse. Without it, the ages of the processes stand in.
 */
export interface Lately {
  /** Since when no look saw a leader; absent when the last one did. */
  readonly leaderlessSince?: Instant;
  /** When each voter of the last list was last seen not to be well, by member id; who always was is absent. */
  readonly unwellAt: Readonly<Record<string, Instant>>;
}

export const NOTHING_LATELY: Lately = { unwellAt: {} };

/** After one more look. Voters that the list has no more are forgotten, unless no list was seen. */
export function remember(
  before: Lately,
  { at }: Observation,
  { leader, voters, listKind }: ClusterStanding,
): Lately {
  const unwellAt: Record<string, Instant> = listKind === 'unseen' ? { ...before.unwellAt } : {};
  for (const { member, healthy } of voters) {
    const was = healthy ? before.unwellAt[member.id] : at;
    if (was !== undefined) unwellAt[member.id] = was;
  }
  return leader === undefined
    ? { leaderlessSince: before.leaderlessSince ?? at, unwellAt }
    : { unwellAt };
}
