/** What is to be seen of a token, and what is wrong with it. Pure; sights of peers are given. */
import { type ClusterID, type MemberID, type Problem, parseMemberID } from '../../base/index.js';
import type { PeerSight } from '../../core/cluster/index.js';
import { type MemberEntry, clusterIDFrom, memberIDFrom } from './identity.js';
import {
  discoveryBeyondSize,
  discoveryBurnt,
  discoveryCameBackEmpty,
  discoveryDuplicateName,
  discoveryForeignCluster,
  discoveryMemberAbsent,
} from './problems.js';
import { parseRegistration } from './registration.js';
import type { DiscoveryProtocol, Registration } from './store.js';

/** What was read of a token, wherever from. */
export interface TokenFacts {
  readonly token: string;
  readonly protocol: DiscoveryProtocol;
  readonly size: number;
  /** The URL over v2, the token over v3. Undefined while no member has fixed it. */
  readonly clusterToken: string | undefined;
  /** In the order of registration. */
  readonly registrations: readonly Registration[];
}

export interface TokenReport {
  readonly token: string;
  readonly protocol: DiscoveryProtocol;
  readonly size: number;
  readonly url: string | undefined;
  readonly state: 'open' | 'closed' | 'burnt';
  /** What the cluster's id is, once all have registered. */
  readonly clusterID: ClusterID | undefined;
  readonly members: readonly RegisteredMember[];
  /** Places that nobody has taken yet. */
  readonly missing: number;
  readonly problems: readonly Problem[];
}

export interface RegisteredMember extends MemberEntry {
  readonly id: string;
  readonly index: bigint;
  /** `waits`: before the cluster has formed a member answers nobody but its peers. */
  readonly answers: 'this-cluster' | 'other-cluster' | 'silent' | 'waits' | 'beyond';
}

interface Read extends MemberEntry {
  readonly registration: Registration;
  readonly id: MemberID;
}

/** Which peer URLs it makes sense to ask: one of each member, once all have registered. */
export const peersToAsk = (facts: TokenFacts): readonly string[] =>
  facts.registrations.length < facts.size
    ? []
    : facts.registrations.slice(0, facts.size).flatMap(({ value }) => {
        const entry = parseRegistration(value);
        return entry.ok ? entry.value.peerURLs.slice(0, 1) : [];
      });

export function tokenReportOf(
  facts: TokenFacts,
  peers: ReadonlyMap<string, PeerSight> = new Map(),
): TokenReport {
  const { token, protocol, size, clusterToken, registrations } = facts;
  const { read, unreadable } = readAll(registrations);
  const first = read.slice(0, size);
  const burnt = [...unreadable, ...burntBy(facts, first)];
  const isFull = read.length >= size;
  const clusterID =
    isFull && burnt.length === 0 ? clusterIDFrom(first.map(({ id }) => id)) : undefined;
  const problems: Problem[] = [...burnt];
  const closedIndex = isFull ? first.at(-1)?.registration.createdIndex : undefined;
  const members = read.map((each, at): RegisteredMember => {
    const { registration, name, peerURLs } = each;
    const [peerURL = ''] = peerURLs;
    const sight = peers.get(peerURL);
    const answers = at >= size ? 'beyond' : answersOf(sight, clusterID);
    const { againIndex } = registration;
    if (closedIndex !== undefined && againIndex !== undefined && againIndex > closedIndex) {
      problems.push(discoveryCameBackEmpty({ token, member: name, id: registration.id }));
    }
    if (answers === 'beyond') problems.push(discoveryBeyondSize({ token, member: name, size }));
    if (sight?.kind === 'answered' && answers === 'other-cluster') {
      problems.push(
        discoveryForeignCluster({
          member: name,
          peerURL,
          expected: clusterID ?? 'none',
          answers: sight.clusterID,
        }),
      );
    }
    if (sight?.kind === 'silent' && answers === 'silent') {
      problems.push(discoveryMemberAbsent({ member: name, peerURL, because: sight.because }));
    }
    return { id: registration.id, index: registration.createdIndex, name, peerURLs, answers };
  });
  return {
    token,
    protocol,
    size,
    url: protocol === 'v2' ? clusterToken : undefined,
    state: burnt.length > 0 ? 'burnt' : isFull ? 'closed' : 'open',
    clusterID,
    members,
    missing: Math.max(0, size - read.length),
    problems,
  };

  function readAll(all: readonly Registration[]) {
    const good: Read[] = [];
    const bad: Problem[] = [];
    for (const registration of all) {
      const entry = parseRegistration(registration.value);
      const id = parseMemberID(registration.id);
      if (entry.ok && id !== undefined) good.push({ ...entry.value, registration, id });
      else {
        const because = `${registration.id} registered ${JSON.stringify(registration.value.slice(0, 200))}, which no etcd reads.`;
        bad.push(discoveryBurnt({ token, because }));
      }
    }
    return { read: good, unreadable: bad };
  }
}

function answersOf(
  sight: PeerSight | undefined,
  clusterID: ClusterID | undefined,
): RegisteredMember['answers'] {
  if (sight === undefined) return 'waits';
  if (sight.kind === 'silent') return 'silent';
  return sight.clusterID === clusterID ? 'this-cluster' : 'other-cluster';
}

/** What etcd ends or crashes at, or what makes more than one cluster. */
function burntBy({ token, clusterToken }: TokenFacts, first: readonly Read[]): readonly Problem[] {
  const problems: Problem[] = [];
  const byName = new Map<string, string[]>();
  const byURL = new Map<string, string[]>();
  for (const { name, peerURLs, id } of first) {
    byName.set(name, [...(byName.get(name) ?? []), id]);
    for (const url of peerURLs) byURL.set(url, [...(byURL.get(url) ?? []), name]);
    if (clusterToken === undefined || memberIDFrom(peerURLs, clusterToken) === id) continue;
    const because = `${name} registered as ${id}, which does not come from ${clusterToken}: it was started with another spelling.`;
    problems.push(discoveryBurnt({ token, because }));
  }
  for (const [member, ids] of byName) {
    if (ids.length > 1) problems.push(discoveryDuplicateName({ token, member, ids }));
  }
  for (const [url, names] of byURL) {
    if (names.length < 2) continue;
    const because = `${names.join(' and ')} have registered one peer URL, ${url}.`;
    problems.push(discoveryBurnt({ token, because }));
  }
  return problems;
}
