import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { err, ok } from '../../base/index.js';
import {
  type ClusterRecord,
  type MeetingPlace,
  parseDomainName,
} from '../../core/cluster/index.js';
import type { BirthRecords, MeetingPlaces, Wish } from '../ports/index.js';
import {
  type World,
  controllerOf,
  forNever,
  healthyWorld,
  hostOf,
  resolveTarget,
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

const DNS = { kind: 'dns', domain: 'example.com' } as const;
const byDNS = (birthRecords?: BirthRecords) => {
  const domain = parseDomainName(DNS.domain);
  if (!domain.ok) throw new Error(domain.error);
  const wish = wishFor('m1', 'm2', 'm3');
  world.wish = {
    ...wish,
    spec: { ...wish.spec, bootstrap: { kind: 'dns', domain: domain.value } },
  };
  world.plan = () => stepPlan(startOf('m1', 'birth'));
  return settled(
    controllerOf(world, {
      resolveTarget: (wanted, record) => {
        const target = resolveTarget(wanted, record);
        return target.ok ? ok({ ...target.value, birth: DNS }) : target;
      },
      ...(birthRecords === undefined ? {} : { birthRecords }),
    }).turn(never),
  );
};

test('nobody is told to ask the DNS while its records are wrong, and all that is wrong is told', async () => {
  const problems = [trouble({}), trouble({})];
  const turned = await byDNS({ ready: async () => err(problems) });
  expect(turned).toMatchObject({ kind: 'blocked', problems: [{}, {}] });
  expect(await byDNS({ ready: () => forNever() })).toMatchObject({
    problems: [{ code: 'dns-records-slow' }],
  });
  expect(await byDNS()).toMatchObject({ problems: [{ code: 'no-dns-here' }] });
  expect(world.log.filter((line) => line.startsWith('start'))).toEqual([]);
});

test('the records are looked at until everybody was told, and never after the birth', async () => {
  let looks = 0;
  const records: BirthRecords = {
    ready: async () => {
      looks++;
      return ok(undefined);
    },
  };
  await byDNS(records);
  expect(looks).toBe(1);
  const told = world.record as ClusterRecord;
  world.record = { ...told, issuedNew: ['m1', 'm2', 'm3'].map(hostOf) };
  await byDNS(records);
  expect(looks).toBe(1);
});
