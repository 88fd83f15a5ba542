import type { ClusterID } from '../../../base/index.js';
import {
  birthFlags,
  firstToStart,
  isFirstLife,
  restartFlags,
  withFastTimings,
} from '../../bootstrap/index.js';
import {
  type HostSight,
  type TargetMember,
  clusterIDAtBirth,
  memberIDAtBirth,
} from '../../cluster/index.js';
import { elapsedMs } from '../elapsed.js';
import { ELECTING_MAX_MS, retryAt } from '../guards.js';
import { refuseCopy } from '../log-home.js';
import { blockedBy, stepOf, waitFor } from '../make.js';
import type { Plan } from '../plan-types.js';
import {
  birthChanged,
  birthIncomplete,
  foreignData,
  meetingSlow,
  unreadableData,
} from '../problems.js';
import { unseenHost } from '../unseen.js';
import { type Rule, type View, ours, sightOf, sightOn } from '../view.js';
import { certificatesFirst } from './keep-certificates.js';

/**
 * The birth of a cluster, by the gate of lab-etcd 2.3: the member whose peer URL sorts first starts alone; once it is
 * past etcd's bootstrap check the others follow, so that nobody waits in it. It can be left and taken up
 * again at any point: what has data is restarted, what was never told `new` is told now, and when every member has
 * its log and they agree through quorum, the ClusterID is recorded.
 */
export const bear: Rule = (view) => {
  if (!view.guards.isUnborn(view.record)) return undefined;
  const refusal = refuseUnfit(view);
  if (refusal !== undefined) return refusal;

  const expected = expectedClusterID(view);
  const isShut = isGateShut(view);
  for (const member of startOrder(view)) {
    const plan = startIfPossible(view, member, expected);
    if (isShut && isBirth(plan)) break;
    if (plan !== undefined) return plan;
  }
  if (isShut) return waitFor('peer-port', 'member-starting');
  return recordBirth(view, expected) ?? explainWaiting(view, expected);
};

/** Whoever sorts first opens the gate; the rest in the same order, so that two runs never differ. */
function startOrder(view: View): readonly TargetMember[] {
  const members = ours(view);
  const first = firstToStart(members);
  return [...members.filter((m) => m === first), ...members.filter((m) => m !== first)];
}

const isBirth = (plan: Plan | undefined): boolean =>
  plan?.kind === 'step' &&
  plan.step.kind === 'start-member' &&
  plan.step.launch.purpose === 'birth';

/**
 * Open as soon as the first member has its log, on disk or in an answer of its peer port: etcd makes the log right after
 * the check in which two members started at once would wait for each other (facts 14.9; 3.4 to 3.7 tried). And only its
 * log says which member list it was started with: the spec may name others by now, or not even itself.
 */
function isGateShut({ target, observation, record }: View): boolean {
  // Where they meet, each waits for all: one that started alone would never come further.
  if (target.birth.kind === 'discovery') return false;
  const { hosts } = observation;
  const isBegun = hosts.some(
    (sight) => record.issuedNew.includes(sight.host) && bornAs(sight) !== undefined,
  );
  return !isBegun && hosts.some(({ process }) => process.kind === 'running');
}

/** The ClusterID that the log of a host carries; a look at its disk may be a moment older than an answer of its peer port. */
function bornAs({ data, peer }: HostSight): ClusterID | undefined {
  if (data.kind === 'present') return data.clusterID;
  return peer.kind === 'answered' ? peer.clusterID : undefined;
}

/** The id this birth leads to: what the hosts that were told `new` already carry, else computed as etcd will. */
function expectedClusterID(view: View): ClusterID {
  for (const sight of view.observation.hosts) {
    const born = bornAs(sight);
    if (born !== undefined && view.record.issuedNew.includes(sight.host)) return born;
  }
  return computedClusterID(view);
}

const computedClusterID = ({ target }: View): ClusterID =>
  clusterIDAtBirth(target.members.map(({ peerURLs }) => memberIDAtBirth(peerURLs, target.token)));

