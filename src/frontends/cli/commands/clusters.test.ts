import { describe, expect, test } from 'vitest';
import { defineProblem, err, instantOf, ok, unknown, unsafeBrand } from '../../../base/index.js';
import type { ClusterName, HostSight } from '../../../core/cluster/index.js';
import type { Look } from '../ports.js';
import { type FakeMachine, fakeMachine } from '../testing/fake-machine.js';

const SPEC = `apiVersion: quorate.dev/v1alpha1
kind: EtcdCluster
metadata: { name: prod }
spec:
  version: "3.6"
  driver: { local: {} }
  members: [{ name: a1 }, { name: a2 }, { name: a3 }]
  allowEvenSize: true
`;

const conflict = defineProblem('test-conflict', () => ({
  summary: 'somebody was first',
  detail: '',
  hint: '',
}));

const away = defineProblem('test-away', () => ({
  summary: 'Cannot see host a2',
  detail: 'Connection refused',
  hint: '',
}));

const withFile = (machine: FakeMachine, text = SPEC, path = 'prod.yaml'): FakeMachine => {
  machine.files.set(path, text);
  return machine;
};

/** The same look in the middle of an election: all members run, have run for long, and none of them knows a leader. */
function withoutLeader(look: Look): Look {
  const { observation } = look.input;
  const hosts = observation.hosts.map((sight): HostSight => {
    const { process, status } = sight;
    if (process.kind !== 'running' || status.kind !== 'answered') return sight;
    const { leader: _leader, ...rest } = status;
    return { ...sight, process: { ...process, startedAt: instantOf(0) }, status: rest };
  });
  const seen = observation.memberList;
  const memberList = seen.kind === 'unseen' ? seen : ({ ...seen, kind: 'local' } as const);
  return { ...look, input: { ...look.input, observation: { ...observation, hosts, memberList } } };
}

describe('up', () => {
  test('from nothing: three members, named steps on stderr, endpoints on stdout, a supervisor behind', async () => {
    const machine = fakeMachine();
    const typed = await machine.type('up');
    expect(typed.exit).toBe(0);
    expect(typed.out).toContain('default takes writes: 3 members, etcd 3.6.15');
    expect(typed.out).toContain(
      'http://127.0.0.1:21000,http://127.0.0.1:21010,http://127.0.0.1:21020',
    );
    expect(typed.err).toContain('start m1 (birth)');
    expect(typed.err).toContain('no host holds data and nobody answers');
    expect(typed.err).toMatch(/being born/);
    expect(machine.cluster('default').supervisors).toBe(1);
  });

  test('in JSON the result is data, and --quiet keeps stderr empty', async () => {
    const typed = await fakeMachine().type(
      'up',
      '--name',
      'lab',
      '--size',
      '1',
      '-o',
      'json',
      '-q',
    );
    expect(typed.err).toBe('');
    expect(JSON.parse(typed.out)).toMatchObject({
      cluster: { name: 'lab', version: '3.6.15' },
      endpoints: ['http://127.0.0.1:21000'],
    });
  });

  test('a failure after the result leaves one document on stdout and is told on stderr', async () => {
    const machine = fakeMachine();
    await machine.type('up');
    machine.cluster('default').supervise = async () => err(conflict({}));
    const typed = await machine.type('up', '-o', 'json');
    expect(typed.exit).toBe(1);
    expect(JSON.parse(typed.out)).toMatchObject({ cluster: { name: 'default' } });
    expect(typed.err).toContain('[test-conflict]');
  });

  test('again: the same cluster, nothing to do', async () => {
    const machine = fakeMachine();
    await machine.type('up');
    await machine.type('apply');
    const { clusterID } = machine.cluster('default').record ?? {};
    const typed = await machine.type('up');
    expect(typed.exit).toBe(0);
    expect(typed.err).not.toContain('start');
    expect(machine.cluster('default').record?.clusterID).toBe(clusterID);
  });

  test('after down: the same data and id', async () => {
    const machine = fakeMachine();
    await machine.type('up');
    await machine.type('apply');
    const { clusterID } = machine.cluster('default').record ?? {};
    expect((await machine.type('down')).exit).toBe(0);
    expect((await machine.type('up')).exit).toBe(0);
    expect(machine.cluster('default').record?.clusterID).toBe(clusterID);
  });

  test('an even size is done as asked, and what it means is said once', async () => {
    const machine = fakeMachine();
    const note = 'note: 4 members survive no more failures than 3, and one more can fail.';
    expect((await machine.type('up', '--size', '4')).err).toContain(note);
    expect((await machine.type('up')).err).not.toContain(note);
  });

  test('a size that is none is a usage problem, and nothing is founded', async () => {
    const machine = fakeMachine();
    const typed = await machine.type('up', '--size', '9');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('[bad-value]');
    expect(await machine.ports.clusters.list()).toEqual([]);
  });

  test('a version that Quorate does not run names the nearest', async () => {
    const typed = await fakeMachine().type('up', '--version', '3.66');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('Did you mean 3.6?');
  });

  test('fewer members than there are must be confirmed', async () => {
    const machine = fakeMachine();
    await machine.type('up', '--size', '5');
    await machine.type('apply');
    const refused = await machine.type('up', '--size', '3');
    expect(refused.exit).toBe(2);
    expect(refused.err).toContain('[not-confirmed]');
    expect(machine.cluster('default').wish?.spec.members).toHaveLength(5);
    expect((await machine.type('up', '--size', '3', '--yes=default')).exit).toBe(0);
    expect(machine.cluster('default').wish?.spec.members).toHaveLength(3);
  });

  test('a paused cluster says so', async () => {
    const machine = fakeMachine();
    await machine.type('up');
    await machine.type('pause');
    const typed = await machine.type('up');
    expect(typed.exit).toBe(1);
    expect(typed.err).toContain('quorate resume default');
  });
});

