/** More voters than this slow every write and add nothing: etcd's own advice (FAQ, "maximum cluster size"). */
export const VOTERS_MAX = 7;

/** The number of voters that must agree: ⌊n/2⌋+1. Zero voters have no quorum; we answer 1, which is never met. */
export const quorumOf = (voterCount: number): number => Math.floor(voterCount / 2) + 1;

/**
 * Healthy voters minus quorum: how many voters may still fail. Negative: quorum is lost.
 *
 * @example marginOf(3, 3) === 1
 */
export const marginOf = (voterCount: number, healthyCount: number): number =>
  healthyCount - quorumOf(voterCount);

/** The margin before and after a step, with the numbers it was computed from, so that a person can check it. */
export interface MarginChange {
  readonly before: number;
  readonly after: number;
  readonly votersBefore: number;
  readonly healthyBefore: number;
  readonly votersAfter: number;
  readonly healthyAfter: number;
}
