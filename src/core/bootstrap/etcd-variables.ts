import { type MemberID, assert } from '../../base/index.js';
import type { Member, MemberName, PeerURL } from '../cluster/index.js';

export interface EtcdVariables {
  readonly ETCD_NAME: string;
  readonly ETCD_INITIAL_CLUSTER: string;
  readonly ETCD_INITIAL_ADVERTISE_PEER_URLS: string;
  readonly ETCD_INITIAL_CLUSTER_STATE: 'existing';
}

/**
 * The four variables that etcdctl prints after `member add`, for a person who starts the newcomer.
 *
 * @param input.members etcd's own list, read after the add.
 * @param input.self the newcomer's entry in it.
 */
export function etcdVariables(input: {
  readonly name: MemberName;
  readonly members: readonly Member[];
  readonly self: MemberID;
}): EtcdVariables {
  const { name, members, self } = input;
  const own = members.find(({ id }) => id === self);
  assert(own !== undefined, `member ${self} is not in the list it joins`);
  const entries = namedForJoin(members, self, name).flatMap((member) =>
    [...member.peerURLs].sort().map((url) => `${member.name}=${url}`),
  );
  return {
    ETCD_NAME: name,
    ETCD_INITIAL_CLUSTER: entries.sort().join(','),
    ETCD_INITIAL_ADVERTISE_PEER_URLS: [...own.peerURLs].sort().join(','),
    ETCD_INITIAL_CLUSTER_STATE: 'existing',
  };
}

/** A name that may stand before `=` in `--initial-cluster`. */
const SAFE_NAME = /^[^=,\s]+$/;

/**
 * The names that a person knows, made fit for the flag: etcd compares count and peer URLs only (etcd-facts 1.3), but a
 * name must be there and be unique. Unstarted members have none yet, and two may bear the same.
 */
function namedForJoin(
  members: readonly Member[],
  self: MemberID,
  ownName: string,
): readonly { readonly name: string; readonly peerURLs: readonly PeerURL[] }[] {
  const taken = new Set([ownName]);
  return members.map(({ id, name, peerURLs }) => {
    if (id === self) return { name: ownName, peerURLs };
    const wanted = SAFE_NAME.test(name) ? name : `member-${id}`;
    const unique = taken.has(wanted) ? `${wanted}-${id}` : wanted;
    taken.add(unique);
    return { name: unique, peerURLs };
  });
}