describe('plan', () => {
  test('3 while there are changes to make, 0 when converged', async () => {
    const machine = withFile(fakeMachine());
    const before = await machine.type('plan', '-f', 'prod.yaml');
    expect(before.exit).toBe(3);
    expect(before.out).toContain('1. start a1 (birth)');
    expect(await machine.ports.clusters.list()).toEqual([]);
    await machine.type('apply', '-f', 'prod.yaml');
    const after = await machine.type('plan', '-f', 'prod.yaml');
    expect(after).toMatchObject({ exit: 0, out: 'converged: nothing to do\n' });
  });

  test('the JSON has the fields that scripts rely on', async () => {
    const machine = withFile(fakeMachine());
    const typed = await machine.type('plan', '-f', 'prod.yaml', '-o', 'json');
    const plan = JSON.parse(typed.out) as { steps: unknown[] };
    expect(Object.keys(plan)).toEqual(['kind', 'steps']);
    expect(plan).toMatchObject({ kind: 'steps' });
    expect(plan.steps[0]).toEqual({
      kind: 'start-member',
      member: 'a1',
      because: 'first-member-of-a-birth',
      margin: { before: -1, after: -1 },
    });
  });

  test('4 when blocked, with the problem', async () => {
    const machine = withFile(fakeMachine());
    await machine.type('apply', '-f', 'prod.yaml');
    loseData(machine, 'prod', 2);
    const typed = await machine.type('plan', 'prod', '-o', 'json');
    expect(typed.exit).toBe(4);
    expect(JSON.parse(typed.out)).toMatchObject({
      kind: 'blocked',
      steps: [],
      problem: { code: 'quorum-lost' },
    });
  });

  test('a bad spec tells every problem at once with exit code 2', async () => {
    const text = SPEC.replace('members', 'membres').replace('"3.6"', '"2.3"');
    const machine = withFile(fakeMachine(), text);
    const typed = await machine.type('plan', '-f', 'prod.yaml', '-o', 'json');
    expect(typed.exit).toBe(2);
    const { problems } = JSON.parse(typed.out) as { problems: { code: string }[] };
    expect(problems.map(({ code }) => code)).toContain('spec-unknown-field');
    expect(problems.map(({ code }) => code)).toContain('spec-version-unsupported');
  });

  test('without a file the usual one is read, unless a cluster was named', async () => {
    const machine = withFile(fakeMachine(), SPEC, 'quorate.yaml');
    const typed = await machine.type('plan');
    expect(typed.exit).toBe(3);
    expect(typed.err).toContain('reading quorate.yaml');
    expect((await machine.type('plan', 'other')).exit).toBe(2);
  });
});

