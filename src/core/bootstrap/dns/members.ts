import { type Problem, type Result, err, ok } from '../../../base/index.js';
import type { HostAddresses } from '../../cluster/index.js';
import type { ClusterSpec, MemberSpec } from '../../spec/index.js';
import { noAddress } from '../problems.js';
import { withScheme } from '../tls.js';
import type { DNSMember } from './cluster-dns.js';
import { addressType, partsOf } from './hosts.js';

const PEER_PORT = 2380;
const CLIENT_PORT = 2379;

/**
 * The members of a spec as the DNS is to know them: what the spec says they advertise, else what the driver found, else
 * etcd's own ports on the host it names. Where only slots are named (the local driver), somebody must have found addresses.
 */
export function dnsMembersOf(
  spec: ClusterSpec,
  found: Readonly<Record<string, HostAddresses>>,
): Result<readonly DNSMember[], readonly Problem[]> {
  const problems: Problem[] = [];
  const members = spec.members.flatMap((member) => {
    const addresses = Object.hasOwn(found, member.host) ? found[member.host] : undefined;
    const peers = member.peerURLs ?? addresses?.peerURLs ?? usual(spec, member, PEER_PORT);
    const clients = member.clientURLs ?? addresses?.clientURLs ?? usual(spec, member, CLIENT_PORT);
    if (peers === undefined || clients === undefined) {
      const { name, host } = member;
      problems.push(noAddress({ cluster: spec.name, member: name, host }));
      return [];
    }
    const peerURLs = withScheme(spec.tls, peers);
    const clientURLs = withScheme(spec.tls, clients);
    return [
      { name: member.name, peerURLs, clientURLs, addresses: hostAddresses(member, addresses) },
    ];
  });
  return problems.length > 0 ? err(problems) : ok(members);
}

function usual(
  spec: ClusterSpec,
  { host }: MemberSpec,
  port: number,
): readonly string[] | undefined {
  if (spec.driver.kind === 'local') return undefined;
  const scheme = spec.tls.kind === 'off' ? 'http' : 'https';
  return [`${scheme}://${addressType(host) === 'AAAA' ? `[${host}]` : host}:${port}`];
}

/** Where its machine is: the host when it is an address, and every address that the driver found. */
function hostAddresses({ host }: MemberSpec, found: HostAddresses | undefined): readonly string[] {
  const hosts = [...(found?.peerURLs ?? []), ...(found?.clientURLs ?? [])].flatMap(
    (url) => partsOf(url)?.host ?? [],
  );
  return [...new Set([host, ...hosts])].filter((each) => addressType(each) !== undefined);
}

/** A member of etcd's own list. */
export interface ListedMember {
  readonly id: string;
  /** Empty until it has started once. */
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly clientURLs: readonly string[];
}

/**
 * What may be published now: the members that the list has and the spec wants; before there is a list, those of the spec.
 * That is the safe order of a change: a newcomer is published after it was added, and one that leaves is taken out before
 * it is removed. Names and addresses that the list does not carry come from the spec.
 */
export const publishable = (
  wanted: readonly DNSMember[],
  listed: readonly ListedMember[] | undefined,
): readonly DNSMember[] =>
  listed === undefined ? wanted : inTheirPlaces(wanted, listed).map(({ member }) => member);

/** A member of the list, and as the DNS is to know it. */
export interface PlacedMember {
  readonly listed: ListedMember;
  readonly member: DNSMember;
}

/** What `publishable` takes, with the list's own entry beside each. */
export const inTheirPlaces = (
  wanted: readonly DNSMember[],
  listed: readonly ListedMember[],
): readonly PlacedMember[] =>
  listed.flatMap((each) => {
    const own = wanted.find((candidate) => isSame(candidate, each));
    if (own === undefined) return [];
    return [{ listed: each, member: { ...own, clientURLs: each.clientURLs } }];
  });

/**
 * Whether the DNS would lead to another machine than before. Such a member is moved only when it is not there any more:
 * a spec that says otherwise is only a wish, and whoever runs must not lose its name to it.
 */
export const leadsElsewhere = (before: DNSMember, now: DNSMember): boolean =>
  [...before.addresses].sort().join() !== [...now.addresses].sort().join();

/**
 * By name, or by port and host: the list has the name of an SRV target where the spec has an address. A member that was
 * added has no name before it starts, and one of a birth by DNS has a number for a name until it has started (etcd-facts
 * 4): just then it needs its record.
 */
const isSame = (wanted: DNSMember, listed: ListedMember): boolean =>
  wanted.name === listed.name ||
  wanted.peerURLs.some((url) => listed.peerURLs.some((each) => namesSamePlace(url, each, wanted)));

function namesSamePlace(wanted: string, listed: string, { name }: DNSMember): boolean {
  if (wanted === listed) return true;
  const [a, b] = [partsOf(wanted), partsOf(listed)];
  return a?.port === b?.port && b?.host.split('.')[0] === name.toLowerCase();
}

/** The members of a list alone, when nobody has a spec of the cluster. */
export const membersOfList = (listed: readonly ListedMember[]): readonly DNSMember[] =>
  listed.map(({ id, name, peerURLs, clientURLs }) => ({
    name: name === '' ? `member-${id}` : name,
    peerURLs,
    clientURLs,
    // A listed name of the domain leads where its client URLs do.
    addresses: clientURLs.flatMap((url) => partsOf(url)?.host ?? []),
  }));
