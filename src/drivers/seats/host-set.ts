import type { HostName } from '../../core/cluster/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';

/**
 * The hosts that hold the state, and how a majority of them is counted. While the set changes, `before` is the one it
 * changes from, and whatever counts needs a majority of both. Each change, and each new holder of the lock, gives it a
 * higher number, so that a seat that knows an older set is refused by every host that knows better.
 */
export interface HostSet {
  readonly number: number;
  readonly hosts: readonly HostName[];
  readonly before?: readonly HostName[];
}

/**
 * Numbers of sets follow the lock's: two holders never give the same one, even when one of them died with a change that
 * the other has not seen.
 */
const CHANGES_PER_LOCK = 1000;
export const firstNumberOf = (fence: number): number => fence * CHANGES_PER_LOCK;

export const majorityOf = (count: number): number => Math.floor(count / 2) + 1;

export const hostsIn = (set: HostSet): readonly HostName[] => [
  ...new Set([...set.hosts, ...(set.before ?? [])]),
];

export function isQuorum(set: HostSet, has: (host: HostName) => boolean): boolean {
  const sides = set.before === undefined ? [set.hosts] : [set.hosts, set.before];
  return sides.every((hosts) => hosts.filter(has).length >= majorityOf(hosts.length));
}

export const isSameHosts = (a: readonly HostName[], b: readonly HostName[]): boolean =>
  a.length === b.length && a.every((host) => b.includes(host));

/**
 * The hosts that should hold the state: the members'. Proxies do not count: they may be many and away for good reasons,
 * and then nobody could repair a member.
 */
export const holdersOf = ({ members }: Pick<ClusterSpec, 'members'>): readonly HostName[] => [
  ...new Set(members.map(({ host }) => host)),
];
