/** What a run really exercised: how often each thing happened. */
export type Coverage = Map<string, number>;

export const count = (coverage: Coverage, what: string, times = 1): void => {
  coverage.set(what, (coverage.get(what) ?? 0) + times);
};

export function addCoverage(sum: Coverage, more: Iterable<readonly [string, number]>): void {
  for (const [what, times] of more) count(sum, what, times);
}