/** Before anything starts: every host seen, none of them with somebody else's data. */
function refuseUnfit(view: View): Plan | undefined {
  const { target, record } = view;
  const expected = expectedClusterID(view);
  const sights = ours(view).map((member) => sightOf(view, member));
  for (const sight of sights) {
    const { host, data, process } = sight;
    // A running process writes its database a moment before its log: that is a start, not a riddle.
    if (data.kind === 'unreadable' && process.kind !== 'running') {
      return blockedBy(
        unreadableData({ cluster: target.name, host, because: data.problem.detail }),
      );
    }
    if (data.kind !== 'present') continue;
    if (data.clusterID === expected && record.issuedNew.includes(host)) {
      const copy = refuseCopy(view, sight);
      if (copy !== undefined) return copy;
      continue;
    }
    return blockedBy(
      foreignData({
        cluster: target.name,
        host,
        expected,
        found: data.clusterID,
        memberID: data.memberID,
        running: process.kind === 'running',
      }),
    );
  }
  // Who was told `new` may hold the cluster, whether or not the spec still names it.
  const told = record.issuedNew.map((host) => sightOn(view, host));
  // Who was told and has nothing would be told again: then nobody at all may be overlooked.
  const isAgain = told.some(
    ({ process, data }) => process.kind === 'stopped' && data.kind === 'empty',
  );
  const others = view.observation.hosts.filter(({ process }) => process.kind !== 'by-hand');
  const looked = [...sights, ...told, ...(isAgain ? others : [])];
  if (view.guards.allHostsSeen(looked)) return undefined;
  const unseen = looked.find(
    ({ process, data }) => process.kind === 'unseen' || data.kind === 'unseen',
  );
  const because =
    unseen?.process.kind === 'unseen' ? unseen.process.because : 'its data was not seen';
  return waitFor('host', 'host-unseen', {
    problem: unseenHost(view, unseen?.host ?? '', because),
  });
}

function startIfPossible(view: View, member: TargetMember, expected: ClusterID): Plan | undefined {
  const sight = sightOf(view, member);
  if (sight.process.kind !== 'stopped' || retryAt(sight.process, view.now) > view.now)
    return undefined;
  if (isTurnedAway(sight)) return undefined;
  const { version } = view.target;
  if (view.guards.dataIsOurs(sight, expected)) {
    const certificates = certificatesFirst(view, member.host);
    if (certificates !== undefined) return certificates;
    const launch = { purpose: 'restart', version, flags: restartFlags(member.flags) } as const;
    return stepOf(
      view,
      { kind: 'start-member', host: member.host, name: member.name, launch },
      'process-not-running',
    );
  }
  if (sight.data.kind !== 'empty' || !mayBeToldNew(view, sight, expected)) return undefined;
  const certificates = certificatesFirst(view, member.host);
  if (certificates !== undefined) return certificates;
  const anyData = view.observation.hosts.some(({ data }) => data.kind === 'present');
  const flags = birthFlags(member, view.target);
  const isFirst =
    !anyData &&
    view.target.firstLife === 'fast' &&
    view.target.members.length > 1 &&
    view.target.birth.kind !== 'discovery';
  return stepOf(
    view,
    {
      kind: 'start-member',
      host: member.host,
      name: member.name,
      launch: { purpose: 'birth', version, flags: isFirst ? withFastTimings(flags) : flags },
    },
    anyData ? 'next-member-of-a-birth' : 'first-member-of-a-birth',
  );
}

/** Where the members meet nothing is ever forgotten, so that the same start would end the same way. */
const isTurnedAway = ({ process, data }: HostSight): boolean =>
  process.kind === 'stopped' &&
  process.lastExit?.reason === 'meeting-refused' &&
  data.kind === 'empty';

/** Not when the others were born under another member list: it would found a second cluster. */
function mayBeToldNew(view: View, sight: HostSight, expected: ClusterID): boolean {
  const othersHoldData = view.observation.hosts.some(
    (other) => other.host !== sight.host && bornAs(other) !== undefined,
  );
  if (othersHoldData && computedClusterID(view) !== expected) return false;
  return view.guards.mayIssueNew(view.record, sight, othersHoldData);
}

