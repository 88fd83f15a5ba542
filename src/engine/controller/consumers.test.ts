import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Problem, applied, ok, unsafeBrand } from '../../base/index.js';
import type { Consumer, ConsumerSight, HostName } from '../../core/cluster/index.js';
import type { Plan, Step } from '../../core/planner/index.js';
import type { Consumers } from '../ports/index.js';
import {
  type World,
  clientURLOf,
  controllerOf,
  forNever,
  healthyWorld,
  nowMs,
  resolveTarget,
  settled,
  startOf,
  stepPlan,
} from './testing/world.js';

const API: Consumer = {
  host: unsafeBrand<HostName>('api'),
  endpoints: 'members',
  program: { kind: 'flannel', at: { kind: 'unit', unit: 'flanneld.service' } },
};
const ID = 'flannel@api';
const URLS = ['m1', 'm2', 'm3'].map((name) => clientURLOf(name));
const SIGHT: ConsumerSight = {
  kind: 'seen',
  id: ID,
  names: URLS,
  link: { kind: 'connected', to: URLS },
};
const TELL: Step = { kind: 'update-consumer', consumer: ID, host: API.host, endpoints: URLS };

/** Longer than any deadline of a step. */
const LIMIT_MS = 400_000;

let world: World;
beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  world = healthyWorld();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A controller whose spec has the consumer; how each look and each change of it ends. */
const turn = (consumers?: Partial<Consumers>) =>
  settled(
    controllerOf(world, {
      resolveTarget: (wish, record) => {
        const target = resolveTarget(wish, record);
        return target.ok ? ok({ ...target.value, consumers: [API] }) : (target as never);
      },
      ...(consumers === undefined
        ? {}
        : {
            consumers: {
              observe: () => Promise.resolve(SIGHT),
              update: () => Promise.resolve(applied()),
              ...consumers,
            },
          }),
    }).turn(new AbortController().signal),
    LIMIT_MS,
  );
const seenLast = () => world.inputs.at(-1)?.observation.consumers;

test('what was seen of a consumer is what the planner is given, and what is told', async () => {
  expect((await turn({})).kind).toBe('converged');
  expect(seenLast()).toEqual([SIGHT]);
  const observed = world.events.find(({ kind }) => kind === 'observed');
  expect(observed).toMatchObject({ observation: { consumers: [SIGHT] } });
});

test('a consumer whose host hangs is unseen after a while', async () => {
  const startedAt = nowMs();
  expect((await turn({ observe: forNever })).kind).toBe('converged');
  expect(seenLast()).toEqual([
    { kind: 'unseen', id: ID, because: 'no answer from flannel@api within 2000 ms' },
  ]);
  expect(nowMs() - startedAt).toBeLessThan(3000);
});

test('a member is started without waiting for a consumer that hangs', async () => {
  world.plan = (): Plan => stepPlan(startOf('m1'));
  const startedAt = nowMs();
  expect(await turn({ observe: forNever })).toMatchObject({ outcome: { kind: 'applied' } });
  expect(nowMs() - startedAt).toBeLessThan(500);
});

test('an adapter that throws is a consumer that was not seen', async () => {
  const observe = () => Promise.reject(new Error('broken'));
  expect((await turn({ observe })).kind).toBe('converged');
  expect(seenLast()).toMatchObject([{ kind: 'unseen', id: ID }]);
});

test('the step hands the endpoints to the port, and its end is the outcome', async () => {
  world.plan = () => stepPlan(TELL);
  const asked: unknown[] = [];
  const update: Consumers['update'] = (consumer, endpoints) => {
    asked.push([consumer, endpoints]);
    return Promise.resolve(applied());
  };
  expect(await turn({ update })).toMatchObject({ kind: 'step', outcome: { kind: 'applied' } });
  expect(asked).toEqual([[API, URLS]]);
  const problem: Problem = { code: 'x', data: {}, summary: 'it did not', detail: '', hint: '' };
  const end = await turn({ update: () => Promise.resolve({ kind: 'refused', problem }) });
  expect(end).toMatchObject({ outcome: { kind: 'refused', problem: { code: 'x' } } });
});

test('a consumer that never answers to a change is unknown, long after its own deadlines', async () => {
  world.plan = () => stepPlan(TELL);
  const startedAt = nowMs();
  const end = await turn({ update: forNever });
  expect(end).toMatchObject({ outcome: { kind: 'unknown', problem: { code: 'step-timed-out' } } });
  expect(nowMs() - startedAt).toBeGreaterThan(240_000);
});

test('where nothing reaches consumers they are unseen, and telling one is refused', async () => {
  world.plan = () => stepPlan(TELL);
  const end = await turn();
  expect(end).toMatchObject({
    outcome: { kind: 'refused', problem: { code: 'no-consumers-here' } },
  });
  expect(seenLast()).toMatchObject([{ kind: 'unseen' }]);
});
