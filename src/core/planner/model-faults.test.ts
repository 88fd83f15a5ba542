/** What the model does when something fails. It stands here because its worlds are the planner's test clusters. */
import { describe, expect, test } from 'vitest';
import { type MemberID, instantOf, unsafeBrand } from '../../base/index.js';
import type { HostName, HostSight, Observation } from '../cluster/index.js';
import {
  type World,
  advance,
  applyStep,
  catchUp,
  crash,
  cut,
  disarmAlarms,
  fallBehind,
  hasQuorum,
  heal,
  hide,
  landLate,
  ledSide,
  loseData,
  observe,
  raiseAlarm,
  settle,
  show,
} from '../model/index.js';
import type { Step } from './index.js';
import { memberNamed, next, running, runUntilEnd, wanting } from './testing/cluster.js';

const host = (name: string): HostName => unsafeBrand<HostName>(name);
const hosts = (...names: readonly string[]): readonly HostName[] => names.map(host);
const idOf = (world: World, name: string): MemberID =>
  world.members.find((member) => member.name === name)?.id ?? unsafeBrand<MemberID>('none');
const leaderName = (world: World): string | undefined =>
  world.members.find(({ id }) => id === world.leader)?.name;
const sight = (observation: Observation, name: string): HostSight => {
  const found = observation.hosts.find((candidate) => candidate.host === name);
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
};
const remove = (world: World, name: string): Step => ({
  kind: 'remove-member',
  member: idOf(world, name),
  name,
});
const promote = (world: World, name: string): Step => ({
  kind: 'promote-learner',
  member: idOf(world, name),
  name,
});
const addM4: Step = {
  kind: 'add-learner',
  name: memberNamed('m4').name,
  host: memberNamed('m4').host,
  peerURLs: memberNamed('m4').peerURLs,
};
const land = (world: World, step: Step): World => {
  const result = applyStep(world, step);
  if (result.outcome !== 'applied') throw new Error(`${step.kind}: ${result.reason}`);
  return settle(result.world);
};

const three = running('m1', 'm2', 'm3');
const five = running('m1', 'm2', 'm3', 'm4', 'm5');

/** m4 is a learner that runs and has published its name. */
function withLearner(): World {
  let world = wanting(three, 'm1', 'm2', 'm3', 'm4');
  for (let turns = 0; turns < 2; turns++) {
    const plan = next(world);
    if (plan.kind === 'step') world = land(world, plan.step);
  }
  return world;
}

describe('a crash', () => {
  test('of the leader: nobody leads until the rest have elected', () => {
    const crashed = crash({ ...three, leader: idOf(three, 'm1') }, host('m1'));
    expect(hasQuorum(crashed)).toBe(true);
    expect(ledSide(crashed)).toBeUndefined();
    expect(observe(crashed).memberList.kind).toBe('local');
    expect(leaderName(settle(crashed))).toBe('m2');
  });

  test('of two of three: the third still answers, and knows no leader', () => {
    const seen = observe(settle(crash(crash(three, host('m1')), host('m2'))));
    expect(sight(seen, 'm3').status).toMatchObject({
      kind: 'answered',
      errors: ['etcdserver: no leader'],
    });
    expect(sight(seen, 'm3').status).not.toHaveProperty('leader');
    expect(seen.memberList.kind).toBe('local');
  });

  test('a process that has never known a leader accepts and does not answer', () => {
    const down = crash(crash(three, host('m1')), host('m2'));
    const { hosts: all } = crash(down, host('m3'));
    const again = land(
      { ...down, hosts: all },
      {
        kind: 'start-member',
        host: host('m3'),
        name: memberNamed('m3').name,
        launch: { purpose: 'restart', version: three.target.version, flags: {} },
      },
    );
    expect(sight(observe(again), 'm3')).toMatchObject({
      peer: { kind: 'answered' },
      status: { kind: 'silent' },
    });
  });

  test('of all: nobody gives a list any more', () => {
    const dark = hosts('m1', 'm2', 'm3').reduce(crash, three);
    expect(observe(settle(dark)).memberList.kind).toBe('unseen');
  });
});

