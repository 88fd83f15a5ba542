import { describe, expect, test } from 'vitest';
import { instantOf, unsafeBrand } from '../../base/index.js';
import type { ClusterID, MemberID, Problem } from '../../base/index.js';
import { type HostName, marginOf, quorumOf } from '../cluster/index.js';
import { type World, applyStep, hide, observe } from '../model/index.js';
import { type Plan, plan } from './index.js';
import {
  START,
  crash,
  inputOf,
  memberNamed,
  next,
  running,
  runUntilEnd,
  targetOf,
  unborn,
  wanting,
  wipe,
  withTarget,
} from './testing/cluster.js';

const problemOf = (said: Plan): Problem | undefined =>
  said.kind === 'blocked' ? said.problem : undefined;

const idOf = (world: World, name: string): MemberID =>
  world.members.find((member) => member.name === name)?.id ?? unsafeBrand<MemberID>('none');

const leaderNamed = (world: World, name: string): World => ({
  ...world,
  leader: idOf(world, name),
});

describe('birth', () => {
  test.each([1, 3, 5, 7])(
    '%i members: the first alone, then the rest, then the id is recorded',
    (count) => {
      const names = Array.from({ length: count }, (_, i) => `m${i + 1}`);
      const { steps, end } = runUntilEnd(unborn(targetOf(...names)));
      expect(end.kind).toBe('converged');
      expect(steps).toEqual([...names.map((name) => `start ${name} birth`), 'record-birth']);
    },
  );

  test('the second member waits until the peer port of the first answers', () => {
    const world = unborn(targetOf('m1', 'm2', 'm3'));
    const observation = observe(world);
    const hosts = observation.hosts.map((sight) =>
      sight.host === 'm1'
        ? { ...sight, process: { kind: 'running' as const, startedAt: START, flags: {} } }
        : sight,
    );
    const said = plan({ ...inputOf(world), observation: { ...observation, hosts } });
    expect(said).toMatchObject({ kind: 'wait', for: 'peer-port' });
  });

  test('or until the first has its log: then it is past the check in which it would wait for the others', () => {
    const first = runUntilEnd(unborn(targetOf('m1', 'm2', 'm3'))).plans[0];
    if (first === undefined) throw new Error('no first step');
    const { world } = applyStep(unborn(targetOf('m1', 'm2', 'm3')), first.step);
    const observation = observe(world);
    const hosts = observation.hosts.map((sight) => ({
      ...sight,
      peer: { kind: 'silent' as const, because: 'it does not answer yet' },
    }));
    const said = plan({ ...inputOf(world), observation: { ...observation, hosts } });
    expect(said).toMatchObject({ kind: 'step', step: { kind: 'start-member', name: 'm2' } });
  });

  test('nobody is told new while a host that was told so before cannot be seen, in the spec or not', () => {
    const first = runUntilEnd(unborn(targetOf('m1', 'm2', 'm3'))).plans[0];
    if (first === undefined) throw new Error('no first step');
    const begun = applyStep(unborn(targetOf('m1', 'm2', 'm3')), first.step).world;
    const hidden = hide(wanting(begun, 'm7'), unsafeBrand<HostName>('m1'));
    expect(next(hidden)).toMatchObject({ kind: 'wait', for: 'host' });
  });

  test('a birth that is left with members that have no quorum does not wait for a leader for ever', () => {
    const first = runUntilEnd(unborn(targetOf('m1', 'm2', 'm3'))).plans[0];
    if (first === undefined) throw new Error('no first step');
    const begun = applyStep(unborn(targetOf('m1', 'm2', 'm3')), first.step).world;
    expect(problemOf(next(wanting(begun, 'm1')))).toMatchObject({
      code: 'birth-changed',
      data: { started: ['m1'], waiting: [] },
    });
  });

  describe('the spec changes while the first member starts: nobody is told new with another list', () => {
    const first = runUntilEnd(unborn(targetOf('m1', 'm2', 'm3'))).plans[0];
    if (first === undefined) throw new Error('no first step');
    const begun = applyStep(unborn(targetOf('m1', 'm2', 'm3')), first.step).world;
    const changed = wanting(begun, 'm2', 'm3', 'm4');
    const observation = observe(changed);
    const starting = { data: { kind: 'empty' as const } };
    const silent = { peer: { kind: 'silent' as const, because: 'it does not answer yet' } };
    test.each([
      ['its log is not seen yet', { ...starting, ...silent }, { kind: 'wait', for: 'peer-port' }],
      ['its peer port tells first', starting, { problem: { code: 'birth-changed' } }],
      ['its log is there', {}, { problem: { code: 'birth-changed' } }],
    ])('%s', (_, sight, expected) => {
      const hosts = observation.hosts.map((host) =>
        host.host === 'm1' ? { ...host, ...sight } : host,
      );
      const said = plan({ ...inputOf(changed), observation: { ...observation, hosts } });
      expect(said).toMatchObject(expected);
    });
  });

  test('a fast first life is given to the first member only, and ended after the birth', () => {
    const target = { ...targetOf('m1', 'm2', 'm3'), firstLife: 'fast' as const };
    const { plans, steps, end } = runUntilEnd(unborn(target));
    expect(end.kind).toBe('converged');
    const fast = plans.filter(
      ({ step }) =>
        step.kind === 'start-member' && step.launch.flags['heartbeat-interval'] !== undefined,
    );
    expect(fast.map(({ step }) => step.kind === 'start-member' && step.name)).toEqual(['m1']);
    expect(steps.slice(3)).toEqual([
      'record-birth',
      'move-leader m1 -> m2',
      'stop m1',
      'start m1 restart',
    ]);
  });

  test('nothing starts as new while a host cannot be seen', () => {
    const world = unborn(targetOf('m1', 'm2', 'm3'));
    const observation = observe(world);
    const hosts = observation.hosts.filter(({ host }) => host !== 'm3');
    const said = plan({ ...inputOf(world), observation: { ...observation, hosts } });
    expect(said).toMatchObject({ kind: 'wait', for: 'host' });
  });

  test('nothing starts as new beside data of another cluster', () => {
    const world = unborn(targetOf('m1', 'm2', 'm3'));
    const hosts = world.hosts.map((host) =>
      host.host === 'm2'
        ? {
            ...host,
            data: {
              kind: 'present' as const,
              clusterID: unsafeBrand<ClusterID>('feed'),
              memberID: unsafeBrand<MemberID>('beef'),
            },
          }
        : host,
    );
    expect(problemOf(next({ ...world, hosts }))?.code).toBe('foreign-data');
  });

  test('a birth cut short is finished: the rest start, nobody a second time as new', () => {
    const born = runUntilEnd(unborn(targetOf('m1', 'm2', 'm3'))).world;
    const { clusterID: _, ...record } = born.record;
    const half: World = {
      ...wipe(born, 'm3'),
      members: [],
      record: { ...record, issuedNew: record.issuedNew.slice(0, 2) },
    };
    const { steps, end } = runUntilEnd(crash(half, 'm1', 'm2'));
    expect(end.kind).toBe('converged');
    expect(steps).toEqual([
      'start m1 restart',
      'start m2 restart',
      'start m3 birth',
      'record-birth',
    ]);
  });

  test('a member that lost its data during the birth is replaced after it, never told new again', () => {
    const born = runUntilEnd(unborn(targetOf('m1', 'm2', 'm3'))).world;
    const { clusterID: _, ...record } = born.record;
    const { steps, end } = runUntilEnd({ ...wipe(born, 'm3'), record });
    expect(end.kind).toBe('converged');
    expect(steps).toEqual([
      'record-birth',
      'remove m3',
      'add-learner m3',
      'start m3 join',
      'promote m3',
    ]);
  });
});

