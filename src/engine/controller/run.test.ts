import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { instantOf, refused } from '../../base/index.js';
import type { Plan } from '../../core/planner/index.js';
import { DEFAULT_TIMINGS } from './index.js';
import { pauseAfter } from './run.js';
import {
  type World,
  controllerOf,
  healthyWorld,
  nowMs,
  settled,
  startOf,
  stepPlan,
  trouble,
  wishFor,
} from './testing/world.js';

const CONVERGED: Plan = { kind: 'converged' };
const WAIT: Plan = { kind: 'wait', for: 'leader', because: 'no-leader-yet' };
const never = new AbortController().signal;
let world: World;

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  world = healthyWorld();
});
afterEach(() => {
  vi.useRealTimers();
});

describe('a run', () => {
  test('looks again at once after an applied step', async () => {
    world.plan = (_input, n) => (n <= 3 ? stepPlan(startOf(`m${n}`)) : CONVERGED);
    const startedAt = nowMs();
    await settled(controllerOf(world).run({ until: 'converged', signal: never }));
    expect(world.log.filter((line) => line.startsWith('start'))).toHaveLength(3);
    expect(nowMs() - startedAt).toBeLessThan(100);
  });

  test('does not spin when the same step is applied again and again', async () => {
    world.plan = () => stepPlan(startOf('m1'));
    await settled(controllerOf(world).run({ until: 'converged', deadlineMs: 5000, signal: never }));
    expect(world.inputs.length).toBeLessThan(5000 / DEFAULT_TIMINGS.waitPollMs + 5);
  });

  test('goes on after a refusal, with a pause', async () => {
    world.plan = (_input, n) => (n <= 2 ? stepPlan(startOf('m1')) : CONVERGED);
    world.start = () => Promise.resolve(refused(trouble({})));
    const startedAt = nowMs();
    const end = await settled(controllerOf(world).run({ until: 'converged', signal: never }));
    expect(end.kind).toBe('done');
    expect(nowMs() - startedAt).toBeGreaterThanOrEqual(2 * DEFAULT_TIMINGS.retryPauseMs);
  });

  test('ends at its deadline and says where it stood', async () => {
    world.plan = () => WAIT;
    const startedAt = nowMs();
    const run = controllerOf(world).run({ until: 'converged', deadlineMs: 1000, signal: never });
    expect(await settled(run)).toMatchObject({ kind: 'deadline', turn: { kind: 'wait' } });
    expect(nowMs() - startedAt).toBeGreaterThanOrEqual(1000);
    expect(nowMs() - startedAt).toBeLessThan(1500);
  });

  test('blocked ends one kind of run; another goes on in the hope that somebody ends it', async () => {
    const problem = trouble({});
    world.plan = (_input, n) => (n <= 3 ? { kind: 'blocked', problem } : CONVERGED);
    const controller = controllerOf(world);
    const first = await settled(controller.run({ until: 'converged-or-blocked', signal: never }));
    expect(first).toMatchObject({ kind: 'blocked', problems: [problem] });
    expect(world.inputs).toHaveLength(2);
    const second = await settled(controller.run({ until: 'converged', signal: never }));
    expect(second.kind).toBe('done');
  });

  test('a single blocked turn may have seen a file half written: it is looked at again, soon', async () => {
    const problem = trouble({});
    world.plan = (_input, n) => (n === 1 ? { kind: 'blocked', problem } : CONVERGED);
    const startedAt = nowMs();
    const run = controllerOf(world).run({ until: 'converged-or-blocked', signal: never });
    expect((await settled(run)).kind).toBe('done');
    expect(nowMs() - startedAt).toBeLessThan(2 * DEFAULT_TIMINGS.waitPollMs);
  });

  test('a pause with work to do counts as blocked, a pause with nothing to do as converged', async () => {
    world.wish = { ...wishFor('m1', 'm2', 'm3'), paused: true };
    world.plan = (_input, n) => (n === 1 ? stepPlan(startOf('m1')) : CONVERGED);
    const controller = controllerOf(world);
    const run = () => settled(controller.run({ until: 'converged-or-blocked', signal: never }));
    expect(await run()).toMatchObject({ problems: [{ code: 'controller-paused' }] });
    expect((await run()).kind).toBe('done');
  });

  test('a changed wish wakes it from a long pause', async () => {
    const problem = trouble({});
    world.plan = ({ target }) =>
      target.members.length === 3 ? { kind: 'blocked', problem } : CONVERGED;
    const run = controllerOf(world).run({ until: 'converged', signal: never });
    await vi.advanceTimersByTimeAsync(100);
    const changedAt = nowMs();
    world.wish = { ...wishFor('m1'), generation: 2 };
    await settled(run);
    expect(nowMs() - changedAt).toBeLessThan(DEFAULT_TIMINGS.blockedPollMs / 2);
    const generations = world.events.flatMap((event) =>
      event.kind === 'wish-changed' ? [event.generation] : [],
    );
    expect(generations).toEqual([1, 2]);
  });

  test('a predicate decides after each turn', async () => {
    let turns = 0;
    const run = controllerOf(world).run({ until: () => ++turns === 3, signal: never });
    expect(await settled(run)).toMatchObject({ kind: 'done', turn: { kind: 'converged' } });
    expect(turns).toBe(3);
  });

  test('until the lock is lost', async () => {
    world.plan = (_input, n) => {
      if (n === 3) world.lockHeld = false;
      return stepPlan(startOf(`m${(n % 3) + 1}`));
    };
    const run = controllerOf(world).run({ until: 'forever', signal: never });
    expect(await settled(run)).toMatchObject({ kind: 'lock-lost', problem: { code: 'lock-lost' } });
    expect(world.log.filter((line) => line.startsWith('start'))).toHaveLength(2);
  });

  test('its beginning and end are in the journal, the end also after a bug in the planner', async () => {
    const who = { pid: 42, purpose: 'test' };
    await settled(controllerOf(world, { who }).run({ until: 'converged', signal: never }));
    world.plan = () => {
      throw new Error('planner');
    };
    const bad = controllerOf(world, { who }).run({ until: 'converged', signal: never });
    await expect(settled(bad)).rejects.toThrow('planner');
    const ends = world.journal.flatMap((e) => (e.kind === 'controller-ended' ? [e.because] : []));
    expect(ends).toEqual(['done', 'a bug: Error: planner']);
    expect(world.journal[0]).toMatchObject({ kind: 'controller-started', ...who });
  });
});

describe('the pause after a wait', () => {
  const view = (born: boolean) =>
    ({ record: { ...world.record, clusterID: born ? world.listClusterID : undefined } }) as never;
  const waitUntil = (ms: number | undefined, born = true) =>
    pauseAfter(
      {
        kind: 'wait',
        plan: { ...WAIT, ...(ms === undefined ? {} : { until: instantOf(ms) }) } as never,
        view: view(born),
      },
      undefined,
      instantOf(1000),
      DEFAULT_TIMINGS,
    );

  test.each([
    ['nothing is known of when', undefined, true, 250],
    ['it is soon', 1100, true, 100],
    ['it is far', 9000, true, 250],
    ['it has passed', 500, true, 10],
    ['the cluster is forming', undefined, false, 10],
  ])('when %s', (_name, until, born, expected) => {
    expect(waitUntil(until, born)).toBe(expected);
  });
});