describe('a cut of the peer network', () => {
  const away = settle(cut({ ...three, leader: idOf(three, 'm1') }, hosts('m1')));

  test('the side with a quorum elects and commits; the other has no leader', () => {
    expect(leaderName(away)).toBe('m2');
    const seen = observe(away);
    expect(seen.memberList.kind).toBe('linearizable');
    expect(sight(seen, 'm1').status).not.toHaveProperty('leader');
    expect(sight(seen, 'm2').status).toMatchObject({ leader: idOf(three, 'm2') });
  });

  test('without a quorum on either side nothing is committed', () => {
    const split = settle(cut(crash(five, host('m5')), hosts('m1', 'm2')));
    expect(ledSide(split)).toBeUndefined();
    expect(applyStep(split, remove(split, 'm5'))).toMatchObject({
      outcome: 'unknown',
      reason: 'no-leader',
      world: split,
    });
  });

  test('a member that is removed meanwhile keeps running and keeps its old list, until it is healed', () => {
    const removed = land(away, remove(away, 'm1'));
    const seen = observe(removed);
    expect(sight(seen, 'm1').process.kind).toBe('running');
    expect(sight(seen, 'm1').peer).toMatchObject({ members: three.members });
    expect(seen.memberList).toMatchObject({ kind: 'linearizable', members: removed.members });
    const healed = settle(heal(removed));
    expect(sight(observe(healed), 'm1').process.kind).toBe('stopped');
  });

  test('whom we see decides which list we get: the old one, when only the minority is seen', () => {
    const removed = land(away, remove(away, 'm1'));
    const blind = hosts('m2', 'm3').reduce(hide, removed);
    expect(observe(blind).memberList).toMatchObject({ kind: 'local', members: three.members });
  });

  test('a member that was away joins the others anew: an addition waits for the health interval again', () => {
    const healed = settle(heal(away));
    expect(applyStep(healed, addM4)).toMatchObject({
      outcome: 'refused',
      reason: 'unhealthy-cluster',
    });
    expect(applyStep(advance(healed, 4999), addM4).outcome).toBe('refused');
    expect(applyStep(advance(healed, 5000), addM4).outcome).toBe('applied');
  });

  test('nobody joins without a peer that answers on its own side', () => {
    const added = land(wanting(three, 'm1', 'm2', 'm3', 'm4'), addM4);
    const plan = next(added);
    const alone = settle(cut(added, hosts('m4')));
    expect(plan.kind === 'step' && applyStep(alone, plan.step)).toMatchObject({
      outcome: 'refused',
      reason: 'cannot-join',
    });
  });
});

describe('whom we do not see', () => {
  test('tells nothing, and lives on', () => {
    const seen = observe(hide(three, host('m2')));
    expect(sight(seen, 'm2')).toMatchObject({
      process: { kind: 'unseen' },
      data: { kind: 'unseen' },
      peer: { kind: 'silent' },
      status: { kind: 'silent' },
    });
    expect(seen.memberList.kind).toBe('linearizable');
    expect(observe(show(hide(three, host('m2')), host('m2')))).toEqual(observe(three));
  });

  test('takes no step of ours', () => {
    const hidden = hide(three, host('m2'));
    const stop: Step = { kind: 'stop-member', host: host('m2'), name: memberNamed('m2').name };
    expect(applyStep(hidden, stop)).toMatchObject({ outcome: 'unknown', world: hidden });
  });

  test('a request needs one voter with a leader whom we see', () => {
    const one = hosts('m1', 'm2').reduce(hide, three);
    expect(applyStep(one, remove(one, 'm1')).outcome).toBe('applied');
    const none = hide(one, host('m3'));
    expect(applyStep(none, remove(none, 'm1'))).toMatchObject({
      outcome: 'unknown',
      reason: 'unreachable',
    });
    expect(observe(none).memberList.kind).toBe('unseen');
  });

  test('leadership is moved by the leader alone: hidden, it is not asked', () => {
    const led = { ...three, leader: idOf(three, 'm1') };
    const move: Step = {
      kind: 'move-leader',
      from: idOf(three, 'm1'),
      to: idOf(three, 'm2'),
      fromName: 'm1',
      toName: 'm2',
    };
    expect(leaderName(land(led, move))).toBe('m2');
    expect(applyStep(hide(led, host('m1')), move).outcome).toBe('unknown');
    expect(applyStep(crash(led, host('m2')), move)).toMatchObject({
      outcome: 'unknown',
      reason: 'leader-transfer-timeout',
    });
    expect(applyStep(fallBehind(led, host('m2')), move)).toMatchObject({
      outcome: 'unknown',
      reason: 'leader-transfer-timeout',
    });
  });
});

