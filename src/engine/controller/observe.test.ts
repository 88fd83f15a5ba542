import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { err, instantOf, ok, systemClock } from '../../base/index.js';
import type { HostName, HostSight, Observation } from '../../core/cluster/index.js';
import { DEFAULT_TIMINGS } from './index.js';
import { listEndpoints, localList } from './member-list.js';
import {
  CLUSTER,
  OTHER_CLUSTER,
  type World,
  clientURLOf,
  controllerOf,
  forNever,
  healthyWorld,
  hostOf,
  idOf,
  memberOf,
  nowMs,
  peerURLOf,
  resolveTarget,
  settled,
  statusOf,
  trouble,
  wishFor,
} from './testing/world.js';
import { ESCALATE_TURNS, probeDeadlineMs } from './timings.js';

const never = new AbortController().signal;
let world: World;

beforeEach(() => {
  vi.useFakeTimers({ now: 100_000 });
  world = healthyWorld();
});
afterEach(() => {
  vi.useRealTimers();
});

/** One turn of a fresh controller: what the planner saw, and how long it took to see it. */
async function look(controller = controllerOf(world)) {
  const startedAt = nowMs();
  await settled(controller.turn(never));
  const observation = world.inputs.at(-1)?.observation as Observation;
  const sight = (name: string) => observation.hosts.find(({ host }) => host === name) as HostSight;
  return { observation, sight, tookMs: nowMs() - startedAt };
}
const unborn = () => {
  if (world.record === undefined) return;
  const { clusterID: _clusterID, ...rest } = world.record;
  world.record = rest;
};

