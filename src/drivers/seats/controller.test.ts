/** The controller over a state on hosts: what it costs, and what another seat finds when one is killed. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom, unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import {
  ADD_M4,
  NAMES,
  controllerOf,
  forNever,
  healthyWorld,
  startOf,
  stepPlan,
  wishFor,
} from '../../engine/controller/testing/world.js';
import { type HostsStore, createHostsStore } from './store.js';
import { FakeHosts } from './testing/fake-hosts.js';
import { PROD } from './testing/samples.js';

let hosts: FakeHosts;
beforeEach(() => {
  hosts = new FakeHosts();
});
afterEach(() => hosts.remove());

const NEVER = new AbortController().signal;
let seatCount = 0;

/** A world whose members are in memory, and a seat at which its state is on hosts. */
async function seatOver(world: ReturnType<typeof healthyWorld>) {
  const life = new AbortController();
  const store: HostsStore = createHostsStore({
    cluster: PROD,
    hosts: NAMES.map((name) => unsafeBrand<HostName>(name)),
    shell: hosts.shell,
    clock: hosts.clock,
    random: seededRandom(++seatCount),
    seat: { name: 'ann@desk', pid: seatCount },
    signal: life.signal,
  });
  const lock = await hosts.finish(store.lock('run'));
  if (!lock.ok) throw new Error(lock.error.detail);
  const record = await hosts.finish(store.readRecord());
  if (record.ok && record.value === undefined && world.record !== undefined) {
    const { generation: _first, ...wish } = wishFor(...NAMES);
    await hosts.finish(store.writeRecord(world.record));
    await hosts.finish(store.writeWish(wish, 0));
  }
  const controller = controllerOf(world, {
    store,
    lock: lock.value,
    clock: hosts.clock,
    random: seededRandom(seatCount),
  });
  return { store, lock: lock.value, controller, life };
}

test('a converged turn asks each host once', async () => {
  const world = healthyWorld();
  const { controller, lock } = await seatOver(world);
  await hosts.finish(controller.turn(NEVER));
  for (let i = 0; i < 3; i++) {
    const before = hosts.log.length;
    expect(await hosts.finish(controller.turn(NEVER))).toMatchObject({ kind: 'converged' });
    expect(hosts.log.slice(before).toSorted()).toEqual(
      NAMES.map((name) => `${name}: read the state`),
    );
  }
  await hosts.finish(lock.release());
});

test('what is decided is on a majority before it is done, also with a host that hangs', async () => {
  const world = healthyWorld();
  const { controller, lock } = await seatOver(world);
  world.plan = () => stepPlan(startOf('m2'));
  hosts.host('m3').behaviour = 'hangs';
  world.start = async () => {
    for (const name of ['m1', 'm2']) {
      expect(hosts.host(name).read('journal.jsonl')).toContain('"kind":"decided"');
    }
    return { kind: 'applied', value: undefined };
  };
  expect(await hosts.finish(controller.turn(NEVER))).toMatchObject({
    kind: 'step',
    outcome: { kind: 'applied' },
  });
  await hosts.finish(lock.release());
});

test('a seat that is killed while a member is being added leaves it in the journal, and the next one waits', async () => {
  const world = healthyWorld();
  const first = await seatOver(world);
  world.plan = () => stepPlan(ADD_M4);
  let isSent: (() => void) | undefined;
  const sent = new Promise<void>((resolve) => (isSent = resolve));
  world.request = () => {
    isSent?.();
    return forNever();
  };
  void first.controller.turn(NEVER);
  await hosts.finish(sent);
  first.life.abort();
  await hosts.pass(31_000);

  const second = await seatOver(world);
  world.plan = () => ({ kind: 'converged' });
  await hosts.finish(second.controller.turn(NEVER));
  expect(world.inputs.at(-1)?.unresolved).toMatchObject({ step: 'add-learner' });
  await hosts.finish(second.lock.release());
});

test('a seat whose lock ran out does nothing more', async () => {
  const world = healthyWorld();
  const { controller, lock } = await seatOver(world);
  for (const name of NAMES) hosts.host(name).behaviour = 'away';
  await hosts.pass(31_000);
  for (const name of NAMES) hosts.host(name).behaviour = 'answers';
  const before = hosts.log.length;
  expect(await hosts.finish(controller.turn(NEVER))).toMatchObject({ kind: 'lock-lost' });
  expect(hosts.log.length).toBe(before);
  await hosts.finish(lock.release());
});