describe('lost data', () => {
  test('takes the process with it, and where the host stands stays as it was', () => {
    const lost = loseData(hide(settle(cut(three, hosts('m2'))), host('m2')), host('m2'));
    expect(lost.hosts.find((candidate) => candidate.host === 'm2')).toEqual({
      host: 'm2',
      process: { kind: 'stopped' },
      data: { kind: 'empty' },
      side: 1,
      seen: false,
    });
  });

  test('a host that is told new again while its peers answer is refused by etcd', () => {
    const lost = settle(loseData(three, host('m2')));
    const birth: Step = {
      kind: 'start-member',
      host: host('m2'),
      name: memberNamed('m2').name,
      launch: { purpose: 'birth', version: three.target.version, flags: {} },
    };
    expect(applyStep(lost, birth)).toMatchObject({ reason: 'already-bootstrapped' });
    // With nobody to ask, etcd believes it: that is how a second cluster is founded (etcd-facts 1.4).
    const alone = land(hosts('m1', 'm3').reduce(crash, lost), birth);
    // Met on real etcd: told `new`, it believes what it was told, so that the next one is not refused because of it.
    const again = { ...birth, host: host('m1'), name: memberNamed('m1').name };
    expect(applyStep(loseData(alone, host('m1')), again).outcome).toBe('applied');
  });
});

describe('a learner', () => {
  test('is promoted only in sync, dead or alive', () => {
    const world = withLearner();
    const behind = fallBehind(world, host('m4'));
    expect(applyStep(behind, promote(world, 'm4'))).toMatchObject({ reason: 'learner-not-ready' });
    expect(applyStep(catchUp(behind, host('m4')), promote(world, 'm4')).outcome).toBe('applied');
    expect(applyStep(crash(world, host('m4')), promote(world, 'm4')).outcome).toBe('applied');
  });

  test('that lags shows it', () => {
    const seen = observe(fallBehind(withLearner(), host('m4')));
    const status = sight(seen, 'm4').status;
    expect(status.kind === 'answered' && status.raftAppliedIndex * 2n).toBe(
      status.kind === 'answered' && status.raftIndex,
    );
  });

  test('gives no list through quorum', () => {
    const world = hosts('m1', 'm2', 'm3').reduce(hide, withLearner());
    expect(observe(world).memberList.kind).toBe('local');
  });
});

describe('the strict check', () => {
  const young = (world: World, ...names: readonly string[]): World => ({
    ...world,
    hosts: world.hosts.map((one) =>
      names.includes(one.host) && one.process.kind === 'running'
        ? { ...one, process: { ...one.process, startedAt: world.now } }
        : one,
    ),
  });
  const onVersion = (world: World, version: string): World => ({
    ...world,
    target: { ...world.target, version: unsafeBrand<typeof world.target.version>(version) },
  });
  const addM6: Step = { ...addM4, host: host('m6'), peerURLs: memberNamed('m6').peerURLs };

  test.each([
    ['3.4.45', 'refused'],
    ['3.5.29', 'refused'],
    ['3.5.30', 'applied'],
    ['3.6.10', 'refused'],
    ['3.6.11', 'applied'],
    ['3.7.0', 'applied'],
  ])('%s: one of five is down and a member is added: %s', (version, outcome) => {
    const world = onVersion(settle(crash(five, host('m5'))), version);
    expect(applyStep(world, addM6).outcome).toBe(outcome);
  });

  test('two of five are down or new: refused by every version', () => {
    const world = settle(young(crash(five, host('m5')), 'm4'));
    expect(applyStep(world, addM6)).toMatchObject({ reason: 'unhealthy-cluster' });
  });

  test('one of three is down: refused by every version', () => {
    expect(applyStep(settle(crash(three, host('m3'))), addM4)).toMatchObject({
      reason: 'unhealthy-cluster',
    });
  });

  test('one that is down may always go; one that runs only when the others are connected long enough', () => {
    const world = settle(crash(three, host('m3')));
    expect(applyStep(world, remove(world, 'm3')).outcome).toBe('applied');
    expect(applyStep(world, remove(world, 'm2'))).toMatchObject({ reason: 'unhealthy-cluster' });
  });

  test('not enough started members would be left', () => {
    const members = three.members.map((member) =>
      member.name === 'm3' ? { ...member, name: '' as const } : member,
    );
    const world = { ...three, members };
    expect(applyStep(world, remove(world, 'm2'))).toMatchObject({
      reason: 'not-enough-started-members',
    });
  });
});

