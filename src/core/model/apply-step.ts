import { assertNever } from '../../base/index.js';
import { targetUnder } from '../bootstrap/index.js';
import { type HostName, type ProcessSight, advanced } from '../cluster/index.js';
import type { Step } from '../planner/index.js';
import { type Applied, applied, refuse, unanswered } from './applied.js';
import { tellConsumer } from './consumers.js';
import { install } from './certificates.js';
import { emptied, stopped, withHost } from './hosts.js';
import { isAlive, isInReach, isSeen, ledSide, liveHostOf } from './leadership.js';
import { ask, land } from './membership.js';
import { start } from './start.js';
import type { World, WorldHost } from './world.js';

/**
 * One step on the world, by etcd's own rules and by what we reach. The input is not changed. Does not settle: what
 * follows by itself is the caller's to let happen.
 */
export function applyStep(world: World, step: Step): Applied {
  switch (step.kind) {
    case 'start-member':
      return onHost(world, step.host, () => start(world, step));
    case 'stop-member':
      return onHost(world, step.host, () => applied(withHost(world, step.host, stopped)));
    case 'set-aside-data':
      return onHost(world, step.host, (host) => {
        // The driver looks once more before it moves anything: that nothing runs, and that it is the proof's data.
        if (host?.process.kind === 'running') return refuse(world, 'already-running');
        if (host?.data.kind === 'present' && host.data.memberID !== step.proof.memberID) {
          return refuse(world, 'wrong-data');
        }
        return applied(withHost(world, step.host, emptied));
      });
    case 'start-gateway':
      return onHost(world, step.host, (host) =>
        host?.process.kind === 'running' || host?.gateway?.kind === 'running'
          ? refuse(world, 'port-taken')
          : applied(
              withHost(world, step.host, (was) => ({
                ...was,
                gateway: runningGateway(world, step),
              })),
            ),
      );
    case 'update-consumer':
      return tellConsumer(world, step);
    case 'stop-gateway':
      return onHost(world, step.host, () =>
        applied(withHost(world, step.host, (was) => ({ ...was, gateway: { kind: 'stopped' } }))),
      );
    case 'install-certificates':
      return onHost(world, step.host, () => applied(install(world, step)));
    case 'advance-rotation': {
      const { authorities } = world.target;
      if (authorities === undefined) return refuse(world, 'no-authorities');
      return applied({
        ...world,
        target: targetUnder(world.target, advanced(authorities, step.to)),
      });
    }
    case 'record-birth':
      return applied({ ...world, record: { ...world.record, clusterID: step.clusterID } });
    case 'move-leader':
      return moveLeader(world, step);
    case 'add-learner':
    case 'promote-learner':
    case 'remove-member':
    case 'update-peer-urls':
      return ask(world, step);
    default:
      return assertNever(step);
  }
}

/**
 * A request that one member had taken before and that lands only now: what etcd checks before it proposes (health,
 * who is started, whether we reach anybody) was checked then, on another world. What it checks when it applies holds.
 * For other steps the same as `applyStep`.
 */
export function landLate(world: World, step: Step): Applied {
  switch (step.kind) {
    case 'add-learner':
    case 'promote-learner':
    case 'remove-member':
    case 'update-peer-urls':
      return ledSide(world) === undefined ? unanswered(world, 'no-leader') : land(world, step);
    case 'start-member':
    case 'stop-member':
    case 'set-aside-data':
    case 'start-gateway':
    case 'stop-gateway':
    case 'update-consumer':
    case 'install-certificates':
    case 'advance-rotation':
    case 'record-birth':
    case 'move-leader':
      return applyStep(world, step);
    default:
      return assertNever(step);
  }
}

/**
 * etcd refuses one who is no voter. To one that is dead or lags the transfer does not end before the asker gives up,
 * so that nobody says what became of it; the leader stays.
 */
function moveLeader(world: World, step: Extract<Step, { kind: 'move-leader' }>): Applied {
  const leaderSide = ledSide(world);
  const { leader } = world;
  if (leaderSide === undefined || leader === undefined) return unanswered(world, 'no-leader');
  const from = liveHostOf(world, leader);
  if (from === undefined || !isSeen(from)) return unanswered(world, 'unreachable');
  const to = world.members.find(({ id, isLearner }) => id === step.to && !isLearner);
  if (to === undefined) return refuse(world, 'bad-leader-transferee');
  const heir = liveHostOf(world, to.id);
  if (heir === undefined || !isAlive(world, to.id) || (heir.side ?? 0) !== leaderSide) {
    return unanswered(world, 'leader-transfer-timeout');
  }
  if (heir.caughtUp === false) return unanswered(world, 'leader-transfer-timeout');
  return applied({ ...world, leader: step.to, term: world.term + 1n });
}

const runningGateway = (
  { now }: World,
  { launch }: Extract<Step, { kind: 'start-gateway' }>,
): ProcessSight => ({
  kind: 'running',
  startedAt: now,
  flags: { listen: launch.listen.join(',') },
});

/** Steps of the driver reach a host only when we do. */
function onHost(
  world: World,
  name: HostName,
  act: (host: WorldHost | undefined) => Applied,
): Applied {
  const host = world.hosts.find((candidate) => candidate.host === name);
  return host !== undefined && !isInReach(host) ? unanswered(world, 'unreachable') : act(host);
}
