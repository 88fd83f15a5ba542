import { describe, expect, test } from 'vitest';
import type { World } from '../../../core/model/index.js';
import { type FakeMachine, fakeMachine } from '../testing/fake-machine.js';

interface StatusJSON {
  readonly cluster: {
    readonly id: string | null;
    readonly state: string;
    readonly margin: number;
    readonly voters: number;
  };
  readonly members: readonly {
    readonly name: string;
    readonly id: string | null;
    readonly host: string;
    readonly role: string;
    readonly healthy: boolean;
    readonly problems: readonly { readonly code: string }[];
  }[];
  readonly plan: { readonly kind: string };
}

async function three(): Promise<FakeMachine> {
  const machine = fakeMachine();
  await machine.type('up');
  await machine.type('apply');
  return machine;
}

async function statusOf(machine: FakeMachine): Promise<StatusJSON> {
  const typed = await machine.type('status', '-o', 'json');
  expect(typed.exit).toBe(0);
  return JSON.parse(typed.out) as StatusJSON;
}

type Host = World['hosts'][number];

/** Changes what is seen of one host. */
function change(machine: FakeMachine, name: string, edit: (host: Host) => Host): void {
  const cluster = machine.cluster('default');
  if (cluster.world === undefined) throw new Error('no world');
  const { world } = cluster;
  cluster.world = {
    ...world,
    hosts: world.hosts.map((host) => (host.host === name ? edit(host) : host)),
  };
}

const stopped = (host: Host): Host => ({ ...host, process: { kind: 'stopped' } });
const wiped = (host: Host): Host => ({ ...stopped(host), data: { kind: 'empty' } });
const unseen = (host: Host): Host => ({
  ...host,
  process: { kind: 'unseen', because: 'no answer' },
  data: { kind: 'unseen', because: 'no answer' },
});
/** Runs, and may still have the timings of its first moments. */
const fastTimed = (host: Host): Host =>
  host.process.kind === 'running'
    ? {
        ...host,
        process: {
          ...host.process,
          flags: {
            ...host.process.flags,
            'initial-cluster-state': 'new',
            'heartbeat-interval': '10',
          },
        },
      }
    : host;

describe('the state of a cluster', () => {
  test('healthy: everything that is wanted stands', async () => {
    const { cluster, members, plan } = await statusOf(await three());
    expect(cluster).toMatchObject({ state: 'healthy', margin: 1, voters: 3 });
    expect(members.map(({ name, role }) => [name, role])).toEqual([
      ['m1', 'voter'],
      ['m2', 'voter'],
      ['m3', 'voter'],
    ]);
    expect(plan.kind).toBe('converged');
  });

  test('forming: until the birth is recorded', async () => {
    const machine = fakeMachine();
    await machine.type('up');
    const cluster = machine.cluster('default');
    if (cluster.record === undefined) throw new Error('no record');
    const { clusterID: _unborn, ...record } = cluster.record;
    cluster.record = record;
    expect((await statusOf(machine)).cluster).toMatchObject({ id: null, state: 'forming' });
  });

  test('forming: while a process runs on the timings of its first life', async () => {
    const machine = await three();
    change(machine, 'm1', fastTimed);
    expect((await statusOf(machine)).cluster.state).toBe('forming');
  });

  test('degraded: a voter is down, and the margin says how much is left', async () => {
    const machine = await three();
    change(machine, 'm2', stopped);
    const { cluster, members } = await statusOf(machine);
    expect(cluster).toMatchObject({ state: 'degraded', margin: 0 });
    expect(members.find(({ name }) => name === 'm2')).toMatchObject({ healthy: false });
  });

  test('degraded: a member that lost its data says so', async () => {
    const machine = await three();
    change(machine, 'm2', wiped);
    const { cluster, members } = await statusOf(machine);
    expect(cluster.state).toBe('degraded');
    const codes = members.find(({ name }) => name === 'm2')?.problems.map(({ code }) => code);
    expect(codes).toEqual(['member-data-lost']);
  });

  test('degraded: a member that is wanted and not registered yet is listed as unstarted', async () => {
    const machine = await three();
    const cluster = machine.cluster('default');
    if (cluster.wish === undefined) throw new Error('no wish');
    const [first] = cluster.wish.spec.members;
    if (first === undefined) throw new Error('no member');
    const late = { ...first, name: 'm4', host: 'm4' } as typeof first;
    const members = [...cluster.wish.spec.members, late];
    cluster.wish = { ...cluster.wish, spec: { ...cluster.wish.spec, members } };
    const status = await statusOf(machine);
    expect(status.cluster.state).toBe('degraded');
    expect(status.members.at(-1)).toMatchObject({ name: 'm4', id: null, role: 'unstarted' });
  });

  test('quorum-lost: two of three are gone', async () => {
    const machine = await three();
    change(machine, 'm1', stopped);
    change(machine, 'm2', stopped);
    const { cluster } = await statusOf(machine);
    expect(cluster.state).toBe('quorum-lost');
    expect(cluster.margin).toBeLessThan(0);
  });

  test('quorum-lost: all are down although they should be up', async () => {
    const machine = await three();
    for (const name of ['m1', 'm2', 'm3']) change(machine, name, stopped);
    const { cluster, members } = await statusOf(machine);
    expect(cluster).toMatchObject({ state: 'quorum-lost', voters: 3, margin: -2 });
    expect(members.map(({ role }) => role)).toEqual(['voter', 'voter', 'voter']);
  });

  test('unknown: what could not be looked at may be well', async () => {
    const machine = await three();
    change(machine, 'm1', unseen);
    change(machine, 'm2', unseen);
    expect((await statusOf(machine)).cluster.state).toBe('unknown');
  });

  test('unknown: down, as asked, which is no trouble', async () => {
    const machine = await three();
    await machine.type('down');
    const { cluster, members } = await statusOf(machine);
    expect(cluster.state).toBe('unknown');
    expect(members.flatMap(({ problems }) => problems)).toEqual([]);
    expect((await machine.type('status')).out).toMatch(/^default {2}down, as asked/);
  });

  test('a process of another cluster on a host of ours is a stranger', async () => {
    const machine = await three();
    change(machine, 'm3', (host) =>
      host.data.kind === 'present'
        ? { ...host, data: { ...host.data, memberID: id('bad'), clusterID: id('dead') } }
        : host,
    );
    const { members } = await statusOf(machine);
    expect(members.find(({ role }) => role === 'stranger')).toMatchObject({
      id: 'bad',
      host: 'm3',
      problems: [{ code: 'member-of-another-cluster' }, { code: 'member-silent' }],
    });
  });

  test('a list that another cluster gives is not taken for ours', async () => {
    const machine = await three();
    const cluster = machine.cluster('default');
    if (cluster.record === undefined) throw new Error('no record');
    cluster.record = { ...cluster.record, clusterID: id('0ther') };
    const { members } = await statusOf(machine);
    expect(members.every(({ role }) => role === 'stranger')).toBe(true);
  });
});

const id = <T>(text: string): T => text as T;
