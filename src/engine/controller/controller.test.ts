import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  BugError,
  applied,
  err,
  instantOf,
  ok,
  refused,
  systemClock,
  unknown,
} from '../../base/index.js';
import { type Plan, QUIET_PERIOD_MS } from '../../core/planner/index.js';
import {
  ADD_M4,
  CLUSTER,
  type World,
  controllerOf,
  forNever,
  healthyWorld,
  hostOf,
  idOf,
  memberOf,
  nowMs,
  settled,
  startOf,
  stepPlan,
  trouble,
  wishFor,
} from './testing/world.js';

const CONVERGED: Plan = { kind: 'converged' };
const appliedOutcome = applied();
const never = new AbortController().signal;
let world: World;

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  world = healthyWorld();
});
afterEach(() => {
  vi.useRealTimers();
});

const turn = (controller = controllerOf(world), signal = never) => settled(controller.turn(signal));
const outcomes = () =>
  world.journal.flatMap((entry) => (entry.kind === 'outcome' ? [entry.outcome] : []));
const kinds = () => world.events.map(({ kind }) => kind);

describe('one turn', () => {
  test('carries out one step; the decision is durable before, the outcome in the journal after', async () => {
    world.plan = () => stepPlan(startOf('m1'));
    const result = await turn();
    expect(result).toMatchObject({ kind: 'step', outcome: { kind: 'applied' } });
    expect(world.log).toEqual(['journal decided, durable', 'start m1', 'journal outcome']);
    expect(kinds()).toEqual(['wish-changed', 'observed', 'planned', 'step-started', 'step-ended']);
  });

  test('waits with the first step for what has to be there, and looks again before it', async () => {
    world.plan = () => stepPlan(startOf('m1'));
    let bring: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (bring = resolve));
    const controller = controllerOf(world, { ready });
    const result = controller.turn(never);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([world.log, world.inputs.length]).toEqual([[], 1]);
    bring();
    expect(await settled(result)).toMatchObject({ kind: 'step', outcome: { kind: 'applied' } });
    expect(world.inputs).toHaveLength(2);
    expect(await turn(controller)).toMatchObject({ kind: 'step' });
    expect(world.inputs).toHaveLength(3);
  });

  test('is not converged before it is there', async () => {
    let bring: () => void = () => undefined;
    const ready = new Promise<void>((resolve) => (bring = resolve));
    const result = controllerOf(world, { ready }).turn(never);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(kinds()).not.toContain('converged');
    bring();
    expect((await settled(result)).kind).toBe('converged');
    expect(world.inputs).toHaveLength(2);
  });

  test('gives the planner a list through quorum and every host', async () => {
    const result = await turn();
    expect(result.kind).toBe('converged');
    const { observation } = world.inputs[0] ?? {};
    expect(observation?.memberList).toMatchObject({ kind: 'linearizable', clusterID: CLUSTER });
    expect(observation?.hosts.map(({ host }) => host)).toEqual(['m1', 'm2', 'm3']);
    expect(world.events.find(({ kind }) => kind === 'observed')).toMatchObject({
      summary: { voters: 3, healthyVoters: 3, margin: 1, leader: 'm1' },
    });
  });

  test('without wish or record it is blocked and says what is missing', async () => {
    world.wish = undefined;
    expect(await turn()).toMatchObject({ problems: [{ code: 'wish-missing' }] });
    world.wish = wishFor('m1');
    world.record = undefined;
    expect(await turn()).toMatchObject({ problems: [{ code: 'record-missing' }] });
  });

  test('a wish that makes no target blocks with every problem, and the planner is not asked', async () => {
    const controller = controllerOf(world, {
      resolveTarget: () => err([trouble({}), trouble({})]),
    });
    expect(await turn(controller)).toMatchObject({ kind: 'blocked', problems: [{}, {}] });
    expect(world.inputs).toEqual([]);
  });

  test('paused: it observes and shows the step, but takes none', async () => {
    world.wish = { ...wishFor('m1', 'm2', 'm3'), paused: true };
    world.plan = () => stepPlan(startOf('m1'));
    expect((await turn()).kind).toBe('paused');
    expect(world.log).toEqual([]);
    expect(kinds()).toEqual(['wish-changed', 'observed', 'planned', 'paused']);
  });

  test('a lost lock stops it right before the step', async () => {
    world.plan = () => {
      world.lockHeld = false;
      return stepPlan(ADD_M4);
    };
    expect(await turn()).toMatchObject({ kind: 'lock-lost', problem: { code: 'lock-lost' } });
    expect(world.log.filter((line) => line.startsWith('add'))).toEqual([]);
    expect(outcomes()).toEqual(['refused']);
  });

  test('a lost lock that shows before there is a plan ends the run too', async () => {
    world.wish = wishFor('m1', 'm2', 'm3', 'm4');
    let looks = 0;
    const lock = { ...world.lock, stillHeld: () => Promise.resolve(++looks === 1) };
    const end = await settled(
      controllerOf(world, { lock }).run({ until: 'forever', signal: never }),
    );
    expect(end).toMatchObject({ kind: 'lock-lost', problem: { code: 'lock-lost' } });
    expect(world.log).not.toContain('write record');
  });

  test('a lost lock ends it also when there is nothing to do: another one is to take its place', async () => {
    const run = controllerOf(world).run({ until: 'forever', signal: never });
    await vi.advanceTimersByTimeAsync(5000);
    world.lockHeld = false;
    expect(await settled(run)).toMatchObject({ kind: 'lock-lost' });
  });

  test('a journal that cannot be written stops the step', async () => {
    world.plan = () => stepPlan(ADD_M4);
    world.writeFails = trouble({});
    expect(await turn()).toMatchObject({ kind: 'blocked', problems: [{ code: 'trouble' }] });
    expect(world.log).toEqual([]);
  });

  test('what the plan says is written when it changes, not every turn', async () => {
    const controller = controllerOf(world);
    for (let i = 0; i < 3; i++) await turn(controller);
    world.plan = () => ({ kind: 'wait', for: 'leader', because: 'no-leader-yet' });
    for (let i = 0; i < 3; i++) await turn(controller);
    const said = world.journal.map((entry) => (entry.kind === 'plan' ? entry.because : entry.kind));
    expect(said).toEqual(['converged', 'no-leader-yet']);
  });

  test('a listener that throws disturbs nothing', async () => {
    const controller = controllerOf(world, {
      onEvent: () => {
        throw new Error('view');
      },
    });
    expect((await turn(controller)).kind).toBe('converged');
  });
});