describe('repair', () => {
  test('a converged cluster needs nothing', () => {
    expect(next(running('m1', 'm2', 'm3'))).toEqual({ kind: 'converged' });
  });

  test.each([[['m1']], [['m1', 'm2']], [['m1', 'm2', 'm3']]])(
    'killed %s: started again with their data, existing, nothing else',
    (names) => {
      const { steps, plans, end } = runUntilEnd(crash(running('m1', 'm2', 'm3'), ...names));
      expect(end.kind).toBe('converged');
      expect(steps).toEqual(names.map((name) => `start ${name} restart`));
      for (const { step } of plans) {
        expect(step.kind === 'start-member' && step.launch.flags['initial-cluster-state']).toBe(
          'existing',
        );
      }
    },
  );

  test('a voter whose data is gone is removed before its successor is added, and joins as a learner', () => {
    const { steps, plans, end } = runUntilEnd(wipe(running('m1', 'm2', 'm3'), 'm2'));
    expect(end.kind).toBe('converged');
    expect(steps).toEqual(['remove m2', 'add-learner m2', 'start m2 join', 'promote m2']);
    expect(plans[0]).toMatchObject({ because: 'data-lost', margin: { before: 0, after: 0 } });
    // The newcomer is counted as down.
    expect(plans[3]).toMatchObject({
      margin: { before: 0, after: 0, votersAfter: 3, healthyAfter: 2 },
    });
  });

  test('a leader that runs on a deleted directory hands over, then is removed', () => {
    const world = leaderNamed(running('m1', 'm2', 'm3'), 'm1');
    const hosts = observe(world).hosts.map((sight) =>
      sight.host === 'm1' ? { ...sight, data: { kind: 'empty' as const } } : sight,
    );
    const deleted = (leader: MemberID) => {
      const { observation, ...input } = inputOf({ ...world, leader });
      const moved = hosts.map((sight) =>
        sight.status.kind === 'answered'
          ? { ...sight, status: { ...sight.status, leader } }
          : sight,
      );
      return plan({ ...input, observation: { ...observation, hosts: moved } });
    };
    expect(deleted(idOf(world, 'm1'))).toMatchObject({
      kind: 'step',
      step: { kind: 'move-leader', fromName: 'm1' },
    });
    expect(deleted(idOf(world, 'm2'))).toMatchObject({
      kind: 'step',
      step: { kind: 'remove-member', name: 'm1' },
    });
  });

  test('two of three without data: quorum is lost, nothing is touched', () => {
    const said = next(wipe(running('m1', 'm2', 'm3'), 'm1', 'm2'));
    expect(problemOf(said)).toMatchObject({
      code: 'quorum-lost',
      data: { voters: 3, quorum: 2, withData: ['m3'], lost: ['m1', 'm2'] },
    });
  });

  test('the only one with data starts although the spec names others by now; quorum is not called lost', () => {
    const world = crash(running('m1'), 'm1');
    const { steps, end } = runUntilEnd(wanting(world, 'm2'));
    expect(end.kind).toBe('converged');
    expect(steps[0]).toBe('start m1 restart');
  });

  test('all data gone: quorum is lost, and no birth begins', () => {
    const said = next(wipe(running('m1', 'm2', 'm3'), 'm1', 'm2', 'm3'));
    expect(problemOf(said)?.code).toBe('quorum-lost');
  });

  test('no host is ever started as new once the cluster was born', () => {
    for (const lost of [['m1'], ['m2'], ['m1', 'm2'], ['m1', 'm2', 'm3']]) {
      const { plans } = runUntilEnd(wipe(running('m1', 'm2', 'm3'), ...lost));
      for (const { step } of plans) {
        expect(step.kind === 'start-member' && step.launch.purpose === 'birth').toBe(false);
      }
    }
  });

  test('a stale member that returns after its removal is stopped and its data put aside', () => {
    const world = running('m1', 'm2', 'm3');
    const gone = { ...world, members: world.members.filter(({ name }) => name !== 'm3') };
    const { steps, end } = runUntilEnd(wanting(gone, 'm1', 'm2'));
    expect(steps).toEqual(['set-aside-data m3']);
    expect(end.kind).toBe('converged');
  });

  test('data is not put aside on a list that was not read through quorum', () => {
    const world = running('m1', 'm2', 'm3');
    const gone = { ...world, members: world.members.filter(({ name }) => name !== 'm3') };
    const observation = observe(gone);
    const local = { ...observation.memberList, kind: 'local' as const };
    const said = plan({
      ...inputOf(gone),
      observation: { ...observation, memberList: local as typeof observation.memberList },
    });
    expect(said.kind === 'step' && said.step.kind === 'set-aside-data').toBe(false);
  });

  test('a foreign data directory is told with both ids and left alone', () => {
    const world = running('m1', 'm2', 'm3');
    const hosts = world.hosts.map((host) =>
      host.host === 'm2'
        ? {
            ...host,
            process: { kind: 'stopped' as const },
            data: {
              kind: 'present' as const,
              clusterID: unsafeBrand<ClusterID>('feed'),
              memberID: unsafeBrand<MemberID>('beef'),
            },
          }
        : host,
    );
    const problem = problemOf(next({ ...world, hosts }));
    expect(problem).toMatchObject({ code: 'foreign-data', data: { host: 'm2', found: 'feed' } });
  });

  test('a member that a person started as new is told, and nobody waits for it', () => {
    const world = running('m1', 'm2', 'm3');
    const byHand = { ...memberNamed('m4'), byHand: true };
    const target = { ...world.target, members: [...world.target.members, byHand] };
    const joined = runUntilEnd({ ...wanting(world, 'm1', 'm2', 'm3'), target }).world;
    const observation = observe(joined);
    const alone = {
      host: byHand.host,
      process: { kind: 'by-hand' as const },
      data: { kind: 'unseen' as const, because: 'somebody else runs it' },
      peer: { kind: 'answered' as const, clusterID: unsafeBrand<ClusterID>('feed'), members: [] },
      status: { kind: 'silent' as const, because: 'deadline' },
    };
    const hosts = [...observation.hosts.filter(({ host }) => host !== byHand.host), alone];
    const said = plan({ ...inputOf(joined), observation: { ...observation, hosts } });
    expect(problemOf(said)).toMatchObject({ code: 'started-as-new', data: { found: 'feed' } });
  });

  test('members that answer with two ClusterIDs stop everything', () => {
    const world = running('m1', 'm2', 'm3');
    const observation = observe(world);
    const hosts = observation.hosts.map((sight) =>
      sight.host === 'm2' && sight.status.kind === 'answered'
        ? { ...sight, status: { ...sight.status, clusterID: unsafeBrand<ClusterID>('feed') } }
        : sight,
    );
    const said = plan({ ...inputOf(world), observation: { ...observation, hosts } });
    expect(problemOf(said)?.code).toBe('two-clusters');
  });
});

