import { restartFlags } from '../../bootstrap/index.js';
import type { Standing, TargetMember } from '../../cluster/index.js';
import { STARTING_MAX_MS, retryAt } from '../guards.js';
import { stepOf, waitFor } from '../make.js';
import { flagsAsRegistered, mayHaveMoved } from '../registered-address.js';
import { type Rule, type View, ours, sightOf } from '../view.js';

/**
 * A member with its data and without a process is started: the first repair of all, needs no quorum and changes no
 * membership. The data alone decides, not the flags (etcd-facts 1.2); a host without data is never started here.
 */
export const startStoppedMembers: Rule = (view) => {
  const { clusterID } = view.record;
  if (clusterID === undefined) return undefined;
  for (const member of ours(view)) {
    const sight = sightOf(view, member);
    if (sight.process.kind !== 'stopped' || retryAt(sight.process) > view.now) continue;
    if (!view.guards.dataIsOurs(sight, clusterID)) continue;
    const standing = standingOnHost(view, member);
    if (isKnownGone(view, standing) || isLeavingAnyway(view, standing)) continue;
    if (mustWaitForAList(view, member)) return waitFor('peer-port', 'member-starting');
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
  return undefined;
};

/** It may be registered elsewhere than the spec wants it; the first that runs will tell, unless it hangs. */
const mustWaitForAList = (view: View, member: TargetMember): boolean =>
  view.standing.listKind === 'unseen' &&
  mayHaveMoved(view, member) &&
  ours(view).some((other) => {
    const { process } = sightOf(view, other);
    return process.kind === 'running' && view.now - process.startedAt <= STARTING_MAX_MS;
  });

const standingOnHost = (view: View, member: TargetMember): Standing | undefined =>
  view.standing.standings.find(({ sight }) => sight?.host === member.host);

/** Read through quorum, the list has no such member: starting it would only make it exit again. */
const isKnownGone = (view: View, standing: Standing | undefined): boolean =>
  standing === undefined && view.guards.listIsLinearizable(view.observation);

/** It is to be removed, and the rest have a quorum without it. */
const isLeavingAnyway = (view: View, standing: Standing | undefined): boolean =>
  standing?.retired === true && view.standing.margin >= 0;