describe('who hangs delays nobody', () => {
  test('a member that accepts and never answers (SIGSTOP) is silent after its deadline; the rest is seen', async () => {
    world.status = (name) => (name === 'm2' ? forNever() : Promise.resolve(statusOf(name)));
    world.peer = (name) =>
      name === 'm2'
        ? forNever()
        : Promise.resolve({ kind: 'answered', clusterID: CLUSTER, members: world.members });
    const { observation, sight, tookMs } = await look();
    expect(tookMs).toBeLessThan(DEFAULT_TIMINGS.probeMs + DEFAULT_TIMINGS.headStartMs);
    expect(sight('m2')).toMatchObject({ peer: { kind: 'silent' }, status: { kind: 'silent' } });
    expect(sight('m3')).toMatchObject({ status: { kind: 'answered' } });
    expect(observation.memberList.kind).toBe('linearizable');
  });

  test('a host whose driver hangs is unseen, but its member is asked all the same', async () => {
    const seen = world.observe;
    world.observe = (name) => (name === 'm2' ? forNever() : seen(name));
    const { sight, tookMs } = await look();
    expect(tookMs).toBeLessThan(DEFAULT_TIMINGS.hostMs + 100);
    expect(sight('m2')).toMatchObject({
      process: { kind: 'unseen' },
      data: { kind: 'unseen' },
      status: { kind: 'answered' },
    });
  });

  test('what a gateway passes on is not an answer of its host, however late the driver says that it is one', async () => {
    const seen = world.observe;
    world.observe = async (name) => {
      if (name !== 'm2') return seen(name);
      await systemClock.sleep(2 * DEFAULT_TIMINGS.headStartMs, never);
      return {
        process: { kind: 'stopped' },
        data: { kind: 'empty' },
        gateway: { kind: 'running', startedAt: instantOf(0), flags: {} },
      };
    };
    const { sight } = await look();
    expect(sight('m2')).toMatchObject({
      status: { kind: 'silent', because: 'a gateway answers there for others' },
      peer: { kind: 'silent' },
    });
  });

  test('where a proxy is wanted and nobody can look, an answer may be that of a gateway', async () => {
    const seen = world.observe;
    world.observe = (name) => (name === 'm2' ? forNever() : seen(name));
    const { sight } = await look(
      controllerOf(world, {
        resolveTarget: (wish, record) => {
          const all = resolveTarget(wish, record);
          if (!all.ok) return all;
          const [proxy, ...rest] = all.value.members.toSorted(
            (a, b) => Number(b.host === 'm2') - Number(a.host === 'm2'),
          );
          if (proxy === undefined) throw new Error('no members');
          const proxies = [{ ...proxy, listenClientURLs: proxy.clientURLs }];
          return ok({ ...all.value, members: rest, proxies });
        },
      }),
    );
    expect(sight('m2')).toMatchObject({ process: { kind: 'unseen' }, status: { kind: 'silent' } });
  });

  test('a driver that throws makes one host unseen, no more', async () => {
    const seen = world.observe;
    world.observe = (name) => (name === 'm2' ? Promise.reject(new Error('x')) : seen(name));
    const { sight } = await look();
    expect(sight('m2').process).toMatchObject({ kind: 'unseen' });
    expect(sight('m1').process).toMatchObject({ kind: 'running' });
  });

  test('everything hangs: the turn still ends, and nothing is concluded', async () => {
    world.observe = forNever;
    world.peer = forNever;
    world.status = forNever;
    const { observation, tookMs } = await look();
    expect(tookMs).toBeLessThan(DEFAULT_TIMINGS.probeMs + 2 * DEFAULT_TIMINGS.headStartMs + 50);
    expect(observation.memberList.kind).toBe('unseen');
  });

  test('a member whose process is stopped is not asked', async () => {
    const asked: string[] = [];
    const data = { kind: 'empty' } as const;
    world.observe = () => Promise.resolve({ process: { kind: 'stopped' }, data });
    world.status = (name) => (asked.push(name), forNever());
    world.peer = (name) => (asked.push(name), forNever());
    const { sight, tookMs } = await look();
    expect(asked).toEqual([]);
    expect(sight('m1').status).toMatchObject({ because: 'its process is not running' });
    expect(tookMs).toBeLessThan(50);
  });

  test('a host whose process is stopped has no answer, however late the driver says so: its name leads elsewhere now', async () => {
    const seen = world.observe;
    world.observe = async (name) => {
      if (name !== 'm2') return seen(name);
      await systemClock.sleep(2 * DEFAULT_TIMINGS.headStartMs, never);
      return { process: { kind: 'stopped' }, data: { kind: 'empty' } };
    };
    world.status = (name) => Promise.resolve(statusOf(name === 'm2' ? 'm3' : name));
    const { sight } = await look();
    const notRunning = { kind: 'silent', because: 'its process is not running' };
    expect(sight('m2')).toMatchObject({ peer: notRunning, status: notRunning });
    expect(sight('m3')).toMatchObject({ status: { kind: 'answered' } });
  });

  test('where nobody can look, an answer of a member that runs elsewhere is that of whoever has the name now', async () => {
    const seen = world.observe;
    world.observe = (name) => (name === 'm2' ? forNever() : seen(name));
    world.status = (name) => Promise.resolve(statusOf(name === 'm2' ? 'm3' : name));
    const { sight } = await look();
    const elsewhere = { kind: 'silent', because: 'm3 answers by its name' };
    expect(sight('m2')).toMatchObject({ peer: elsewhere, status: elsewhere });
    expect(sight('m3')).toMatchObject({ status: { kind: 'answered' } });
  });

  test('a running process is asked where it listens, not where the spec wants it', async () => {
    const asked: string[] = [];
    const flags = {
      'listen-peer-urls': 'http://0.0.0.0:1,http://peer.old:1',
      'advertise-client-urls': 'http://client.elsewhere:1',
    };
    world.observe = (name) =>
      Promise.resolve({
        process: { kind: 'running', startedAt: instantOf(0), flags: name === 'm1' ? flags : {} },
        data: { kind: 'present', clusterID: CLUSTER, memberID: idOf(name) },
      });
    const peer = world.peer;
    world.peer = (name) => (asked.push(`peer ${name}`), peer(name));
    const status = world.status;
    world.status = (name) => (asked.push(`client ${name}`), status(name));
    await look();
    expect(asked).toEqual([
      'peer old',
      'client elsewhere',
      'peer m2',
      'client m2',
      'peer m3',
      'client m3',
    ]);
  });

  test('during a birth with too few processes for a leader, nobody is asked for its status', async () => {
    unborn();
    const asked: string[] = [];
    const seen = world.observe;
    world.observe = (name) =>
      name === 'm1'
        ? seen(name)
        : Promise.resolve({ process: { kind: 'stopped' }, data: { kind: 'empty' } });
    world.status = (name) => (asked.push(name), forNever());
    const { sight, tookMs } = await look();
    expect(asked).toEqual([]);
    expect(sight('m1').peer.kind).toBe('answered');
    expect(tookMs).toBeLessThan(20);
  });

  test('while there is no leader the deadline is short, and grows back when that lasts', async () => {
    world.status = forNever;
    const controller = controllerOf(world);
    const took: number[] = [];
    for (let i = 0; i < 60; i++) took.push((await look(controller)).tookMs);
    expect(took[0]).toBeGreaterThanOrEqual(DEFAULT_TIMINGS.probeMs);
    expect(took[1]).toBeLessThan(2 * DEFAULT_TIMINGS.leaderlessProbeMs);
    expect(took.at(-1)).toBeGreaterThanOrEqual(DEFAULT_TIMINGS.probeMs);
  });
});