describe('apply', () => {
  test('of a spec that somebody else applies at the same moment: theirs was first, and that is fine', async () => {
    const machine = withFile(fakeMachine());
    const cluster = machine.ports.clusters.open(unsafeBrand<ClusterName>('prod'));
    const { found } = cluster;
    cluster.found = async (spec, options) => {
      await found(spec, options);
      return err(conflict({}));
    };
    const typed = await machine.type('apply', '-f', 'prod.yaml');
    expect(typed).toMatchObject({ exit: 0 });
    expect(machine.cluster('prod').wish?.generation).toBe(1);
  });

  test('that cannot found the cluster says why, when nobody else did it', async () => {
    const machine = withFile(fakeMachine());
    machine.ports.clusters.open(unsafeBrand<ClusterName>('prod')).found = async () =>
      err(conflict({}));
    const typed = await machine.type('apply', '-f', 'prod.yaml');
    expect(typed).toMatchObject({ exit: 1, err: expect.stringContaining('[test-conflict]') });
  });

  test('shows the plan, carries it out, and does nothing the second time', async () => {
    const machine = withFile(fakeMachine());
    const first = await machine.type('apply', '-f', 'prod.yaml', '-o', 'json');
    expect(first.exit).toBe(0);
    const done = JSON.parse(first.out) as { steps: { kind: string }[] };
    expect(done).toMatchObject({ cluster: { name: 'prod' }, kind: 'converged' });
    expect(done.steps.map(({ kind }) => kind)).toContain('record-birth');
    const second = await machine.type('apply', '-f', 'prod.yaml', '-o', 'json');
    expect(JSON.parse(second.out)).toMatchObject({ kind: 'converged', steps: [] });
  });

  test('what takes a member away is asked for by name on a terminal', async () => {
    const machine = withFile(fakeMachine());
    await machine.type('apply', '-f', 'prod.yaml');
    machine.files.set('prod.yaml', SPEC.replace(', { name: a3 }', ''));
    const silent = await machine.type('apply', '-f', 'prod.yaml');
    expect(silent.exit).toBe(2);
    expect(silent.err).toContain('quorate apply -f prod.yaml --yes=prod');
    const wrong = await machine.typeAt({ answer: 'yes' }, 'apply', '-f', 'prod.yaml');
    expect(wrong.exit).toBe(2);
    expect(wrong.err).toContain('The name typed was "yes", not prod');
    expect(machine.cluster('prod').wish?.spec.members).toHaveLength(3);
    const right = await machine.typeAt({ answer: 'prod' }, 'apply', '-f', 'prod.yaml');
    expect(right.exit).toBe(0);
    expect(machine.cluster('prod').world?.members).toHaveLength(2);
  });

  test('a spec whose plan is blocked is refused, and nothing is written down', async () => {
    const machine = withFile(fakeMachine());
    await machine.type('apply', '-f', 'prod.yaml');
    loseData(machine, 'prod', 2);
    machine.files.set('prod.yaml', SPEC.replace('{ name: a3 }', '{ name: a3 }, { name: a4 }'));
    const typed = await machine.type('apply', '-f', 'prod.yaml');
    expect(typed.exit).toBe(4);
    expect(typed.err).toContain('[quorum-lost]');
    expect(machine.cluster('prod').wish?.spec.members).toHaveLength(3);
  });

  test('a look that falls into an election is taken again; a cluster that stays without a leader is refused after a moment', async () => {
    const machine = withFile(fakeMachine());
    await machine.type('apply', '-f', 'prod.yaml');
    const prod = machine.cluster('prod');
    const look = prod.look.bind(prod);
    const electing = (looks: number) => {
      let looked = 0;
      Object.assign(prod, {
        look: async (signal: AbortSignal) => {
          const seen = await look(signal);
          return !seen.ok || ++looked > looks ? seen : ok(withoutLeader(seen.value));
        },
      });
      return () => looked;
    };
    machine.files.set('prod.yaml', SPEC.replace('{ name: a3 }', '{ name: a3 }, { name: a4 }'));
    electing(Infinity);
    const refused = await machine.type('apply', '-f', 'prod.yaml');
    expect(refused.exit).toBe(4);
    expect(refused.err).toContain('[no-leader]');
    expect(prod.wish?.spec.members).toHaveLength(3);
    const looks = electing(2);
    expect((await machine.type('apply', '-f', 'prod.yaml')).exit).toBe(0);
    expect(looks()).toBeGreaterThanOrEqual(3);
    expect(prod.wish?.spec.members).toHaveLength(4);
  });

  test('a name on the command line and another in the file contradict each other', async () => {
    const machine = withFile(fakeMachine());
    const typed = await machine.type('apply', 'other', '-f', 'prod.yaml');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('[names-differ]');
  });

  test('an even number of members that the file does not mean is refused before anything else', async () => {
    const machine = fakeMachine();
    const four = SPEC.replace('{ name: a3 }', '{ name: a3 }, { name: a4 }');
    machine.files.set('prod.yaml', four.replace('  allowEvenSize: true\n', ''));
    const refused = await machine.type('apply', '-f', 'prod.yaml');
    expect(refused.exit).toBe(2);
    expect(refused.err).toContain('[spec-even-members]');
    expect(refused.err).toContain('One more of them can fail, and no more failures are survived.');
    machine.files.set('prod.yaml', four);
    const meant = await machine.type('apply', '-f', 'prod.yaml');
    expect(meant.exit).toBe(0);
    expect(meant.err).toContain('note: Line 7, column 12: spec.members lists 4 members');
  });

  test('waiting too long is exit code 5 and says what was seen last', async () => {
    const machine = withFile(fakeMachine());
    await machine.type('apply', '-f', 'prod.yaml');
    const prod = machine.cluster('prod');
    prod.holder = { pid: 1, purpose: 'supervisor', since: instantOf(0) };
    machine.files.set('prod.yaml', SPEC.replace('{ name: a3 }', '{ name: a3 }, { name: a4 }'));
    const typed = await machine.type('apply', '-f', 'prod.yaml', '--timeout', '20s');
    expect(typed.exit).toBe(5);
    expect(typed.err).toContain('Seen last: add a4 as a learner');
  });

  test('waiting too long for a host says which, and what is wrong with it', async () => {
    const machine = withFile(fakeMachine());
    await machine.type('apply', '-f', 'prod.yaml');
    const prod = machine.cluster('prod');
    prod.holder = { pid: 1, purpose: 'supervisor', since: instantOf(0) };
    const look = prod.look.bind(prod);
    Object.assign(prod, {
      look: async (signal: AbortSignal) => {
        const looked = await look(signal);
        const wait = { kind: 'wait', for: 'host', because: 'host-unseen', problem: away({}) };
        return looked.ok ? ok({ ...looked.value, plan: wait }) : looked;
      },
    });
    const typed = await machine.type('apply', 'prod', '--timeout', '20s');
    expect(typed.exit).toBe(5);
    expect(typed.err).toContain(
      '  Seen last: waiting for host, because a host does not answer us.\n  Cannot see host a2: Connection refused',
    );
  });

  test('waiting too long with a step of which nobody knows says which, where, and why', async () => {
    const machine = withFile(fakeMachine());
    await machine.type('apply', '-f', 'prod.yaml');
    const prod = machine.cluster('prod');
    const looked = await prod.look(new AbortController().signal);
    if (!looked.ok) throw new Error('it can be looked at');
    const step = { kind: 'stop-member', host: '10.0.1.12', name: 'a2' };
    const run = async ({ until }: { until: (turn: unknown) => boolean }) => {
      const view = { ...looked.value, plan: { kind: 'step', step, because: 'flags-differ' } };
      const turn = { kind: 'step', step, outcome: unknown(away({})), view };
      until(turn);
      return ok({ kind: 'deadline', turn });
    };
    Object.assign(prod, { run });
    const typed = await machine.type('apply', 'prod', '--timeout', '20s');
    expect(typed.exit).toBe(5);
    expect(typed.err).toContain(
      '  Seen last: stop a2 on 10.0.1.12.\n  Cannot see host a2: Connection refused',
    );
  });

  test('while a supervisor acts, the command writes the wish, watches, and leaves the steps to it', async () => {
    const machine = withFile(fakeMachine());
    await machine.type('apply', '-f', 'prod.yaml');
    const prod = machine.cluster('prod');
    prod.holder = { pid: 1, purpose: 'supervisor', since: instantOf(0) };
    prod.holderActs = true;
    machine.files.set('prod.yaml', SPEC.replace('{ name: a3 }', '{ name: a3 }, { name: a4 }'));
    const typed = await machine.type('apply', '-f', 'prod.yaml');
    expect(typed.exit).toBe(0);
    expect(typed.err).toContain('promote a4');
    expect(prod.world?.members).toHaveLength(4);
    expect(prod.journal.some(({ kind }) => kind === 'wish')).toBe(true);
  });

  test('Ctrl-C ends between two steps and says how to go on', async () => {
    const machine = withFile(fakeMachine());
    const typed = await machine.typeAt(
      { onListen: (interrupt) => interrupt() },
      'apply',
      '-f',
      'prod.yaml',
    );
    expect(typed.exit).toBe(1);
    expect(typed.err).toContain('[interrupted]');
    expect(typed.err).toContain('Go on from here:\n    quorate apply prod\n');
    expect((await machine.type('apply')).exit).toBe(0);
  });
});

