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
  /** Since when no look saw each host, by its name; who was seen in the last one is absent. */
  readonly unseenSince: Readonly<Record<string, Instant>>;
}

export const NOTHING_LATELY: Lately = { unwellAt: {}, unseenSince: {} };

/** After one more look. Voters that the list has no more are forgotten, unless no list was seen. */
export function remember(
  before: Lately,
  { at, hosts }: Observation,
  { leader, voters, listKind }: ClusterStanding,
): Lately {
  const unwellAt: Record<string, Instant> = listKind === 'unseen' ? { ...before.unwellAt } : {};
  for (const { member, healthy } of voters) {
    const was = healthy ? before.unwellAt[member.id] : at;
    if (was !== undefined) unwellAt[member.id] = was;
  }
  const unseen = hosts.filter(({ process }) => process.kind === 'unseen');
  const unseenSince = Object.fromEntries(
    unseen.map(({ host }) => [host, before.unseenSince[host] ?? at]),
  );
  return leader === undefined
    ? { leaderlessSince: before.leaderlessSince ?? at, unwellAt, unseenSince }
    : { unwellAt, unseenSince };
}
