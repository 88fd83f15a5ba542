import type { HostFacts, NameSight } from '../facts.js';
import type { PreflightHost, PreflightWish } from '../hosts.js';
import type { HostSight } from '../sights.js';
import { type Verdict, judgeOf } from '../verdict.js';

/** Whether a host finds by name whom it is to talk to, and the same as the others find. */
export function judgeNames(
  wish: PreflightWish,
  { host }: PreflightHost,
  { names }: HostFacts,
  all: readonly HostSight[],
): readonly Verdict[] {
  if (names.length === 0) return [];
  const verdicts = names.flatMap((sight) => judgeName(wish, host, sight, all));
  if (verdicts.length > 0) return verdicts;
  const told = names.map(({ name, addresses }) => `${name} ${addresses.join(' ')}`);
  return [judgeOf('names', host).ok(`every name is known: ${told.join(', ')}`)];
}

const isLoopback = (address: string): boolean => address.startsWith('127.') || address === '::1';

function judgeName(
  wish: PreflightWish,
  host: string,
  { name, addresses, isLate }: NameSight,
  all: readonly HostSight[],
): readonly Verdict[] {
  const says = judgeOf('names', host);
  const resolvers = 'See what it asks:\n  cat /etc/resolv.conf /etc/hosts';
  if (isLate) {
    return [says.problem(`${name} is not resolved within 4 s`, { hint: resolvers })];
  }
  if (addresses.length === 0) {
    return [says.problem(`${name} is not known here`, { hint: resolvers })];
  }
  const owner = wish.hosts.find(({ dialled }) => dialled.some((each) => each.name === name));
  const near = addresses.filter(isLoopback);
  // A host may find itself there; others would talk to themselves.
  if (owner?.host === host) return [];
  if (near.length > 0) {
    return [
      says.problem(`${name} is ${near.join(', ')} here: it would talk to itself`, {
        hint: `Take ${name} out of the line of ${near.join(', ')} in /etc/hosts.`,
      }),
    ];
  }
  const [other] = all.flatMap(({ host: each, facts }) => {
    if (facts?.kind !== 'seen' || each.host === host || each.host === owner?.host) return [];
    const seen = facts.value.names.find((sight) => sight.name === name);
    return seen === undefined || seen.addresses.length === 0 || isSame(seen.addresses, addresses)
      ? []
      : [{ host: each.host, addresses: seen.addresses }];
  });
  if (other === undefined) return [];
  return [
    says.warning(
      `${name} is ${addresses.join(', ')} here and ${other.addresses.join(', ')} on ${other.host}`,
      { hint: resolvers },
    ),
  ];
}

const isSame = (one: readonly string[], other: readonly string[]): boolean =>
  [...one].sort().join() === [...other].sort().join();