describe('a gateway that does not follow the member list by itself', () => {
  const proxied = (endpoints: string | undefined) => {
    const world = running('m1', 'm2', 'm3');
    const { name, host, clientURLs } = memberNamed('edge');
    const listen = [...clientURLs];
    const target = {
      ...world.target,
      proxies: [{ name, host, clientURLs, listenClientURLs: listen }],
    };
    const observation = observe({ ...world, target });
    const flags = { listen: listen.join(','), ...(endpoints === undefined ? {} : { endpoints }) };
    const edge = {
      host,
      process: { kind: 'stopped' as const },
      data: { kind: 'empty' as const },
      gateway: { kind: 'running' as const, startedAt: START, flags },
      peer: { kind: 'silent' as const, because: 'no member' },
      status: { kind: 'silent' as const, because: 'no member' },
    };
    const hosts = [...observation.hosts.filter((sight) => sight.host !== host), edge];
    const all = world.members.flatMap((member) => [...member.clientURLs]);
    const input = inputOf({ ...world, target });
    return { all, said: plan({ ...input, target, observation: { ...observation, hosts } }) };
  };

  test('is stopped, to be started anew, when it names others than the voters', () => {
    expect(proxied('http://gone:2379').said).toMatchObject({
      kind: 'step',
      step: { kind: 'stop-gateway' },
      because: 'proxy-names-others',
    });
  });

  test('is left alone when it names the voters, in whatever order', () => {
    const { all } = proxied(undefined);
    expect(proxied([...all].reverse().join(',')).said.kind).toBe('converged');
  });

  test('one that shows no endpoints follows by itself and is left alone', () => {
    expect(proxied(undefined).said.kind).toBe('converged');
  });
});