/** Born: every host has its log (or can never get it this way), and a quorum answers with the expected id. */
function recordBirth(view: View, expected: ClusterID): Plan | undefined {
  const { memberList } = view.observation;
  if (memberList.kind !== 'linearizable' || memberList.clusterID !== expected) return undefined;
  const stillComing = ours(view).some((member) => {
    const sight = sightOf(view, member);
    if (sight.data.kind === 'present' || isTurnedAway(sight)) return false;
    return sight.process.kind === 'running' || mayBeToldNew(view, sight, expected);
  });
  if (stillComing) return undefined;
  return stepOf(view, { kind: 'record-birth', clusterID: expected }, 'birth-complete');
}

function explainWaiting(view: View, expected: ClusterID): Plan {
  const sights = ours(view).map((member) => sightOf(view, member));
  for (const sight of sights) {
    const { process } = sight;
    if (process.kind !== 'stopped' || process.lastExit === undefined) continue;
    // Where others have data they have met without it: then it is told what the birth lacks.
    const isOver = isTurnedAway(sight) && sights.every(({ data }) => data.kind === 'empty');
    if (isOver || retryAt(process, view.now) > view.now) return blockedBy(process.lastExit.problem);
  }
  const cluster = view.target.name;
  const stopped = sights.filter(({ process }) => process.kind === 'stopped');
  const waiting = stopped.map(({ host }) => host);
  if (computedClusterID(view) !== expected) {
    const started = view.observation.hosts.filter((sight) => bornAs(sight) !== undefined);
    return blockedBy(birthChanged({ cluster, started: started.map(({ host }) => host), waiting }));
  }
  if (stopped.length > 0) {
    const withData = sights.filter(({ data }) => data.kind === 'present').map(({ host }) => host);
    return blockedBy(birthIncomplete({ cluster, lost: waiting, withData }));
  }
  return endFirstLife(view) ?? waitForTheRest(view, sights);
}

/** Who meets has no log until all have come, and says nothing meanwhile: so long it may be the place itself that is gone. */
function waitForTheRest({ target, now }: View, sights: readonly HostSight[]): Plan {
  const meeting = sights.filter(
    ({ process, data }) => process.kind === 'running' && data.kind === 'empty',
  );
  if (target.birth.kind !== 'discovery' || meeting.length === 0) {
    return waitFor('leader', 'no-leader-yet');
  }
  const { place } = target.birth;
  const isLate = meeting.some(
    ({ process }) =>
      process.kind === 'running' && elapsedMs(process.startedAt, now) > MEETING_MAX_MS,
  );
  const waiting = meeting.map(({ host }) => host);
  const at = place.protocol === 'v2' ? place.url : place.endpoints.join(', ');
  const problem = meetingSlow({ cluster: target.name, waiting, at, size: place.size });
  return waitFor('meeting', 'not-all-have-come', isLate ? { problem } : {});
}

/** A meeting of members that can all be reached takes about a second (etcd-facts 14.4). */
const MEETING_MAX_MS = 10_000;

/**
 * On a starved machine the short election time-out of a first life may end every term before it is of use. Then the
 * member goes on with its own timings: its log is there, and it leads nobody who would have to be led by another first.
 */
function endFirstLife(view: View): Plan | undefined {
  const sights = ours(view).map((member) => ({ member, sight: sightOf(view, member) }));
  const areLeaderless = sights.every(
    ({ sight: { process } }) =>
      process.kind === 'running' && elapsedMs(process.startedAt, view.now) > ELECTING_MAX_MS,
  );
  if (!areLeaderless) return undefined;
  const fast = sights.find(
    ({ member, sight }) => sight.data.kind === 'present' && livesFast(member, sight),
  );
  if (fast === undefined) return undefined;
  const { host, name } = fast.member;
  return stepOf(view, { kind: 'stop-member', host, name }, 'timings-of-first-life');
}

const livesFast = ({ flags }: TargetMember, { process }: HostSight): boolean =>
  process.kind === 'running' && isFirstLife(process.flags, flags);
