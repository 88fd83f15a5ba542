/** What each policy makes of the states of endpoints; no sockets. */
import { describe, expect, test } from 'vitest';
import { parseEndpoint, type Endpoint } from '../endpoints.js';
import { healthy, pinFirst, roundRobin, type CallClass, type Policy } from './policies.js';
import {
  afterAnswer,
  afterFailure,
  afterProbe,
  factsOf,
  statesOf,
  type EndpointFacts,
  type Failure,
  type ProbeAnswer,
} from './state.js';

function endpointOf(host: string): Endpoint {
  const parsed = parseEndpoint(`http://${host}:1`, false);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

const FOLLOWER: ProbeAnswer = {
  hasLeader: true,
  isLeader: false,
  isLearner: false,
  term: 5n,
  committedIndex: 1_000n,
  appliedIndex: 1_000n,
};

/** A cluster a, b, c to which things happen. */
function cluster() {
  let facts = new Map<string, EndpointFacts>(
    ['a', 'b', 'c'].map((host) => [host, factsOf(endpointOf(host))]),
  );
  let connected = 0;
  let nowMs = 0;
  const change = (host: string, next: (facts: EndpointFacts) => EndpointFacts) => {
    nowMs += 100;
    facts = new Map([...facts].map(([each, old]) => [each, each === host ? next(old) : old]));
  };
  const states = () => statesOf([...facts.values()], () => 'ready');
  return {
    connect: (host: string) => change(host, (old) => ({ ...old, connectedAs: ++connected })),
    answer: (host: string) => change(host, (old) => afterAnswer(old, nowMs, 2)),
    fail: (host: string, kind: Failure['kind']) =>
      change(host, (old) => afterFailure(old, { kind, message: kind, atMs: nowMs })),
    probe: (host: string, answer: Partial<ProbeAnswer> = {}, sentAgoMs = 10) =>
      change(host, (old) => afterProbe(old, { ...FOLLOWER, ...answer }, nowMs - sentAgoMs, nowMs)),
    pass: (ms: number) => (nowMs += ms),
    order: (policy: Policy, call: CallClass = 'consensus', turn = 0) =>
      policy(states())
        .order(call, turn)
        .map(({ host }) => host)
        .join(''),
    conditions: () => states().map(({ endpoint, condition }) => `${endpoint.host} ${condition}`),
    reason: (host: string) => states().find(({ endpoint }) => endpoint.host === host)?.reason,
  };
}

describe('pin-first', () => {
  test('begins with the endpoint that connected first and stays with the one that answers', () => {
    const world = cluster();
    expect(world.order(pinFirst)).toBe('abc');
    world.connect('b');
    world.connect('a');
    expect(world.order(pinFirst)).toBe('bac');
    world.answer('b');
    world.probe('a', { isLeader: true });
    expect(world.order(pinFirst)).toBe('bac');
  });

  test('goes on with the next when it fails, and comes back to it last', () => {
    const world = cluster();
    world.answer('a');
    world.fail('a', 'unreachable');
    expect(world.order(pinFirst)).toBe('bca');
    world.answer('b');
    world.fail('b', 'doubtful');
    expect(world.order(pinFirst)).toBe('cab');
  });
});

describe('round-robin', () => {
  test('takes each in turn, those that failed last', () => {
    const world = cluster();
    const turns = () => [0, 1, 2].map((turn) => world.order(roundRobin, 'consensus', turn));
    expect(turns()).toEqual(['abc', 'bca', 'cab']);
    world.fail('b', 'unreachable');
    expect(turns()).toEqual(['acb', 'cab', 'cab']);
    world.probe('b');
    expect(turns()).toEqual(['abc', 'bca', 'cab']);
  });
});

describe('healthy', () => {
  test('leads with the leader, and follows it', () => {
    const world = cluster();
    for (const host of ['a', 'b']) world.probe(host);
    world.probe('c', { isLeader: true });
    expect(world.order(healthy)).toBe('cab');
    world.probe('a', { isLeader: true, term: 6n });
    // c has not been asked since; its term is older.
    expect(world.conditions()).toEqual(['a well', 'b well', 'c no-leader']);
    world.probe('c', { term: 6n });
    expect(world.order(healthy)).toBe('abc');
  });

  test('spreads local reads over the members that are well', () => {
    const world = cluster();
    for (const host of ['a', 'b', 'c']) world.probe(host);
    world.fail('b', 'silent');
    expect([0, 1, 2].map((turn) => world.order(healthy, 'local', turn))).toEqual([
      'acb',
      'cab',
      'acb',
    ]);
  });

  test('knows a member that is cut off, one that learns, and one that lags, and says why', () => {
    const world = cluster();
    world.probe('a', { hasLeader: false });
    world.probe('b', { isLearner: true });
    world.probe('c', { committedIndex: 9_000n, appliedIndex: 1_000n });
    expect(world.conditions()).toEqual(['a no-leader', 'b learner', 'c lagging']);
    expect(world.order(healthy)).toBe('cba');
    expect(world.reason('c')).toContain('8000 entries');
  });

  test('takes a silent endpoint out and gives it back when it is well', () => {
    const world = cluster();
    for (const host of ['a', 'b', 'c']) world.probe(host);
    world.fail('a', 'silent');
    expect(world.order(healthy)).toBe('bca');
    world.probe('a');
    expect(world.order(healthy)).toBe('abc');
  });

  test('believes a call that had no answer more than a probe for a while', () => {
    const world = cluster();
    for (const host of ['a', 'b', 'c']) world.probe(host);
    world.fail('a', 'doubtful');
    world.probe('a');
    expect(world.order(healthy)).toBe('bca');
    world.pass(2_000);
    world.probe('a');
    expect(world.order(healthy)).toBe('abc');
  });

  test('does not believe a probe that was sent before the refusal for want of a leader', () => {
    const world = cluster();
    for (const host of ['a', 'b', 'c']) world.probe(host);
    world.fail('a', 'no-leader');
    world.probe('a', {}, 150);
    expect(world.order(healthy)).toBe('bca');
    world.probe('a', {}, 50);
    expect(world.order(healthy)).toBe('abc');
  });

  test('never takes the last one away', () => {
    const world = cluster();
    for (const host of ['a', 'b', 'c']) world.fail(host, 'silent');
    expect(world.order(healthy)).toBe('abc');
  });

  test('hedges sooner where answers are quick, within bounds', () => {
    const hedgeAfter = (latencyMs: number | undefined) =>
      healthy(statesOf([{ ...factsOf(endpointOf('a')), latencyMs }], () => 'ready')).hedgeAfterMs;
    expect([undefined, 0.5, 20, 900].map(hedgeAfter)).toEqual([500, 50, 160, 500]);
  });
});