describe('the member list', () => {
  test('its time is from before asking', async () => {
    world.memberList = async () => {
      await new Promise((resolve) => setTimeout(resolve, 500));
      return ok({ clusterID: CLUSTER, members: world.members });
    };
    const startedAt = nowMs();
    const { observation } = await look();
    const list = observation.memberList;
    expect(list.kind === 'unseen' ? Infinity : list.at - startedAt).toBeLessThan(100);
    expect(observation.at - startedAt).toBeLessThan(100);
  });

  test('is asked of members that know a leader, the leader first, while others still hang', async () => {
    const asked: string[] = [];
    world.status = (name) => (name === 'm3' ? forNever() : Promise.resolve(statusOf(name)));
    world.memberList = (endpoints) => {
      asked.push(...endpoints);
      return Promise.resolve(ok({ clusterID: CLUSTER, members: world.members }));
    };
    await look();
    expect(asked).toEqual(['m1', 'm2']);
  });

  test('without quorum it is a local one, from a peer port', async () => {
    world.memberList = () => Promise.resolve(err(trouble({})));
    expect((await look()).observation.memberList).toMatchObject({ kind: 'local' });
    world.memberList = forNever;
    expect((await look()).observation.memberList).toMatchObject({ kind: 'local' });
  });

  test('that belongs to another cluster is never taken for ours', async () => {
    world.listClusterID = OTHER_CLUSTER;
    expect((await look()).observation.memberList).toMatchObject({
      kind: 'local',
      clusterID: CLUSTER,
    });
  });

  test('is not asked of a member of another cluster; what that one says stays visible', async () => {
    const asked: string[] = [];
    const foreign = (name: string) => name === 'm1';
    world.status = (name) =>
      Promise.resolve(statusOf(name, foreign(name) ? { clusterID: OTHER_CLUSTER } : {}));
    world.peer = (name) =>
      Promise.resolve({
        kind: 'answered',
        clusterID: foreign(name) ? OTHER_CLUSTER : CLUSTER,
        members: world.members,
      });
    world.memberList = (endpoints) => {
      asked.push(...endpoints);
      return Promise.resolve(err(trouble({})));
    };
    const { sight } = await look();
    expect(asked).toEqual(['m2', 'm3']);
    expect(sight('m1').peer).toMatchObject({ clusterID: OTHER_CLUSTER });
  });
});

describe('data that looks empty', () => {
  const emptyAt = (looks: number) => {
    let looked = 0;
    const seen = world.observe;
    world.observe = async (name) => {
      const facts = await seen(name);
      return name === 'm3' && ++looked <= looks ? { ...facts, data: { kind: 'empty' } } : facts;
    };
  };

  test('is looked at again after the list: a member that was just starting has lost nothing', async () => {
    emptyAt(1);
    expect((await look()).sight('m3').data).toMatchObject({ kind: 'present' });
  });

  test('and is still empty then, although its member is named in the list: that is lost data', async () => {
    emptyAt(2);
    expect((await look()).sight('m3').data).toMatchObject({ kind: 'empty' });
  });

  test('is never taken for lost on a look that came before the list', async () => {
    const order: string[] = [];
    emptyAt(1);
    const seen = world.observe;
    world.observe = (name) => (order.push(name), seen(name));
    const { memberList } = world;
    world.memberList = (endpoints) => (order.push('list'), memberList(endpoints));
    await look();
    expect(order).toEqual(['m1', 'm2', 'm3', 'list', 'm3']);
  });
});