describe('a request that lands late', () => {
  test('was checked when it was sent, not when it lands', () => {
    const world = settle(crash(three, host('m3')));
    expect(applyStep(world, remove(world, 'm2')).outcome).toBe('refused');
    expect(landLate(world, remove(world, 'm2')).outcome).toBe('applied');
    const blind = hosts('m1', 'm2', 'm3').reduce(hide, three);
    expect(landLate(blind, remove(three, 'm2')).outcome).toBe('applied');
  });

  test('is still held to what etcd validates when it applies', () => {
    const world = withLearner();
    expect(landLate(world, addM4)).toMatchObject({ reason: 'peer-urls-exist' });
    expect(landLate(world, { ...addM4, peerURLs: memberNamed('m5').peerURLs })).toMatchObject({
      reason: 'too-many-learners',
    });
    expect(landLate(land(world, promote(world, 'm4')), promote(world, 'm4'))).toMatchObject({
      reason: 'not-a-learner',
    });
    const gone = land(three, remove(three, 'm3'));
    expect(landLate(gone, remove(three, 'm3'))).toMatchObject({ reason: 'member-not-found' });
  });

  test('lands on nothing without a leader', () => {
    const dark = settle(crash(crash(three, host('m1')), host('m2')));
    expect(landLate(dark, remove(dark, 'm1')).outcome).toBe('unknown');
  });
});

describe('a peer URL of a learner', () => {
  const moved = (world: World): Step => ({
    kind: 'update-peer-urls',
    member: idOf(world, 'm4'),
    name: 'm4',
    peerURLs: memberNamed('m4', 25_000).peerURLs,
  });
  const learnersAfter = (version: string): number => {
    const world = withLearner();
    const target = { ...world.target, version: unsafeBrand<typeof world.target.version>(version) };
    return land({ ...world, target }, moved(world)).members.filter(({ isLearner }) => isLearner)
      .length;
  };
  test('changed in an old etcd, it is a voter from then on', () => {
    expect(learnersAfter('3.5.30')).toBe(0);
    expect(learnersAfter('3.5.31')).toBe(1);
    expect(learnersAfter('3.6.11')).toBe(0);
    expect(learnersAfter('3.6.12')).toBe(1);
  });
});

describe('an alarm', () => {
  test('is told by every member, and disarmed for all', () => {
    const full = raiseAlarm(three, host('m2'), 'NOSPACE');
    for (const { status } of observe(full).hosts) {
      expect(status).toMatchObject({
        errors: [`memberID:${BigInt(`0x${idOf(three, 'm2')}`)} alarm:NOSPACE`],
      });
    }
    expect(observe(disarmAlarms(full))).toEqual(observe(three));
  });
});

describe('nothing settles twice', () => {
  test.each([
    ['healthy', three],
    ['cut', settle(cut(five, hosts('m1', 'm2')))],
    ['without quorum', settle(crash(crash(three, host('m1')), host('m2')))],
    ['with a learner', withLearner()],
  ])('%s', (_name, world) => {
    expect(settle(world)).toBe(world);
  });
});

test('what failed and was mended again converges', () => {
  const faulty = hide(crash(settle(cut(five, hosts('m1', 'm2'))), host('m4')), host('m5'));
  const mended = settle(heal(show(settle(faulty), host('m5'))));
  const { end, steps } = runUntilEnd({ ...mended, now: instantOf(mended.now + 60_000) });
  expect(end.kind).toBe('converged');
  expect(steps).toEqual(['start m4 restart']);
});
