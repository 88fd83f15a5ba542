import { type ClusterID, deadlineSignal } from '../../base/index.js';
import type { Member } from '../../core/cluster/index.js';
import { LIST_MS, PEER_LOOK_MS } from './limits.js';
import type { ClusterSight, JoinSight, PlaceSight, TokenSight } from './sight.js';
import type { JoinWorld } from './world.js';

/** What is known from looks before. */
export interface Known {
  /** A closed token never changes, and whoever serves it may be gone once the cluster is born. */
  token: TokenSight | undefined;
  /** Members move on. */
  clientURLs: readonly string[];
  peerURLs: readonly string[];
}

/** Looks at as much as a decision needs: a log decides alone. */
export async function look(
  world: JoinWorld,
  self: { readonly peerURLs: readonly string[] },
  known: Known,
  signal: AbortSignal,
): Promise<JoinSight> {
  const data = await world.lookAtData();
  const holder = await world.lookForHolder();
  if (holder !== undefined) return { data, holder, place: { kind: 'none' }, cluster: NOT_ASKED };
  if (data.kind !== 'empty') return { data, place: { kind: 'none' }, cluster: NOT_ASKED };
  const place: PlaceSight =
    known.token === undefined
      ? await world.lookAtPlace(signal)
      : { kind: 'read', token: known.token };
  if (place.kind !== 'read') return { data, place, cluster: NOT_ASKED };
  if (place.token.state === 'closed') known.token = place.token;
  return { data, place, cluster: await lookAtCluster(world, self, place.token, known, signal) };
}

const NOT_ASKED: ClusterSight = { kind: 'unseen', because: 'Nobody was asked.' };

/** Asks whoever registered, and whoever is known since, for the member list. */
async function lookAtCluster(
  { admin }: Pick<JoinWorld, 'admin'>,
  self: { readonly peerURLs: readonly string[] },
  token: TokenSight,
  known: Known,
  signal: AbortSignal,
): Promise<ClusterSight> {
  const list = async (endpoints: readonly string[]) =>
    admin.memberList(endpoints, deadlineSignal(LIST_MS, signal));
  const listed = (clusterID: ClusterID, members: readonly Member[]): ClusterSight => {
    known.clientURLs = members.flatMap(({ clientURLs }) => clientURLs);
    known.peerURLs = members.flatMap(({ peerURLs }) => peerURLs);
    return { kind: 'listed', clusterID, members };
  };
  const isIt = (clusterID: ClusterID): boolean =>
    token.clusterID === undefined || token.clusterID === clusterID;

  if (known.clientURLs.length > 0) {
    const again = await list(known.clientURLs);
    if (again.ok && isIt(again.value.clusterID)) {
      return listed(again.value.clusterID, again.value.members);
    }
  }
  const registered = token.members.slice(0, token.size).flatMap(({ peerURLs }) => peerURLs);
  const asked = [...new Set([...registered, ...known.peerURLs])].filter(
    (url) => !self.peerURLs.includes(url),
  );
  const limited = deadlineSignal(PEER_LOOK_MS, signal);
  const sights = await Promise.all(
    asked.map(async (url) => ({ url, sight: await admin.peer(url, limited) })),
  );
  const endpoints = new Set<string>();
  const because: string[] = [];
  let answers = 0;
  for (const { url, sight } of sights) {
    if (sight.kind === 'silent') because.push(`${url}: ${sight.because}`);
    else if (isIt(sight.clusterID)) {
      answers++;
      for (const each of sight.members.flatMap(({ clientURLs }) => clientURLs)) endpoints.add(each);
    } else because.push(`${url}: answers for another cluster, ${sight.clusterID}`);
  }
  if (answers === 0) {
    return { kind: 'unseen', because: because.join('; ') || 'Nobody has registered.' };
  }
  const found = [...endpoints];
  if (found.length === 0) {
    return { kind: 'unlisted', because: 'No member has published its client URL.', endpoints: [] };
  }
  const first = await list(found);
  if (!first.ok) return { kind: 'unlisted', because: first.error.detail, endpoints: found };
  return isIt(first.value.clusterID)
    ? listed(first.value.clusterID, first.value.members)
    : { kind: 'unseen', because: `${found.join(', ')} answer for another cluster` };
}