describe('down and destroy', () => {
  test('destroy needs the name, and moves the state aside', async () => {
    const machine = fakeMachine();
    await machine.type('up');
    const refused = await machine.type('destroy');
    expect(refused.exit).toBe(2);
    expect(refused.err).toContain('moves aside /state/clusters/default');
    expect(refused.err).toContain('quorate destroy default --yes=default');
    expect(machine.cluster('default').wish?.state).toBe('up');
    const typed = await machine.type('destroy', '--yes=default', '-o', 'json');
    expect(typed.exit).toBe(0);
    expect(JSON.parse(typed.out)).toMatchObject({ movedTo: '/state/destroyed/default' });
    expect(await machine.ports.clusters.list()).toEqual([]);
  });

  test('another name is no confirmation', async () => {
    const machine = fakeMachine();
    await machine.type('up');
    expect((await machine.type('destroy', '--yes=defalt')).exit).toBe(2);
    expect((await machine.typeAt({ answer: '' }, 'destroy')).exit).toBe(2);
    expect(machine.cluster('default').wish?.state).toBe('up');
  });

  test('an explicit down ends a pause', async () => {
    const machine = fakeMachine();
    await machine.type('up');
    await machine.type('pause');
    expect((await machine.type('down')).exit).toBe(0);
    expect(machine.cluster('default').wish).toMatchObject({ state: 'down', paused: false });
  });

  test('a cluster that does not exist names those that do', async () => {
    const machine = fakeMachine();
    await machine.type('up', 'lab');
    const typed = await machine.type('down', 'lap');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('There is: lab.');
  });

  test('of several clusters one must be named, except the default', async () => {
    const machine = fakeMachine();
    await machine.type('up', 'lab');
    await machine.type('up', 'lab2');
    expect((await machine.type('status')).err).toContain('[which-cluster]');
    expect((await machine.typeAt({ env: { QUORATE_CLUSTER: 'lab2' } }, 'status')).out).toContain(
      'lab2',
    );
    await machine.type('up', 'default');
    expect((await machine.type('status')).out).toMatch(/^default/);
  });
});

