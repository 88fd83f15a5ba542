import {
  type HostAddresses,
  type PeerURL,
  type StartFlags,
  type TargetMember,
  sameURLs,
} from '../cluster/index.js';
import type { View } from './view.js';

/**
 * The flags of a member, but listening where it is registered: there the others dial it. As long as the list has it
 * elsewhere than the spec wants it, that is another place; several that listened where they are not registered could
 * not find each other at all (etcd-facts 5.7).
 */
export function flagsAsRegistered(
  { record }: View,
  { host, peerURLs, flags }: Pick<TargetMember, 'host' | 'peerURLs' | 'flags'>,
  registered: readonly PeerURL[] | undefined,
): StartFlags {
  if (registered === undefined || sameURLs(registered, peerURLs)) return flags;
  const known = Object.hasOwn(record.addresses, host) ? record.addresses[host] : undefined;
  return { ...flags, 'listen-peer-urls': listenURLs(registered, known).join(',') };
}

function listenURLs(
  registered: readonly PeerURL[],
  known: HostAddresses | undefined,
): readonly string[] {
  if (known !== undefined && sameURLs(known.peerURLs, registered)) return known.listenPeerURLs;
  // etcd listens on addresses only, never on names (etcd-facts 1.3).
  return registered.map((url) =>
    /^\w+:\/\/(\d+(\.\d+){3}|\[[0-9a-f:]+\]):\d+$/i.test(url)
      ? url
      : url.replace(/\/\/[^/]*:/, '//0.0.0.0:'),
  );
}

/** The spec's addresses are not those of the record: without a list nobody knows where the member is registered. */
export const mayHaveMoved = ({ record }: View, { host, peerURLs }: TargetMember): boolean => {
  const known = Object.hasOwn(record.addresses, host) ? record.addresses[host] : undefined;
  return known !== undefined && !sameURLs(known.peerURLs, peerURLs);
};
