/** The controller over a state on hosts: what it costs, and what another seat finds when one is killed. */
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seededRandom, unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostDriver, HostShell } from '../../engine/ports/index.js';
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
import { createJoinedLooks } from '../shell/index.js';
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
  const { clock } = hosts;
  const random = seededRandom(++seatCount);
  const looks = createJoinedLooks({ shell: hosts.shell, clock, random });
  const store: HostsStore = createHostsStore({
    cluster: PROD,
    hosts: NAMES.map((name) => unsafeBrand<HostName>(name)),
    shell: looks.acting,
    lookShell: looks.asking,
    clock: hosts.clock,
    random,
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
    clock,
    random,
    driver: lookingThrough(looks.looking, world.driver),
    looks: looks.window,
    timings: { hostMs: 5000, headStartMs: 5000 },
  });
  return { store, lock: lock.value, controller, life };
}

/** A driver that looks at hosts, twice each in a turn, and finds there what the world says. */
const lookingThrough = (shell: HostShell, driver: HostDriver): HostDriver => {
  const look = async (host: HostName, script: string, signal: AbortSignal) => {
    const end = await shell.run(host, { doing: 'look', script, deadlineMs: 5000 }, signal);
    if (end.kind !== 'ended') throw new Error(end.problem.summary);
    expect(Buffer.from(end.stdout).toString()).toBe('seen\n');
  };
  return {
    ...driver,
    knownHosts: async (signal) => {
      const known = await driver.knownHosts(signal);
      await Promise.all(known.map((host) => look(host, 'echo seen; exit 0', signal)));
      return known;
    },
    observe: async (host, signal) => {
      await look(host, 'echo seen', signal);
      return driver.observe(host, signal);
    },
  };
};

test('a converged turn asks each host once, and so the lock is renewed and what was seen is seen again', async () => {
  const world = healthyWorld();
  const { controller, lock } = await seatOver(world);
  await hosts.finish(controller.turn(NEVER));
  // Every 2 s, for longer than a lease lasts.
  for (let i = 0; i < 20; i++) {
    await hosts.pass(2000);
    const before = hosts.log.length;
    expect(await hosts.finish(controller.turn(NEVER))).toMatchObject({ kind: 'converged' });
    await hosts.pass(0);
    expect(hosts.log.slice(before).toSorted()).toEqual(
      NAMES.map((name) => `${name}: read the state`),
    );
  }
  expect(hosts.log).not.toContain('m1: renew the lock');
  expect(await lock.stillHeld()).toBe(true);
  await hosts.finish(lock.release());
});

test('a host that lost its state has it again, as the turns go on', async () => {
  const { controller, lock } = await seatOver(healthyWorld());
  hosts.host('m3').wipe();
  for (let i = 0; i < 7; i++) {
    await hosts.finish(controller.turn(NEVER));
    await hosts.pass(2000);
  }
  expect(hosts.host('m3').read('record.json')).toContain('"name":"prod"');
  expect(hosts.log).not.toContain('m1: renew the lock');
  await hosts.finish(lock.release());
});

test('while the loop is busy with something long the lock is renewed without it', async () => {
  const { controller, lock } = await seatOver(healthyWorld());
  await hosts.finish(controller.turn(NEVER));
  await hosts.pass(60_000);
  expect(hosts.log.filter((line) => line === 'm1: renew the lock').length).toBeGreaterThan(3);
  expect(await lock.stillHeld()).toBe(true);
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
