import { expect, test } from 'vitest';
import { err, ok } from '../../base/index.js';
import { virtualClock } from '../../base/testing/virtual-clock.js';
import { parseEndpoint, type Endpoint } from '../endpoints.js';
import { Balancer } from './balancer.js';
import { Prober } from './prober.js';
import type { ProbeAnswer } from './state.js';

const endpoints = ['a', 'b'].flatMap((host): Endpoint[] => {
  const parsed = parseEndpoint(`http://${host}:1`, false);
  return parsed.ok ? [parsed.value] : [];
});

const WELL: ProbeAnswer = {
  hasLeader: true,
  isLeader: false,
  isLearner: false,
  term: 1n,
  committedIndex: 1n,
  appliedIndex: 1n,
};

/** Two members on a virtual clock; `silent` are those that let a probe run into its deadline. */
function world() {
  const clock = virtualClock();
  const silent = new Set<string>();
  const asked: { readonly host: string; readonly atMs: number }[] = [];
  const under = new Map<string, number>();
  let mostAtOnce = 0;
  const transport = { connect: () => Promise.resolve(ok(undefined)), states: () => new Map() };
  const balancer = new Balancer({ name: 'healthy', transport, clock });
  balancer.replace(endpoints);
  let isBusy = false;
  const prober = new Prober({
    clock,
    balancer,
    isBusy: () => isBusy,
    probe: async ({ host, url }, deadlineMs) => {
      asked.push({ host, atMs: clock.monotonicMs() });
      under.set(host, (under.get(host) ?? 0) + 1);
      mostAtOnce = Math.max(mostAtOnce, under.get(host) ?? 0);
      await clock.sleep(silent.has(host) ? deadlineMs : 2, new AbortController().signal);
      under.set(host, (under.get(host) ?? 0) - 1);
      const where = { message: 'silence', endpoint: url, tried: [] };
      return silent.has(host) ? err({ kind: 'unknown', why: 'deadline', ...where }) : ok(WELL);
    },
  });
  const conditionOf = (host: string) =>
    balancer.states().find(({ endpoint }) => endpoint.host === host)?.condition;
  return {
    clock,
    silent,
    asked,
    prober,
    conditionOf,
    mostAtOnce: () => mostAtOnce,
    setBusy: (value: boolean) => (isBusy = value),
  };
}

test('a member that falls silent is out within a second, whenever it does', async () => {
  for (let fallsMs = 1_000; fallsMs < 1_400; fallsMs += 7) {
    const { clock, silent, prober, conditionOf, setBusy } = world();
    setBusy(true);
    prober.touch();
    await clock.run({ untilMs: fallsMs });
    expect(conditionOf('a')).toBe('well');
    silent.add('a');
    await clock.run({ untilMs: fallsMs + 1_000 });
    expect(conditionOf('a')).toBe('silent');
    expect(conditionOf('b')).toBe('well');
    silent.clear();
    await clock.run({ untilMs: fallsMs + 10_000 });
    expect(conditionOf('a')).toBe('well');
  }
});

test('a silent member is asked ever less, and never twice at once', async () => {
  const { clock, silent, asked, prober, mostAtOnce, setBusy } = world();
  setBusy(true);
  silent.add('a');
  prober.touch();
  await clock.run({ untilMs: 60_000 });
  const count = (host: string) => asked.filter((each) => each.host === host).length;
  expect(count('a')).toBeLessThan(60);
  expect(count('b')).toBeGreaterThanOrEqual(149);
  expect(mostAtOnce()).toBe(1);
});

test('nobody is asked while the client is not used; the next use asks at once', async () => {
  const { clock, asked, prober } = world();
  prober.touch();
  await clock.run({ untilMs: 60_000 });
  expect(asked.every(({ atMs }) => atMs <= 2_400)).toBe(true);
  prober.touch();
  expect(asked.filter(({ atMs }) => atMs === 60_000)).toHaveLength(2);
  prober.close();
});

test('told that something has changed, it asks everybody at once, and again whom it was asking', async () => {
  const { clock, asked, prober, setBusy } = world();
  prober.hurry();
  expect(asked).toEqual([]);
  setBusy(true);
  prober.touch();
  await clock.run({ untilMs: 100 });
  prober.hurry();
  await clock.run({ untilMs: 101 });
  expect(asked.filter(({ atMs }) => atMs === 100).map(({ host }) => host)).toEqual(['a', 'b']);
  // An answer takes 2 ms: these are still being asked.
  prober.hurry();
  await clock.run({ untilMs: 110 });
  expect(asked.filter(({ atMs }) => atMs === 102).map(({ host }) => host)).toEqual(['a', 'b']);
  expect(asked.filter(({ atMs }) => atMs > 102)).toEqual([]);
  prober.close();
});

test('a member that was down for long is asked at once when something has changed', async () => {
  const { clock, silent, asked, prober, conditionOf, setBusy } = world();
  setBusy(true);
  silent.add('a');
  prober.touch();
  await clock.run({ untilMs: 60_000 });
  expect(conditionOf('a')).toBe('silent');
  silent.clear();
  // It is not being asked, and would not be for a while.
  while (asked.some(({ host, atMs }) => host === 'a' && atMs > clock.monotonicMs() - 600)) {
    await clock.run({ untilMs: clock.monotonicMs() + 100 });
  }
  prober.hurry();
  await clock.run({ untilMs: clock.monotonicMs() + 10 });
  expect(conditionOf('a')).toBe('well');
  prober.close();
});
