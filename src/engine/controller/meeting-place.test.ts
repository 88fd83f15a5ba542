import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { err, ok } from '../../base/index.js';
import type { ClusterRecord, MeetingPlace } from '../../core/cluster/index.js';
import type { MeetingPlaces, Wish } from '../ports/index.js';
import {
  type World,
  controllerOf,
  forNever,
  healthyWorld,
  hostOf,
  settled,
  startOf,
  stepPlan,
  trouble,
  wishFor,
} from './testing/world.js';

const never = new AbortController().signal;
const PLACE: MeetingPlace = {
  protocol: 'v2',
  url: 'http://10.0.0.9:8087/v2/keys/abc',
  size: 3,
  isOurs: true,
};
const byDiscovery = (wish: Wish): Wish => ({
  ...wish,
  spec: { ...wish.spec, bootstrap: { kind: 'discovery', at: { kind: 'serve' } } },
});

let world: World;
let asked: string[];
beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  world = healthyWorld();
  const { clusterID: _born, ...unborn } = world.record as ClusterRecord;
  world.record = { ...unborn, issuedNew: [] };
  world.wish = byDiscovery(wishFor('m1', 'm2', 'm3'));
  asked = [];
});
afterEach(() => {
  vi.useRealTimers();
});

const places = (more: Partial<MeetingPlaces> = {}): MeetingPlaces => ({
  make: async ({ size }) => {
    asked.push(`make for ${size}`);
    return ok(PLACE);
  },
  keep: async () => {
    asked.push('keep');
    return ok(undefined);
  },
  leave: async () => void asked.push('leave'),
  ...more,
});

const turn = (meetingPlaces: MeetingPlaces = places()) =>
  settled(controllerOf(world, { meetingPlaces }).turn(never));

test('a birth by discovery has its place in the record before anybody starts, and one place only', async () => {
  let recorded: MeetingPlace | undefined;
  world.plan = () => {
    recorded ??= world.record?.meetingPlace;
    return stepPlan(startOf('m1', 'birth'));
  };
  await turn();
  expect(recorded).toEqual(PLACE);
  await turn();
  expect(asked).toEqual(['make for 3', 'keep']);
});

test('without a place nobody is started', async () => {
  world.plan = () => stepPlan(startOf('m1', 'birth'));
  const problem = trouble({});
  expect(await turn(places({ make: async () => err(problem) }))).toMatchObject({
    kind: 'blocked',
    problems: [{ code: 'trouble' }],
  });
  expect(await turn(places({ make: () => forNever() }))).toMatchObject({
    problems: [{ code: 'meeting-place-slow' }],
  });
  expect(world.log.filter((line) => line.startsWith('start'))).toEqual([]);
});

test('a place that cannot be kept up is told, and the record keeps it', async () => {
  await turn();
  expect(await turn(places({ keep: async () => err(trouble({})) }))).toMatchObject({
    kind: 'blocked',
    problems: [{ code: 'trouble' }],
  });
  expect(world.record?.meetingPlace).toEqual(PLACE);
});

test('who was told the others already goes on so, whatever the spec says by now', async () => {
  world.record = { ...(world.record as ClusterRecord), issuedNew: [hostOf('m1')] };
  await turn();
  expect(asked).toEqual([]);
});

test('a paused controller makes nothing', async () => {
  world.wish = { ...(world.wish as Wish), paused: true };
  await turn();
  expect(asked).toEqual([]);
});

test('after the birth, and when the cluster goes down, the place is left', async () => {
  await turn();
  world.wish = { ...(world.wish as Wish), state: 'down' };
  await turn();
  expect(asked).toEqual(['make for 3', 'leave']);
});

test('where nobody can make a place, that is told', async () => {
  expect(await settled(controllerOf(world).turn(never))).toMatchObject({
    problems: [{ code: 'no-discovery-here' }],
  });
});
