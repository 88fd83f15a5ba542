import { unsafeBrand } from '../../base/index.js';
import {
  type ClusterToken,
  type Member,
  type MemberName,
  type PeerURL,
  type StartFlags,
  memberIDAtBirth,
} from '../cluster/index.js';
import type { World } from './world.js';

/** What `--initial-cluster` and the token make of a first start with `new`; without the flag, what the spec says now. */
export function birthListOf({ target }: World, flags: StartFlags): readonly Member[] {
  const token = unsafeBrand<ClusterToken>(flags['initial-cluster-token'] ?? target.token);
  const memberOf = (name: string, peerURLs: readonly PeerURL[]): Member => ({
    id: memberIDAtBirth(peerURLs, token),
    name: unsafeBrand<MemberName>(name),
    peerURLs,
    clientURLs: [],
    isLearner: false,
  });
  const told = flags['initial-cluster'];
  if (told === undefined) {
    return target.members.map(({ name, peerURLs }) => memberOf(name, peerURLs));
  }
  const urls = new Map<string, PeerURL[]>();
  for (const entry of told.split(',')) {
    const [name = '', url = ''] = entry.split('=');
    urls.set(name, [...(urls.get(name) ?? []), unsafeBrand<PeerURL>(url)]);
  }
  return [...urls].map(([name, peerURLs]) => memberOf(name, peerURLs));
}