describe('a host that is no member’s', () => {
  const looksAt = async (name: string): Promise<number> => {
    let looks = 0;
    const seen = world.observe;
    world.observe = async (asked) => {
      if (asked === name) looks++;
      const facts = await seen(asked);
      return asked === name
        ? { ...facts, process: { kind: 'stopped' }, data: { kind: 'empty' } }
        : facts;
    };
    world.status = (asked) =>
      Promise.resolve(asked === name ? { kind: 'silent', because: 'x' } : statusOf(asked));
    await look();
    return looks;
  };

  test('is empty for good reason, and not looked at again', async () => {
    world.known = [hostOf('edge')];
    expect(await looksAt('edge')).toBe(1);
  });

  test('nor is one on which nobody was started, while the cluster is being born', async () => {
    if (world.record === undefined) throw new Error('no record');
    const { clusterID: _, ...unborn } = world.record;
    world.record = { ...unborn, issuedNew: ['m1', 'm2'].map(hostOf) };
    world.plan = () => ({ kind: 'converged' });
    expect(await looksAt('m3')).toBe(1);
    world.record = { ...unborn, issuedNew: ['m1', 'm2', 'm3'].map(hostOf) };
    expect(await looksAt('m3')).toBe(2);
  });

  test('unless the list has a member with its address', async () => {
    const address = world.record?.addresses['m3'];
    if (world.record === undefined || address === undefined) throw new Error('no record');
    world.wish = wishFor('m1', 'm2');
    expect(await looksAt('m3')).toBe(2);
  });
});

describe('hosts', () => {
  test('those that hold something are looked at although the spec does not name them', async () => {
    world.known = [hostOf('m3'), hostOf('old')];
    const { observation } = await look();
    expect(observation.hosts.map(({ host }) => host)).toEqual(['m1', 'm2', 'm3', 'old']);
  });

  test('a silent host costs its deadline once, although the driver is asked which others there are', async () => {
    const seen = world.observe;
    world.observe = (name) => (name === 'm2' ? forNever() : seen(name));
    const driver = { ...world.driver, knownHosts: forNever };
    const { sight, tookMs } = await look(controllerOf(world, { driver }));
    expect(sight('m2').process).toMatchObject({ kind: 'unseen' });
    expect(tookMs).toBeLessThan(2 * DEFAULT_TIMINGS.hostMs);
  });

  test('when the driver cannot say which hold something, those of the record are looked at', async () => {
    world.wish = wishFor('m1');
    const driver = { ...world.driver, knownHosts: () => Promise.reject(new Error('x')) };
    const { observation } = await look(controllerOf(world, { driver }));
    expect(observation.hosts.map(({ host }) => host)).toEqual(['m1', 'm2', 'm3']);
  });

  test('a member that lives elsewhere is asked at the addresses of the list, and is by hand', async () => {
    world.members = [...world.members, memberOf('m7')];
    const { sight } = await look();
    expect(sight('m7')).toMatchObject({
      process: { kind: 'by-hand' },
      data: { kind: 'unseen' },
      status: { kind: 'answered', memberID: idOf('m7') },
    });
  });

  test('a member without a name that lives elsewhere is called by its id', async () => {
    world.members = [...world.members, memberOf('m7', { name: '', clientURLs: [] })];
    const { sight } = await look();
    expect(sight(idOf('m7')).status).toMatchObject({ kind: 'silent' });
  });

  test('a registered member that has not started belongs to the host with its peer URL', async () => {
    world.members = [memberOf('m1'), memberOf('m2'), memberOf('m3', { name: '', clientURLs: [] })];
    const seen = world.observe;
    world.observe = (name) =>
      name === 'm3'
        ? Promise.resolve({ process: { kind: 'stopped' }, data: { kind: 'empty' } })
        : seen(name);
    const { observation } = await look();
    expect(observation.hosts).toHaveLength(3);
  });

  test('a member run by hand is not the driver’s; its client URL may be known to the list alone', async () => {
    const [wished] = wishFor('m4').spec.members;
    if (world.wish === undefined || wished === undefined) throw new Error('test');
    const m4 = { ...wished, start: 'by-hand', peerURLs: [peerURLOf('m4')] } as const;
    const members = [...world.wish.spec.members, m4];
    world.wish = { ...world.wish, spec: { ...world.wish.spec, members } };
    world.members = [...world.members, memberOf('m4')];
    const driven: string[] = [];
    const seen = world.observe;
    world.observe = (name) => (driven.push(name), seen(name));
    const { sight } = await look();
    expect(driven).toEqual(['m1', 'm2', 'm3']);
    expect(sight('m4')).toMatchObject({
      process: { kind: 'by-hand' },
      status: { kind: 'answered', memberID: idOf('m4') },
    });
  });
});