describe('change', () => {
  test('1 → 3 → 5 → 7 → 3 → 1: the model never refuses, the leader never goes first', () => {
    const sizes = [1, 3, 5, 7, 3, 1];
    let world = running('m1');
    for (const size of sizes) {
      const names = Array.from({ length: size }, (_, i) => `m${i + 1}`);
      const run = runUntilEnd(wanting({ ...world, now: instantOf(world.now + 60_000) }, ...names));
      expect(run.end.kind).toBe('converged');
      expect(run.world.members.map(({ name }) => name).sort()).toEqual([...names].sort());
      expect(run.world.members.some(({ isLearner }) => isLearner)).toBe(false);
      world = run.world;
    }
  });

  test('a leader that has to go hands over first', () => {
    const world = leaderNamed(running('m1', 'm2', 'm3', 'm4', 'm5'), 'm5');
    const { steps } = runUntilEnd(wanting(world, 'm1', 'm2', 'm3', 'm4'));
    expect(steps[0]).toMatch(/^move-leader m5 -> m[1-4]$/);
    expect(steps.slice(1)).toEqual(['remove m5', 'set-aside-data m5']);
  });

  test('a renamed member is restarted with its name, its data and id kept', () => {
    const world = running('m1', 'm2', 'm3');
    const renamed = { ...memberNamed('m2'), name: memberNamed('blue').name };
    const flags = { ...renamed.flags, name: 'blue' };
    const target = {
      ...world.target,
      members: world.target.members.map((m) => (m.host === 'm2' ? { ...renamed, flags } : m)),
    };
    const before = idOf(world, 'm2');
    const { world: after, steps, end } = runUntilEnd(withTarget(world, target));
    expect(end.kind).toBe('converged');
    expect(steps).toEqual(['stop blue', 'start blue restart']);
    expect(idOf(after, 'blue')).toBe(before);
  });

  test('a moved peer URL is registered first, then the member restarts to listen there', () => {
    const world = running('m1', 'm2', 'm3');
    const moved = { ...memberNamed('m3', 25_000), clientURLs: memberNamed('m3').clientURLs };
    const target = {
      ...world.target,
      members: world.target.members.map((m) => (m.host === 'm3' ? moved : m)),
    };
    const { steps, end } = runUntilEnd(withTarget(world, target));
    expect(end.kind).toBe('converged');
    expect(steps).toEqual(['update-peer-urls m3', 'stop m3', 'start m3 restart']);
  });

  test('replaced by another: the successor joins first, then the old one goes', () => {
    const { steps, end } = runUntilEnd(wanting(running('m1', 'm2', 'm3'), 'm1', 'm3', 'm4'));
    expect(end.kind).toBe('converged');
    expect(steps).toEqual([
      'add-learner m4',
      'start m4 join',
      'promote m4',
      'remove m2',
      'set-aside-data m2',
    ]);
  });

  test('a healthy voter of three is not replaced in place: the rest could not lose one more', () => {
    const world = running('m1', 'm2', 'm3');
    const target = { ...world.target, retire: [idOf(world, 'm2')] };
    const problem = problemOf(next({ ...world, target }));
    expect(problem?.code).toBe('removal-would-risk-quorum');
    expect(problem?.hint).toContain('--with');
  });

  test('of five one may be replaced in place', () => {
    const world = running('m1', 'm2', 'm3', 'm4', 'm5');
    const target = { ...world.target, retire: [idOf(world, 'm2')] };
    const { steps, end } = runUntilEnd({ ...world, target });
    expect(end.kind).toBe('converged');
    expect(steps).toEqual([
      'remove m2',
      'set-aside-data m2',
      'add-learner m2',
      'start m2 join',
      'promote m2',
    ]);
  });

  test('changed flags roll through the followers first and the leader last', () => {
    const world = leaderNamed(running('m1', 'm2', 'm3'), 'm1');
    const target = {
      ...world.target,
      members: world.target.members.map((m) => ({
        ...m,
        flags: { ...m.flags, 'snapshot-count': '5000' },
      })),
    };
    const { steps, end } = runUntilEnd({ ...world, target });
    expect(end.kind).toBe('converged');
    expect(steps).toEqual([
      'stop m2',
      'start m2 restart',
      'stop m3',
      'start m3 restart',
      'move-leader m1 -> m2',
      'stop m1',
      'start m1 restart',
    ]);
  });

  test('a leader that must restart hands over to a member that will leave, when nobody else is there', () => {
    const world = wanting(leaderNamed(running('m1', 'm2'), 'm1'), 'm1', 'm3');
    const members = world.target.members.map((m) => ({
      ...m,
      flags: { ...m.flags, 'snapshot-count': '5000' },
    }));
    const { steps, end } = runUntilEnd({ ...world, target: { ...world.target, members } });
    expect(end.kind).toBe('converged');
    expect(steps.slice(0, 3)).toEqual(['move-leader m1 -> m2', 'stop m1', 'start m1 restart']);
  });

  test('one that answered and whose process was gone a moment later does not count as healthy', () => {
    const world = wanting(leaderNamed(running('m1', 'm2', 'm3'), 'm2'), 'm1');
    const members = world.target.members.map((m) => ({
      ...m,
      flags: { ...m.flags, 'snapshot-count': '5000' },
    }));
    const observation = observe(world);
    const hosts = observation.hosts.map((sight) =>
      sight.host === 'm2' ? { ...sight, process: { kind: 'stopped' as const } } : sight,
    );
    const input = { ...inputOf(world), observation: { ...observation, hosts } };
    const said = plan({ ...input, target: { ...world.target, members } });
    expect(said).not.toMatchObject({ step: { kind: 'stop-member' } });
  });

  test('a change of the minor version is refused', () => {
    const world = running('m1', 'm2', 'm3');
    const observation = observe(world);
    const target = { ...world.target, version: unsafeBrand<typeof world.target.version>('3.7.2') };
    expect(observation.hosts.every(({ process }) => process.kind === 'running')).toBe(true);
    const said = plan({ ...inputOf(world), target, observation });
    expect(problemOf(said)?.code).toBe('minor-change');
  });

  test('a binary that lies about its version is told with both, and nobody is restarted for it', () => {
    const world = running('m1', 'm2', 'm3');
    const observation = observe(world);
    const hosts = observation.hosts.map((sight) =>
      sight.host === 'm2' && sight.status.kind === 'answered'
        ? {
            ...sight,
            status: {
              ...sight.status,
              version: unsafeBrand<typeof world.target.version>('3.5.34'),
            },
          }
        : sight,
    );
    const said = plan({ ...inputOf(world), observation: { ...observation, hosts } });
    expect(problemOf(said)).toMatchObject({
      code: 'member-wrong-version',
      data: { member: 'm2', launchedAs: '3.6.15', answers: '3.5.34' },
    });
  });

  test('down stops the followers, then the leader, and keeps all data', () => {
    const world = leaderNamed(running('m1', 'm2', 'm3'), 'm1');
    const target = { ...world.target, state: 'down' as const };
    const { steps, end, world: after } = runUntilEnd({ ...world, target });
    expect(end.kind).toBe('converged');
    expect(steps).toEqual(['stop m2', 'stop m3', 'stop m1']);
    expect(after.hosts.every(({ data }) => data.kind === 'present')).toBe(true);
  });

  test('down stops members too that the spec does not name any more', () => {
    const shrunk = wanting(leaderNamed(running('m1', 'm2', 'm3'), 'm1'), 'm1');
    const target = { ...shrunk.target, state: 'down' as const };
    const { steps, end } = runUntilEnd({ ...shrunk, target });
    expect(end.kind).toBe('converged');
    expect(steps).toEqual(['stop m2', 'stop m3', 'stop m1']);
  });

  test('no member is added before the others have been connected for five seconds', () => {
    const world = running('m1', 'm2', 'm3');
    const young = {
      ...world,
      hosts: world.hosts.map((host) =>
        host.process.kind === 'running'
          ? { ...host, process: { ...host.process, startedAt: world.now } }
          : host,
      ),
    };
    expect(next(wanting(young, 'm1', 'm2', 'm3', 'm4'))).toMatchObject({
      kind: 'wait',
      for: 'etcd-health-interval',
      until: world.now + 6500,
    });
  });

  test('nor is a healthy one removed before', () => {
    const world = running('m1', 'm2', 'm3', 'm4');
    const young = {
      ...world,
      hosts: world.hosts.map((host) =>
        host.process.kind === 'running' && host.host === 'm2'
          ? { ...host, process: { ...host.process, startedAt: world.now } }
          : host,
      ),
    };
    expect(next(wanting(young, 'm1', 'm2', 'm3'))).toMatchObject({
      kind: 'wait',
      for: 'etcd-health-interval',
    });
  });

  test('a member that somebody else added is told, not removed', () => {
    const world = running('m1', 'm2', 'm3');
    const stranger = {
      id: unsafeBrand<MemberID>('5712a'),
      name: '' as const,
      peerURLs: memberNamed('x', 28_000).peerURLs,
      clientURLs: [],
      isLearner: true,
    };
    const said = next({ ...world, members: [...world.members, stranger] });
    expect(problemOf(said)?.code).toBe('stranger-in-list');
  });
});

