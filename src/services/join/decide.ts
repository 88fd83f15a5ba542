import { type MemberID, type Problem, assertNever, unsafeBrand } from '../../base/index.js';
import {
  type ClusterToken,
  type EtcdVersion,
  type Member,
  type PeerURL,
  isAtLeast,
  isStarted,
  memberIDAtBirth,
} from '../../core/cluster/index.js';
import {
  joinClusterFull,
  joinClusterSilent,
  joinDataInUse,
  joinDataLost,
  joinNameTaken,
  joinNeedsTLS,
  joinNothingToJoin,
  joinOtherSpelling,
  joinProtocolUnfit,
  joinRegisteredBefore,
} from './problems.js';
import { type JoinSight, type TokenSight, memberAt } from './sight.js';

/** Who asks. */
export interface Asker {
  readonly name: string;
  readonly peerURLs: readonly string[];
  readonly dataDir: string;
  readonly sizeExceeded: 'gateway' | 'fail';
  /** What it would run. */
  readonly version: EtcdVersion;
  /** How it would meet the others; undefined when nobody says where. */
  readonly protocol: 'v2' | 'v3' | undefined;
}

/** The one thing to do next. */
export type Decision =
  /** etcd from its log. */
  | { readonly kind: 'restart' }
  /** etcd with `new` and the discovery flags: it registers, and waits for the others. */
  | { readonly kind: 'meet'; readonly size: number }
  /** etcd with `existing` and this list, in which it is `self`. */
  | { readonly kind: 'join'; readonly self: MemberID; readonly members: readonly Member[] }
  /** A gateway to these client URLs. */
  | { readonly kind: 'forward'; readonly endpoints: readonly string[] }
  /** Nothing can be said now; look again. */
  | { readonly kind: 'wait'; readonly because: Problem }
  /** It will not get better by itself. */
  | { readonly kind: 'refuse'; readonly problems: readonly Problem[] };

/** What happens next on this host. The data on it comes first: whoever has a log is a member, or was one. */
export function decide(asker: Asker, sight: JoinSight): Decision {
  const { data, holder } = sight;
  if (holder !== undefined) {
    const because = joinDataInUse({ dataDir: asker.dataDir, ...holder });
    return holder.isLeftOver ? { kind: 'wait', because } : refuse(because);
  }
  switch (data.kind) {
    case 'present':
      return { kind: 'restart' };
    case 'unreadable':
      return refuse(data.problem);
    case 'unseen':
      throw new TypeError(`One's own disk cannot be out of sight: ${data.because}`);
    case 'empty':
      return decideEmpty(asker, sight);
    default:
      return assertNever(data);
  }
}

function decideEmpty(asker: Asker, sight: JoinSight): Decision {
  const { place } = sight;
  switch (place.kind) {
    case 'none':
      return refuse(joinNothingToJoin({ member: asker.name, dataDir: asker.dataDir }));
    case 'unusable':
      return refuse(place.problem);
    case 'silent':
      return { kind: 'wait', because: place.problem };
    case 'read':
      return decideAtPlace(asker, place.token, sight);
    default:
      return assertNever(place);
  }
}

function decideAtPlace(asker: Asker, token: TokenSight, { cluster }: JoinSight): Decision {
  const { name, peerURLs } = asker;
  if (isOtherSpelling(token)) return refuse(joinOtherSpelling({ place: token.clusterToken }));
  if (token.state === 'burnt') return { kind: 'refuse', problems: token.problems };
  // Who registered after the last place is no member, and counts for nothing.
  const registered = token.members.slice(0, token.size);
  const secure = registered.flatMap((member) => member.peerURLs).find(isSecure);
  if (secure !== undefined)
    return refuse(joinNeedsTLS({ what: 'A member of the cluster', url: secure }));

  if (cluster.kind === 'listed') {
    const own = memberAt(cluster.members, peerURLs);
    if (own !== undefined && !isStarted(own)) {
      return { kind: 'join', self: own.id, members: cluster.members };
    }
    if (own !== undefined) return refuse(dataLost(asker, own.id));
    // Its registration was used up by the member that it was, and that somebody has removed.
    return withoutRoom(asker, token, cluster.members.filter(isStarted).flatMap(clientURLs));
  }
  const known = registered.find((member) => member.peerURLs.some((url) => peerURLs.includes(url)));
  if (known !== undefined && token.state === 'closed') return refuse(dataLost(asker, known.id));
  if (known !== undefined) {
    return refuse(joinRegisteredBefore({ member: name, id: known.id, place: token.clusterToken }));
  }
  switch (cluster.kind) {
    case 'unlisted':
      return withoutRoom(asker, token, cluster.endpoints);
    case 'unseen':
      break;
    default:
      return assertNever(cluster);
  }
  if (token.state === 'closed') {
    return asker.sizeExceeded === 'fail'
      ? refuse(clusterFull(asker, token))
      : { kind: 'wait', because: joinClusterSilent({ because: cluster.because }) };
  }
  const namesake = registered.find((member) => member.name === name);
  if (namesake !== undefined) {
    return refuse(joinNameTaken({ member: name, by: namesake.peerURLs.join(', ') }));
  }
  return canMeet(asker) ? { kind: 'meet', size: token.size } : refuse(protocolUnfit(asker));
}

function withoutRoom(asker: Asker, token: TokenSight, endpoints: readonly string[]): Decision {
  if (asker.sizeExceeded === 'fail') return refuse(clusterFull(asker, token));
  return endpoints.length > 0
    ? { kind: 'forward', endpoints }
    : { kind: 'wait', because: joinClusterSilent({ because: 'No member says where clients go.' }) };
}

/** Every registration was made with another text than ours: then it is ours that differs. */
const isOtherSpelling = ({ state, members, clusterToken }: TokenSight): boolean =>
  state === 'burnt' &&
  members.length > 0 &&
  members.every(
    ({ peerURLs, id }) =>
      memberIDAtBirth(
        unsafeBrand<readonly PeerURL[]>(peerURLs),
        unsafeBrand<ClusterToken>(clusterToken),
      ) !== id,
  );

/** v2 went with 3.7, v3 came with 3.6 (etcd-facts 2.5, 3). Whoever meets nobody need not know either. */
const canMeet = ({ version, protocol }: Asker): boolean =>
  protocol === 'v2' ? !isAtLeast(version, 3, 7) : isAtLeast(version, 3, 6);

const protocolUnfit = ({ version, protocol = 'v3' }: Asker): Problem =>
  joinProtocolUnfit({ version, protocol });

const refuse = (problem: Problem): Decision => ({ kind: 'refuse', problems: [problem] });

const dataLost = ({ name, peerURLs, dataDir }: Asker, id: string): Problem =>
  joinDataLost({ member: name, id, peerURLs: peerURLs.join(','), dataDir });

const clusterFull = ({ name, peerURLs }: Asker, { size }: TokenSight): Problem =>
  joinClusterFull({ member: name, size, peerURLs: peerURLs.join(',') });

const clientURLs = (member: Member): readonly string[] => member.clientURLs;

const isSecure = (url: string): boolean => url.startsWith('https:') || url.startsWith('unixs:');