describe('steps', () => {
  test('a birth is remembered in the record before the process exists', async () => {
    world.plan = () => stepPlan(startOf('m1', 'birth'));
    await turn();
    expect(world.log).toEqual([
      'journal decided, durable',
      'write record',
      'start m1',
      'journal outcome',
    ]);
    expect(world.record?.issuedNew).toEqual(['m1']);
  });

  test('a restart leaves the record alone', async () => {
    world.plan = () => stepPlan(startOf('m1'));
    await turn();
    expect(world.record?.issuedNew).toEqual([]);
  });

  test('a birth completes the record with the cluster id', async () => {
    const { clusterID: _unborn, ...unborn } = world.record ?? {};
    world.record = unborn as World['record'];
    world.plan = () => stepPlan({ kind: 'record-birth', clusterID: CLUSTER });
    expect(await turn()).toMatchObject({ outcome: { kind: 'applied' } });
    expect(world.record?.clusterID).toBe(CLUSTER);
  });

  test('changes go to healthy voters, the leader first; one that leaves is asked last', async () => {
    const remove = { kind: 'remove-member', member: idOf('m1'), name: 'm1' } as const;
    world.plan = () => stepPlan(remove);
    await turn();
    world.plan = () => stepPlan(ADD_M4);
    await turn();
    expect(world.log.filter((line) => line.includes(' at '))).toEqual([
      'remove a1 at m2,m3,m1',
      'add m4 at m1,m2,m3',
    ]);
  });

  test('moving the leader is sent to the leader itself', async () => {
    const [from, to] = [idOf('m1'), idOf('m2')];
    world.plan = () => stepPlan({ kind: 'move-leader', from, to, fromName: 'm1', toName: 'm2' });
    await turn();
    expect(world.log).toContain('move to a2 at m1');
  });

  test('a leader whose data is gone is asked to hand over all the same', async () => {
    const seen = world.observe;
    world.observe = async (name) =>
      name === hostOf('m1') ? { ...(await seen(name)), data: { kind: 'empty' } } : seen(name);
    const [from, to] = [idOf('m1'), idOf('m2')];
    world.plan = () => stepPlan({ kind: 'move-leader', from, to, fromName: 'm1', toName: 'm2' });
    await turn();
    expect(world.log).toContain('move to a2 at m1');
  });

  test('with no healthy voter nothing is sent', async () => {
    world.status = () => Promise.resolve({ kind: 'silent', because: 'test' });
    world.plan = () => stepPlan(ADD_M4);
    expect(await turn()).toMatchObject({ outcome: { problem: { code: 'no-endpoint' } } });
  });

  test('an adapter that throws in a membership step leaves it unknown, and the loop lives', async () => {
    world.plan = () => stepPlan(ADD_M4);
    world.request = () => Promise.reject(new TypeError('adapter'));
    expect(await turn()).toMatchObject({ outcome: { kind: 'unknown' } });
    expect(outcomes()).toEqual(['unknown']);
  });

  test('a bug of our own is thrown, after the outcome is in the journal', async () => {
    world.plan = () => stepPlan(startOf('m1'));
    world.start = () => Promise.reject(new BugError('test'));
    await expect(turn()).rejects.toThrow(BugError);
    expect(outcomes()).toEqual(['unknown']);
  });

  test('a second birth is a bug, never a step', async () => {
    world.plan = () => stepPlan({ kind: 'record-birth', clusterID: idOf('m9') as never });
    await expect(turn()).rejects.toThrow('second birth');
    expect(world.record?.clusterID).toBe(CLUSTER);
  });

  test('new hosts get addresses, in the record before the planner is asked; old ones keep theirs', async () => {
    world.wish = wishFor('m1', 'm2', 'm3', 'm4');
    const before = world.record?.addresses['m1'];
    await turn();
    expect(world.log.slice(0, 2)).toEqual(['allocate m4', 'write record']);
    expect(world.record?.addresses['m1']).toBe(before);
    expect(world.inputs[0]?.target.members.map(({ peerURLs }) => peerURLs[0])).toContain(
      'http://peer.m4:1',
    );
  });

  test('a retired member that is gone from the list through quorum is forgotten in wish and record', async () => {
    const retire = [idOf('m3'), idOf('m9')];
    world.wish = { ...wishFor('m1', 'm2', 'm3'), retire };
    if (world.record !== undefined) world.record = { ...world.record, retire };
    await turn();
    expect(world.wish.retire).toEqual([idOf('m3')]);
    expect(world.record?.retire).toEqual([idOf('m3')]);
  });

  test('a local list forgets nobody', async () => {
    const retire = [idOf('m9')];
    world.wish = { ...wishFor('m1', 'm2', 'm3'), retire };
    world.memberList = () => Promise.resolve(err(trouble({})));
    await turn();
    expect(world.wish.retire).toEqual(retire);
  });
});