describe('an outcome that nobody knows', () => {
  const world = wanting(running('m1', 'm2', 'm3'), 'm1', 'm2', 'm3', 'm4');
  const unresolved = { step: 'add-learner' as const, at: world.now };

  test('nothing is decided during the quiet period', () => {
    expect(plan(inputOf(world, { unresolved }))).toMatchObject({
      kind: 'wait',
      for: 'quiet-period',
      until: world.now + 7000,
    });
  });

  test('nor on a list that is older than its end', () => {
    const now = instantOf(world.now + 8000);
    expect(plan(inputOf(world, { unresolved, now }))).toMatchObject({
      kind: 'wait',
      for: 'linearizable-member-list',
    });
  });

  test('a newer list settles it', () => {
    const later = { ...world, now: instantOf(world.now + 7000) };
    expect(plan(inputOf(later, { unresolved }))).toMatchObject({
      kind: 'step',
      step: { kind: 'add-learner', name: 'm4' },
    });
  });

  test('a killed member is started again meanwhile: that changes no membership', () => {
    expect(plan(inputOf(crash(world, 'm2'), { unresolved }))).toMatchObject({
      kind: 'step',
      step: { kind: 'start-member', name: 'm2' },
    });
  });
});

describe('every step on the way of every change keeps the safety rules', () => {
  const starts: readonly (readonly [string, World])[] = [
    ['1 to 3', wanting(running('m1'), 'm1', 'm2', 'm3')],
    ['3 to 5', wanting(running('m1', 'm2', 'm3'), 'm1', 'm2', 'm3', 'm4', 'm5')],
    ['5 to 3', wanting(running('m1', 'm2', 'm3', 'm4', 'm5'), 'm1', 'm2', 'm3')],
    [
      '5 with one wiped to 3',
      wanting(wipe(running('m1', 'm2', 'm3', 'm4', 'm5'), 'm2'), 'm1', 'm2', 'm3'),
    ],
    ['all of 3 to others', wanting(running('m1', 'm2', 'm3'), 'm4', 'm5', 'm6')],
    ['one killed, one wiped, of 5', crash(wipe(running('m1', 'm2', 'm3', 'm4', 'm5'), 'm1'), 'm2')],
  ];
  test.each(starts)('%s', (_name, start) => {
    const { plans, end } = runUntilEnd(start);
    expect(end.kind).toBe('converged');
    for (const { step, margin } of plans) {
      // Recomputed here: a plan's own word for its margin is not trusted.
      const after = margin.healthyAfter - (Math.floor(margin.votersAfter / 2) + 1);
      expect(margin.after).toBe(after);
      expect(margin.before).toBe(marginOf(margin.votersBefore, margin.healthyBefore));
      if (step.kind === 'remove-member' && margin.votersAfter > 2) {
        expect(after).toBeGreaterThanOrEqual(Math.min(1, margin.before));
      }
      if (step.kind === 'promote-learner' && margin.votersBefore > 1) {
        expect(margin.healthyAfter).toBeGreaterThanOrEqual(quorumOf(margin.votersAfter));
      }
    }
  });
});