describe('boot', () => {
  test('keeps what should be up, and only that', async () => {
    const machine = fakeMachine();
    await machine.type('up', 'one');
    await machine.type('up', 'two');
    await machine.type('down', 'two');
    const typed = await machine.type('boot', '-o', 'json');
    expect(JSON.parse(typed.out)).toEqual({ kept: ['one'], down: ['two'] });
  });

  test('prints the hook that was asked for, and knows no other', async () => {
    const machine = fakeMachine();
    expect((await machine.type('boot', '--hook', 'cron')).out).toBe('hook for cron\n');
    expect((await machine.type('boot', '--hook', 'corn')).err).toContain('Did you mean cron?');
  });
});

describe('init and explain', () => {
  test('init writes a file that plan accepts, once', async () => {
    const machine = fakeMachine();
    expect((await machine.type('init', '--name', 'lab', '--size', '5')).exit).toBe(0);
    expect(machine.written).toEqual(['quorate.yaml']);
    expect((await machine.type('init')).exit).toBe(1);
    const planned = await machine.type('plan', '-o', 'json');
    expect(planned.exit).toBe(3);
    expect((await machine.type('init', '-')).out).toContain('kind: EtcdCluster');
  });

  test('explain knows fields and flags', async () => {
    const typed = await fakeMachine().type('explain', 'spec.members');
    expect(typed.exit).toBe(0);
    expect(typed.out).toContain('spec.members');
    const flag = await fakeMachine().type('explain', 'heartbeat-interval', '-o', 'json');
    expect(JSON.parse(flag.out)).toMatchObject({ path: 'spec.etcd.heartbeat-interval' });
    expect((await fakeMachine().type('explain', 'spec.memberz')).exit).toBe(2);
  });
});

/** Wipes the data of so many members, which then do not run. */
function loseData(machine: FakeMachine, name: string, count: number): void {
  const cluster = machine.cluster(name);
  const { world } = cluster;
  if (world === undefined) throw new Error(`${name} has no members yet`);
  cluster.world = {
    ...world,
    hosts: world.hosts.map((host, i) =>
      i < count ? { ...host, process: { kind: 'stopped' }, data: { kind: 'empty' } } : host,
    ),
  };
}
