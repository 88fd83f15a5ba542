import type { ClusterID } from '../../../base/index.js';
import { flagsLike, restartFlags } from '../../bootstrap/index.js';
import type {
  HostSight,
  Member,
  PeerURL,
  Standing,
  StartFlags,
  TargetMember,
} from '../../cluster/index.js';
import { elapsedMs } from '../elapsed.js';
import { STARTING_MAX_MS, retryAt } from '../guards.js';
import { isCopy } from '../log-home.js';
import { stepOf, waitFor } from '../make.js';
import type { Plan } from '../plan-types.js';
import { flagsAsRegistered, mayHaveMoved } from '../registered-address.js';
import { certificatesFirst } from './keep-certificates.js';
import { stopGateway } from './run-gateways.js';
import { isLastInPlainText, updateStep } from './update-peer-urls.js';
import { waitForUnresolvedChange } from './wait-for-unresolved-change.js';
import { type Rule, type View, nameOn, ours, sightOf } from '../view.js';

/**
 * A member with its data and without a process is started: the first repair of all, needs no quorum and changes no
 * membership. The data alone decides, not the flags (etcd-facts 1.2); a host without data is never started here.
 */
export const startStoppedMembers: Rule = (view) => {
  const { clusterID } = view.record;
  if (clusterID === undefined) return undefined;
  for (const member of ours(view)) {
    const sight = sightOf(view, member);
    if (sight.process.kind !== 'stopped' || retryAt(sight.process, view.now) > view.now) continue;
    if (!view.guards.dataIsOurs(sight, clusterID)) continue;
    if (isCopy(view, sight)) continue;
    const standing = standingOnHost(view, member);
    if (isKnownGone(view, standing) || isLeavingAnyway(view, standing)) continue;
    if (mustWaitForAList(view, member)) return waitFor('peer-port', 'member-starting');
    const clearing = stopGateway(view, sight, 'gateway-makes-way');
    if (clearing !== undefined) return clearing;
    const certificates = certificatesFirst(view, member.host);
    if (certificates !== undefined) return certificates;
    if (standing !== undefined && mayBeRegisteredFirst(view, standing)) {
      return updateStep(view, standing);
    }
    const { version } = view.target;
    const flags = flagsAsRegistered(view, member, standing?.member.peerURLs);
    return stepOf(
      view,
      {
        kind: 'start-member',
        host: member.host,
        name: member.name,
        launch: { purpose: 'restart', version, flags: restartFlags(flags) },
      },
      'process-not-running',
    );
  }
  return startLeaving(view, clusterID);
};

/** It was stopped for it; where the list cannot be changed now, it starts as it is registered. */
const mayBeRegisteredFirst = (view: View, standing: Standing): boolean =>
  isLastInPlainText(view, standing) &&
  view.guards.listIsLinearizable(view.observation) &&
  waitForUnresolvedChange(view) === undefined;

/** It may be registered elsewhere than the spec wants it; the first that runs will tell, unless it hangs. */
const mustWaitForAList = (view: View, member: TargetMember): boolean =>
  view.standing.listKind === 'unseen' &&
  mayHaveMoved(view, member) &&
  ours(view).some((other) => {
    const { process } = sightOf(view, other);
    return process.kind === 'running' && elapsedMs(process.startedAt, view.now) <= STARTING_MAX_MS;
  });

/**
 * A voter that the spec does not want any more is started too while there is no quorum: it may be the one that is
 * missing, and without a quorum nobody can be removed in peace.
 */
function startLeaving(view: View, clusterID: ClusterID): Plan | undefined {
  if (view.guards.listIsLinearizable(view.observation)) return undefined;
  for (const leaving of leavingVoters(view)) {
    const { sight, name } = leaving;
    if (sight.process.kind !== 'stopped') continue;
    if (ours(view).some(({ host }) => host === sight.host) || isCopy(view, sight)) continue;
    if (retryAt(sight.process, view.now) > view.now || !view.guards.dataIsOurs(sight, clusterID))
      continue;
    const flags = flagsOfLeaving(view, leaving);
    if (flags === undefined || name === '') continue;
    const certificates = certificatesFirst(view, sight.host);
    if (certificates !== undefined) return certificates;
    const { version } = view.target;
    return stepOf(
      view,
      {
        kind: 'start-member',
        host: sight.host,
        name,
        launch: { purpose: 'restart', version, flags: restartFlags(flags) },
      },
      'process-not-running',
    );
  }
  return undefined;
}

/** A voter outside the spec, or one that may be it. */
interface Leaving {
  readonly sight: HostSight;
  readonly name: Member['name'];
  /** Where the list has it; absent while there is no list. */
  readonly registered?: readonly PeerURL[];
}

/**
 * Voters of the list that we have, and while nobody leads whoever else has data: a member's own list may be older than a
 * promotion, and without any list somebody must run before there can be one.
 */
function leavingVoters(view: View): readonly Leaving[] {
  const { standings, leader } = view.standing;
  return view.observation.hosts.flatMap((sight): readonly Leaving[] => {
    const listed = standings.find((standing) => standing.sight?.host === sight.host);
    if (listed?.wanted !== undefined) return [];
    if (leader !== undefined && (listed === undefined || listed.member.isLearner)) return [];
    if (listed === undefined) return [{ sight, name: nameOn(view, sight) }];
    const { name, peerURLs: registered } = listed.member;
    return [{ sight, name: name === '' ? nameOn(view, sight) : name, registered }];
  });
}

/** Undefined when the record has lost its addresses, or the spec has no member of ours to be like. */
function flagsOfLeaving(view: View, leaving: Leaving): StartFlags | undefined {
  const { name, registered } = leaving;
  const { host } = leaving.sight;
  const { addresses: known } = view.record;
  const addresses = Object.hasOwn(known, host) ? known[host] : undefined;
  const [sibling] = ours(view);
  if (addresses === undefined || sibling === undefined) return undefined;
  const flags = flagsLike(sibling.flags, {
    name,
    addresses,
    authorities: view.target.authorities,
  });
  return flagsAsRegistered(view, { host, peerURLs: addresses.peerURLs, flags }, registered);
}

const standingOnHost = (view: View, member: TargetMember): Standing | undefined =>
  view.standing.standings.find(({ sight }) => sight?.host === member.host);

/** Read through quorum, the list has no such member: starting it would only make it exit again. */
const isKnownGone = (view: View, standing: Standing | undefined): boolean =>
  standing === undefined && view.guards.listIsLinearizable(view.observation);

/** It is to be removed, and the rest have a quorum without it. */
const isLeavingAnyway = (view: View, standing: Standing | undefined): boolean =>
  standing?.retired === true && view.standing.margin >= 0;
