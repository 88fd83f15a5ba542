import type { Instant } from '../../../base/index.js';
import { joinFlags } from '../../bootstrap/index.js';
import {
  type HostSight,
  type Standing,
  type TargetMember,
  labelOf,
  marginOf,
} from '../../cluster/index.js';
import { alarmedBy } from '../alarmed-by.js';
import { elapsedMs } from '../elapsed.js';
import { STARTING_MAX_MS, retryAt } from '../guards.js';
import { blockedBy, stepOf, waitFor } from '../make.js';
import type { Plan, Reason } from '../plan-types.js';
import {
  corruptData,
  foreignData,
  learnerStuck,
  promotionWouldRiskQuorum,
  startedAsNew,
  unreadableData,
} from '../problems.js';
import { flagsAsRegistered } from '../registered-address.js';
import { certificatesFirst } from './keep-certificates.js';
import { stopGateway } from './run-gateways.js';
import { unseenHost } from '../unseen.js';
import { type Rule, type View, sightOf } from '../view.js';

/**
 * A member that is registered and not yet a voter is brought to its end before anything new begins: started (register
 * first, start after), promoted when it has caught up, or removed when it is unwanted or lost its data.
 * A voter that was registered and never started (added by hand with --voter) is started in the same way.
 */
export const finishLearner: Rule = (view) => {
  for (const member of view.standing.standings) {
    const isUnstartedVoter = !member.member.isLearner && member.member.name === '';
    if (!member.member.isLearner && !isUnstartedVoter) continue;
    const plan = finish(view, member);
    if (plan !== undefined) return plan;
  }
  return undefined;
};

function finish(view: View, joining: Standing): Plan | undefined {
  const { member, wanted, dataLost, retired } = joining;
  if (member.isLearner) {
    if (retired) return removeLearner(view, joining, 'replacement-asked');
    if (dataLost) return removeLearner(view, joining, 'learner-data-lost');
  }
  if (wanted === undefined) {
    // A stranger is told by refuse-unusable-hosts; what stood in our spec once may go.
    return member.isLearner && joining.sight !== undefined
      ? removeLearner(view, joining, 'learner-unwanted')
      : undefined;
  }
  const sight = sightOf(view, wanted);
  if (sight.data.kind === 'present' && sight.data.memberID !== member.id) {
    return blockedBy(
      foreignData({
        cluster: view.target.name,
        host: sight.host,
        expected: view.record.clusterID ?? '',
        found: sight.data.clusterID,
        memberID: sight.data.memberID,
        running: sight.process.kind === 'running',
      }),
    );
  }
  switch (sight.process.kind) {
    case 'running':
      return member.isLearner ? promoteOrWait(view, joining, sight.process.startedAt) : undefined;
    case 'stopped':
      return startJoining(view, joining, wanted);
    case 'by-hand':
      if (sight.peer.kind === 'answered' && sight.peer.clusterID !== view.record.clusterID) {
        return blockedBy(
          startedAsNew({
            cluster: view.target.name,
            member: wanted.name,
            peerURL: wanted.peerURLs.join(', '),
            expected: view.record.clusterID ?? '',
            found: sight.peer.clusterID,
          }),
        );
      }
      return sight.status.kind === 'answered' && member.isLearner
        ? promoteOrWait(view, joining, undefined)
        : waitFor('a-person', 'started-by-hand');
    case 'unseen':
      return waitForHost(view, sight, sight.process.because);
  }
}

const removeLearner = (view: View, { member }: Standing, because: Reason): Plan =>
  stepOf(view, { kind: 'remove-member', member: member.id, name: labelOf(member) }, because);

function startJoining(view: View, joining: Standing, wanted: TargetMember): Plan {
  const sight = sightOf(view, wanted);
  const { process, data } = sight;
  if (data.kind === 'unreadable') {
    const { name: cluster } = view.target;
    return blockedBy(unreadableData({ cluster, host: sight.host, because: data.problem.detail }));
  }
  if (
    retryAt(process, view.now) > view.now &&
    process.kind === 'stopped' &&
    process.lastExit !== undefined
  ) {
    return blockedBy(process.lastExit.problem);
  }
  if (data.kind !== 'empty') {
    const because = data.kind === 'unseen' ? data.because : 'its data was not seen to be empty';
    return waitForHost(view, sight, because);
  }
  const clearing = stopGateway(view, sight, 'gateway-makes-way');
  if (clearing !== undefined) return clearing;
  const certificates = certificatesFirst(view, sight.host);
  if (certificates !== undefined) return certificates;
  const members = view.standing.standings.map(({ member }) => member);
  const listening = flagsAsRegistered(view, wanted, joining.member.peerURLs);
  const flags = joinFlags({ ...wanted, flags: listening }, { members, self: joining.member.id });
  return stepOf(
    view,
    {
      kind: 'start-member',
      host: wanted.host,
      name: wanted.name,
      launch: { purpose: 'join', version: view.target.version, flags },
    },
    'registered-not-started',
  );
}

const waitForHost = (view: View, { host }: HostSight, because: string): Plan =>
  waitFor('host', 'host-unseen', {
    problem: unseenHost(view, host, because),
  });

function promoteOrWait(
  view: View,
  learner: Standing,
  startedAt: Instant | undefined,
): Plan | undefined {
  const { standing, guards, target } = view;
  const label = labelOf(learner.member);
  if (isDoubtful(view, learner)) {
    return blockedBy(corruptData({ cluster: target.name, members: alarmedBy(view, 'CORRUPT') }));
  }
  if (!guards.learnerInSync(standing, learner)) {
    const forMs = startedAt === undefined ? 0 : elapsedMs(startedAt, view.now);
    if (forMs <= STARTING_MAX_MS || isMoving(learner, standing.leader)) {
      return waitFor('learner-in-sync', 'learner-catching-up');
    }
    const status = learner.sight?.status;
    const saw =
      status?.kind === 'answered'
        ? `applied index ${status.raftAppliedIndex}`
        : (status?.because ?? 'nothing');
    return blockedBy(learnerStuck({ cluster: target.name, member: label, forMs, saw }));
  }
  if (!guards.promotionKeepsMargin(standing)) {
    const voters = standing.voters.length;
    const healthy = standing.healthyVoters.length;
    return waitFor('member-healthy', 'voter-not-healthy', {
      problem: promotionWouldRiskQuorum({
        cluster: target.name,
        member: label,
        voters,
        healthy,
        marginAfter: marginOf(voters + 1, healthy),
      }),
    });
  }
  // The margin counts the newcomer as down: it may fail between our decision and etcd's commit.
  return stepOf(
    view,
    { kind: 'promote-learner', member: learner.member.id, name: label },
    'learner-in-sync',
    { voters: 1 },
  );
}

/** Its data differs, or somebody's does and etcd does not say whose. */
const isDoubtful = ({ standing }: View, { member }: Standing): boolean =>
  standing.alarms.some(
    (own) => own.alarm === 'CORRUPT' && (own.member === undefined || own.member === member.id),
  );

/** A learner that answers and knows the leader is receiving the log, however long that takes. */
const isMoving = ({ sight }: Standing, leader: Standing | undefined): boolean =>
  leader !== undefined &&
  sight?.status.kind === 'answered' &&
  sight.status.leader === leader.member.id;
