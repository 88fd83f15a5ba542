import type { MemberID } from '../../base/index.js';
import {
  type HostName,
  type HostSight,
  type PeerURL,
  memberIDAtBirth,
  withoutScheme,
} from '../cluster/index.js';
import { blockedBy } from './make.js';
import type { Plan } from './plan-types.js';
import { copiedData } from './problems.js';
import type { View } from './view.js';

/**
 * The host that a member's log belongs to, by where the member is registered; without a list by the addresses that its
 * id was made of at the birth. Undefined when neither says it.
 */
export function homeOf(view: View, id: MemberID): HostName | undefined {
  const { target, record } = view;
  const places: readonly (readonly [string, readonly PeerURL[]])[] = [
    ...target.members.map(({ host, peerURLs }) => [host, peerURLs] as const),
    ...Object.entries(record.addresses).map(([host, { peerURLs }]) => [host, peerURLs] as const),
  ];
  const registered = view.standing.standings.find(({ member }) => member.id === id)?.member;
  // The record keeps what a host was given before it had certificates.
  const listed = registered?.peerURLs.map(withoutScheme);
  const home =
    listed === undefined
      ? places.find(([, urls]) => memberIDAtBirth(urls, target.token) === id)
      : places.find(([, urls]) => urls.some((url) => listed.includes(withoutScheme(url))));
  return view.observation.hosts.find(({ host }) => host === home?.[0])?.host;
}

/** Its log lies on another host as well, and belongs there. */
export function isCopy(view: View, sight: HostSight): boolean {
  if (sight.data.kind !== 'present' || twinsOf(view, sight).length === 0) return false;
  return !view.guards.isAtHome(sight, homeOf(view, sight.data.memberID));
}

/** Tells a copy; undefined when it is none. */
export function refuseCopy(view: View, sight: HostSight): Plan | undefined {
  const { data, host } = sight;
  if (data.kind !== 'present' || !isCopy(view, sight)) return undefined;
  const others = twinsOf(view, sight).map((other) => other.host);
  return blockedBy(
    copiedData({ cluster: view.target.name, host, memberID: data.memberID, others }),
  );
}

/** Other hosts with the log of the same member. */
const twinsOf = ({ observation }: View, { host, data }: HostSight): readonly HostSight[] =>
  observation.hosts.filter(
    (other) =>
      other.host !== host &&
      data.kind === 'present' &&
      other.data.kind === 'present' &&
      other.data.memberID === data.memberID,
  );