describe('an unknown membership change', () => {
  /** Adds m4 until it is there; waits while it is told of an unresolved change. */
  const addOnce: World['plan'] = ({ unresolved, observation }) => {
    if (unresolved !== undefined) {
      return { kind: 'wait', for: 'quiet-period', because: 'unresolved-change' };
    }
    const list = observation.memberList;
    const there = list.kind !== 'unseen' && list.members.some(({ id }) => id === idOf('m4'));
    return there ? CONVERGED : stepPlan(ADD_M4);
  };
  const unresolvedUntil = () => world.inputs.findLastIndex(({ unresolved }) => unresolved);

  test('is not repeated: quiet period, then a newer list, then it goes on', async () => {
    world.plan = addOnce;
    let asked = 0;
    world.request = () => Promise.resolve(++asked === 1 ? unknown(trouble({})) : appliedOutcome);
    const startedAt = nowMs();
    const end = await settled(controllerOf(world).run({ until: 'converged', signal: never }));
    expect(end.kind).toBe('done');
    expect(asked).toBe(2);
    expect(outcomes()).toEqual(['unknown', 'refused', 'applied']);
    const list = world.inputs[unresolvedUntil() + 1]?.observation.memberList;
    expect(list).toMatchObject({ kind: 'linearizable' });
    expect(list?.kind === 'linearizable' && list.at - startedAt).toBeGreaterThanOrEqual(7000);
    expect(kinds()).toContain('quiet-period-over');
  });

  test.each([
    ['forward', 3_600_000],
    ['back', -3_600_000],
  ])(
    'a clock that is set %s meanwhile makes the quiet period neither shorter nor longer',
    async (_way, byMs) => {
      world.plan = addOnce;
      let setByMs = 0;
      world.request = () => {
        setTimeout(() => (setByMs = byMs), 1000);
        world.request = () => Promise.resolve(appliedOutcome);
        return Promise.resolve(unknown(trouble({})));
      };
      const clock = { ...systemClock, now: () => instantOf(Date.now() + setByMs) };
      const startedMs = clock.monotonicMs();
      const end = await settled(
        controllerOf(world, { clock }).run({ until: 'converged', signal: never }),
      );
      expect(end.kind).toBe('done');
      expect(outcomes()).toEqual(['unknown', 'refused', 'applied']);
      const tookMs = clock.monotonicMs() - startedMs;
      expect(tookMs).toBeGreaterThanOrEqual(QUIET_PERIOD_MS);
      expect(tookMs).toBeLessThan(2 * QUIET_PERIOD_MS);
    },
  );

  test('that landed after all is seen in the list, and not asked for again', async () => {
    world.plan = addOnce;
    world.request = (_what, _signal) => {
      world.members = [
        ...world.members,
        memberOf('m4', { name: '', isLearner: true, clientURLs: [] }),
      ];
      return forNever();
    };
    const end = await settled(controllerOf(world).run({ until: 'converged', signal: never }));
    expect(end.kind).toBe('done');
    expect(world.log.filter((line) => line.startsWith('add'))).toHaveLength(1);
    expect(outcomes()).toEqual(['unknown', 'applied']);
  });

  test('no list through quorum: it stays unresolved however long it takes', async () => {
    world.plan = addOnce;
    world.request = () => Promise.resolve(unknown(trouble({})));
    world.memberList = () => Promise.resolve(err(trouble({})));
    const end = await settled(
      controllerOf(world).run({ until: 'converged', deadlineMs: 30_000, signal: never }),
    );
    expect(end).toMatchObject({ kind: 'deadline', turn: { kind: 'wait' } });
    expect(world.log.filter((line) => line.startsWith('add'))).toHaveLength(1);
  });

  test('killed between decision and outcome: the next controller waits, then continues', async () => {
    world.plan = addOnce;
    world.request = forNever;
    void controllerOf(world).turn(never);
    await vi.advanceTimersByTimeAsync(100);
    expect(world.journal.map(({ kind }) => kind)).toEqual(['decided']);

    const restartedAt = nowMs();
    world.request = () => Promise.resolve(appliedOutcome);
    // What the first one would still do is not part of this world: its process is dead.
    const alive = { ...world, journal: [...world.journal] };
    const store = {
      ...world.store,
      readJournal: () => Promise.resolve(ok(alive.journal)),
      appendJournal: (entry: (typeof alive.journal)[number]) => {
        alive.journal.push(entry);
        return Promise.resolve({ ok: true, value: undefined } as const);
      },
    };
    const inputsBefore = world.inputs.length;
    const next = controllerOf(world, { store });
    const end = await settled(next.run({ until: 'converged', signal: never }));
    expect(end.kind).toBe('done');
    // What the first one sent may take as long as he would have waited, and only then the quiet period begins.
    expect(world.inputs[inputsBefore]?.unresolved).toEqual({
      step: 'add-learner',
      at: restartedAt + 5000,
    });
    expect(nowMs() - restartedAt).toBeGreaterThanOrEqual(12_000);

    // And the one after that finds the end in the journal and waits for nothing.
    const third = world.inputs.length;
    expect((await turn(controllerOf(world, { store }))).kind).toBe('converged');
    expect(world.inputs[third]?.unresolved).toBeUndefined();
  });

  test('a journal that cannot be read may hold one: nothing is planned before it can', async () => {
    world.plan = addOnce;
    world.request = forNever;
    void controllerOf(world).turn(never);
    await vi.advanceTimersByTimeAsync(100);
    const inputsBefore = world.inputs.length;
    world.readFails = trouble({});
    const next = controllerOf(world);
    expect(await turn(next)).toMatchObject({ kind: 'blocked', problems: [{ code: 'trouble' }] });
    expect(world.inputs.length).toBe(inputsBefore);
    world.readFails = undefined;
    expect((await turn(next)).kind).toBe('wait');
    expect(world.inputs.at(-1)?.unresolved).toMatchObject({ step: 'add-learner' });
  });

  test('a refused one is no reason to wait', async () => {
    world.plan = (input, n) => (n === 1 ? stepPlan(ADD_M4) : addOnce(input, n));
    let asked = 0;
    world.request = () => Promise.resolve(++asked === 1 ? refused(trouble({})) : appliedOutcome);
    const startedAt = nowMs();
    const end = await settled(controllerOf(world).run({ until: 'converged', signal: never }));
    expect(end.kind).toBe('done');
    expect(world.inputs.every(({ unresolved }) => unresolved === undefined)).toBe(true);
    expect(nowMs() - startedAt).toBeLessThan(7000);
  });

  test('a start with an unknown end is no membership change', async () => {
    world.plan = (_input, n) => (n === 1 ? stepPlan(startOf('m1')) : CONVERGED);
    world.start = () => Promise.resolve(unknown(trouble({})));
    await settled(controllerOf(world).run({ until: 'converged', signal: never }));
    expect(world.inputs[1]?.unresolved).toBeUndefined();
  });
});