describe('listEndpoints', () => {
  const answer = (name: string, more = {}) => ({
    clientURL: clientURLOf(name),
    status: statusOf(name, more),
  });

  test('learners and members without a leader are not asked', () => {
    const answers = [
      answer('m1', { isLearner: true }),
      { ...answer('m2'), status: { ...statusOf('m2'), leader: undefined } as never },
      answer('m3'),
    ];
    expect(listEndpoints(answers, CLUSTER)).toEqual([clientURLOf('m3')]);
  });

  test('a higher term is asked before an older belief', () => {
    const answers = [answer('m1'), answer('m2', { raftTerm: 3n, leader: idOf('m2') })];
    expect(listEndpoints(answers, CLUSTER)).toEqual([clientURLOf('m2'), clientURLOf('m1')]);
  });

  test('at birth the larger party counts', () => {
    const answers = [answer('m1', { clusterID: OTHER_CLUSTER }), answer('m2'), answer('m3')];
    expect(listEndpoints(answers, undefined)).toEqual([clientURLOf('m2'), clientURLOf('m3')]);
  });
});

describe('localList', () => {
  const sight = (name: string, clusterID = CLUSTER, members = [memberOf('m1')]): HostSight => ({
    host: name as HostName,
    process: { kind: 'stopped' },
    data: { kind: 'empty' },
    status: { kind: 'silent', because: 'test' },
    peer: { kind: 'answered', clusterID, members },
  });
  const chosen = (sights: readonly HostSight[], recorded: typeof CLUSTER | null = CLUSTER) =>
    localList(sights, recorded ?? undefined, instantOf(1), 'nobody');

  test('our cluster before a larger foreign party', () => {
    const foreign = [sight('x', OTHER_CLUSTER), sight('y', OTHER_CLUSTER)];
    expect(chosen([...foreign, sight('m1')])).toMatchObject({ clusterID: CLUSTER });
    expect(chosen([...foreign, sight('m1')], null)).toMatchObject({
      clusterID: OTHER_CLUSTER,
    });
  });

  test('the copy that most agree on before the first', () => {
    const both = [memberOf('m1'), memberOf('m2')];
    const sights = [
      sight('m3'),
      sight('m1', CLUSTER, both),
      sight('m2', CLUSTER, [...both].reverse()),
    ];
    expect(chosen(sights)).toMatchObject({ members: both });
  });

  test('nobody answers: unseen, and why', () => {
    expect(chosen([])).toEqual({ kind: 'unseen', because: 'nobody' });
  });
});

test.each([
  ['at the start of a born cluster', false, 0, 1000],
  ['while forming', true, 0, 60],
  ['after one turn without leader', false, 1, 60],
  ['after some', false, ESCALATE_TURNS, 120],
  ['after many', false, 3 * ESCALATE_TURNS, 480],
  ['never beyond the full one', true, 10_000, 1000],
])('probe deadline %s', (_name, forming, turnsWithoutLeader, expected) => {
  expect(probeDeadlineMs({ forming, turnsWithoutLeader }, DEFAULT_TIMINGS)).toBe(expected);
});
