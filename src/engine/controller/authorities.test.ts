import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { applied, err, ok, unsafeBrand } from '../../base/index.js';
import {
  type Authorities,
  type ClusterRecord,
  type Fingerprint,
  IMAGINED_AUTHORITIES,
  type PlaneTrust,
  certificatesFor,
} from '../../core/cluster/index.js';
import { type Step } from '../../core/planner/index.js';
import type { Certificates, HostDriver, HostFile, Wish } from '../ports/index.js';
import {
  type World,
  controllerOf,
  forNever,
  healthyWorld,
  hostOf,
  resolveTarget,
  settled,
  stepPlan,
  trouble,
  wishFor,
} from './testing/world.js';

const never = new AbortController().signal;

const trust = (name: string): PlaneTrust => {
  const fingerprint = unsafeBrand<Fingerprint>(name);
  return { trusted: [fingerprint], issuer: fingerprint, bundle: name };
};
const OURS: Authorities = {
  planes: { peer: trust('peer-1'), client: trust('client-1') },
  heldBy: [],
};
const FILE: HostFile = { path: '/data/m1.pki/peer.pem', content: new Uint8Array(), mode: 0o600 };
const INSTALL: Step = {
  kind: 'install-certificates',
  host: hostOf('m1'),
  name: unsafeBrand('m1'),
  wanted: certificatesFor(OURS, { dataDir: '/data/m1', names: [] }),
  leafs: ['peer'],
};

let world: World;
let asked: string[];
beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  world = healthyWorld();
  const wish = wishFor('m1', 'm2', 'm3');
  world.wish = { ...wish, spec: { ...wish.spec, tls: { kind: 'auto' } } };
  asked = [];
});
afterEach(() => {
  vi.useRealTimers();
});

const certificates = (more: Partial<Certificates> = {}): Certificates => ({
  authorities: async (_, how) => {
    asked.push(how);
    return ok(OURS);
  },
  judge: () => ({ kind: 'unseen', because: 'nobody asked' }),
  issue: async ({ leafs }) => {
    asked.push(`issue ${leafs.join()}`);
    return ok([FILE]);
  },
  advance: async (to) => {
    asked.push(to);
    return applied();
  },
  ...more,
});

/** One turn; answers the authorities that the target was made with. */
async function turn(parts: {
  readonly certificates?: Certificates;
  readonly writeFiles?: HostDriver['writeFiles'];
}) {
  let trusted: Authorities | undefined;
  const { writeFiles } = parts;
  const end = await settled(
    controllerOf(world, {
      ...(parts.certificates === undefined ? {} : { certificates: parts.certificates }),
      driver: { ...world.driver, ...(writeFiles === undefined ? {} : { writeFiles }) },
      resolveTarget: (wish, record, authorities) => {
        trusted = authorities;
        return resolveTarget(wish, record);
      },
    }).turn(never),
  );
  return { end, trusted };
}

test('authorities are made once, and are in the record before anybody is told to trust them', async () => {
  let recorded: unknown;
  world.plan = () => {
    recorded ??= world.record?.authorities;
    return { kind: 'converged' };
  };
  const { trusted } = await turn({ certificates: certificates() });
  expect(trusted).toBe(OURS);
  expect(recorded).toEqual(['peer-1', 'client-1']);
  await turn({ certificates: certificates() });
  expect(asked).toEqual(['create', 'use']);
});

test('those that are gone are told, and nothing takes their place', async () => {
  world.record = {
    ...(world.record as ClusterRecord),
    authorities: [unsafeBrand<Fingerprint>('peer-1')],
  };
  const gone = {
    ...certificates({ authorities: async () => ok(undefined) }),
    directory: '/home/ann/clusters/prod/pki',
  };
  expect((await turn({ certificates: gone })).end).toMatchObject({
    kind: 'blocked',
    problems: [
      {
        code: 'authorities-lost',
        hint: expect.stringContaining(
          'scp -rp SEAT:/home/ann/clusters/prod/pki /home/ann/clusters/prod/',
        ),
      },
    ],
  });
});

test('a paused controller makes none, and plans with imagined ones', async () => {
  world.wish = { ...(world.wish as Wish), paused: true };
  const look = certificates({
    authorities: async (_, how) => {
      asked.push(how);
      return ok(undefined);
    },
  });
  expect((await turn({ certificates: look })).trusted).toBe(IMAGINED_AUTHORITIES);
  expect(asked).toEqual(['look']);
  expect(world.record?.authorities).toBeUndefined();
});

test('what cannot be read is told, also when it takes for ever', async () => {
  const failing = certificates({ authorities: async () => err(trouble({})) });
  expect((await turn({ certificates: failing })).end).toMatchObject({
    problems: [{ code: 'trouble' }],
  });
  const hanging = certificates({ authorities: () => forNever() });
  expect((await turn({ certificates: hanging })).end).toMatchObject({
    problems: [{ code: 'authorities-slow' }],
  });
});

test('whoever has lost the lock meanwhile writes no record', async () => {
  const slow = certificates({
    authorities: async () => {
      world.lockHeld = false;
      return ok(OURS);
    },
  });
  expect((await turn({ certificates: slow })).end).toMatchObject({ kind: 'lock-lost' });
  expect(world.record?.authorities).toBeUndefined();
});

test('in plain text nobody is asked', async () => {
  world.wish = wishFor('m1', 'm2', 'm3');
  expect((await turn({ certificates: certificates() })).trusted).toBeUndefined();
  expect(asked).toEqual([]);
});

test('where nobody makes certificates, that is told', async () => {
  expect((await turn({})).end).toMatchObject({ problems: [{ code: 'no-certificates-here' }] });
});

test('what a host lacks is issued and then written there', async () => {
  world.plan = () => stepPlan(INSTALL);
  const written: unknown[] = [];
  const { end } = await turn({
    certificates: certificates(),
    writeFiles: async (host, files) => {
      written.push(host, files);
      return applied();
    },
  });
  expect(end).toMatchObject({ kind: 'step', outcome: { kind: 'applied' } });
  expect(asked).toEqual(['create', 'issue peer']);
  expect(written).toEqual(['m1', [FILE]]);
});

test('a driver that writes no files refuses, and nothing is issued', async () => {
  world.plan = () => stepPlan(INSTALL);
  const { end } = await turn({ certificates: certificates() });
  expect(end).toMatchObject({
    outcome: { kind: 'refused', problem: { code: 'no-certificates-here' } },
  });
  expect(asked).toEqual(['create']);
});

test('a phase of a rotation is begun where the authorities are kept', async () => {
  world.plan = () => stepPlan({ kind: 'advance-rotation', to: 'issue-new' });
  const { end } = await turn({ certificates: certificates() });
  expect(end).toMatchObject({ kind: 'step', outcome: { kind: 'applied' } });
  expect(asked).toEqual(['create', 'issue-new']);
});