describe('cancellation', () => {
  test('inside a membership call: unknown, in the journal, and the run ends at once', async () => {
    world.plan = () => stepPlan(ADD_M4);
    world.request = forNever;
    const abort = new AbortController();
    const run = controllerOf(world).run({ until: 'converged', signal: abort.signal });
    await vi.advanceTimersByTimeAsync(100);
    const cancelledAt = nowMs();
    abort.abort();
    expect(await settled(run)).toMatchObject({ kind: 'cancelled' });
    expect(outcomes()).toEqual(['unknown']);
    expect(world.journal.at(-1)).toMatchObject({ problem: { code: 'step-cancelled' } });
    expect(nowMs() - cancelledAt).toBeLessThan(100);
  });

  test('between steps and while observing: no step is begun', async () => {
    world.plan = () => stepPlan(ADD_M4);
    world.observe = forNever;
    const abort = new AbortController();
    const run = controllerOf(world).run({ until: 'forever', signal: abort.signal });
    await vi.advanceTimersByTimeAsync(10);
    abort.abort();
    expect((await settled(run)).kind).toBe('cancelled');
    expect(world.log).toEqual([]);
  });

  test('a step that takes too long is unknown', async () => {
    world.plan = () => stepPlan(ADD_M4);
    world.request = forNever;
    const startedAt = nowMs();
    expect(await turn()).toMatchObject({ outcome: { problem: { code: 'step-timed-out' } } });
    expect(nowMs() - startedAt).toBeLessThan(6000);
  });
});
