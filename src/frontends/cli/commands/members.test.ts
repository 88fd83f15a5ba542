import { describe, expect, test } from 'vitest';
import { type FakeMachine, fakeMachine } from '../testing/fake-machine.js';

/** A converged cluster of m1, m2, m3 named `default`. */
async function three(): Promise<FakeMachine> {
  const machine = fakeMachine();
  await machine.type('up');
  await machine.type('apply');
  return machine;
}

/** A line as a person types it. */
const typeLine = (machine: FakeMachine, line: string) => machine.type(...line.split(' '));

const membersOf = (machine: FakeMachine) => machine.cluster('default').world?.members ?? [];
const idOf = (machine: FakeMachine, name: string): string =>
  membersOf(machine).find((member) => member.name === name)?.id ?? `no ${name}`;

describe('member list', () => {
  test('our own JSON has hex ids, health and who leads', async () => {
    const machine = await three();
    const typed = await machine.type('member', 'list', '-o', 'json');
    const list = JSON.parse(typed.out) as { members: object[] };
    expect(typed.exit).toBe(0);
    expect(list).toMatchObject({ read: 'linearizable' });
    expect(list.members).toHaveLength(3);
    expect(list.members.find((member) => 'name' in member && member.name === 'm1')).toEqual({
      id: idOf(machine, 'm1'),
      name: 'm1',
      started: true,
      isLearner: false,
      leader: expect.any(Boolean) as boolean,
      healthy: true,
      peerURLs: ['http://127.0.0.1:21001'],
      clientURLs: ['http://127.0.0.1:21000'],
    });
  });

  test('of a cluster that is down there is none', async () => {
    const machine = await three();
    await machine.type('down');
    const typed = await machine.type('member', 'list');
    expect(typed.exit).toBe(1);
    expect(typed.err).toContain('[cluster-down]');
  });

  test('an unknown format of it lists all seven', async () => {
    const typed = await (await three()).type('member', 'list', '-o', 'tabel');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('text, json, yaml, simple, table, fields, etcdctl-json');
    expect(typed.err).toContain('Did you mean table?');
  });

  test('with --endpoints any cluster is asked', async () => {
    const machine = await three();
    const typed = await machine.type(
      'member',
      'list',
      '--endpoints',
      '127.0.0.1:21000',
      '-o',
      'simple',
    );
    expect(typed.exit).toBe(0);
    expect(typed.out.split('\n')).toContain(
      `${idOf(machine, 'm2')}, started, m2, http://127.0.0.1:21011, http://127.0.0.1:21010, false`,
    );
  });
});

describe('member add', () => {
  test('registers a learner, prints what etcdctl prints, and waits until it votes', async () => {
    const machine = await three();
    const typed = await machine.type('member', 'add', 'm4');
    expect(typed.exit).toBe(0);
    const clusterID = machine.cluster('default').record?.clusterID;
    const [first, blank, ...variables] = typed.out.split('\n');
    expect(first).toBe(`Member ${idOf(machine, 'm4')} added to cluster ${clusterID}`);
    expect(blank).toBe('');
    expect(variables).toEqual([
      'ETCD_NAME="m4"',
      'ETCD_INITIAL_CLUSTER="m1=http://127.0.0.1:21001,m2=http://127.0.0.1:21011,m3=http://127.0.0.1:21021,m4=http://127.0.0.1:21031"',
      'ETCD_INITIAL_ADVERTISE_PEER_URLS="http://127.0.0.1:21031"',
      'ETCD_INITIAL_CLUSTER_STATE="existing"',
      '',
    ]);
    expect(typed.err).toContain('margin 1 → 0 (3 of 3 → 3 of 4 healthy)');
    expect(typed.err).toContain(
      'note: 4 members survive no more failures than 3, and one more can fail.',
    );
    expect(machine.cluster('default').wish?.spec.allowEvenSize).toBe(true);
    expect(membersOf(machine).find(({ name }) => name === 'm4')?.isLearner).toBe(false);
  });

  test('with peer URLs a person starts it: registered, and no more', async () => {
    const machine = await three();
    const typed = await typeLine(
      machine,
      `member add far --peer-urls http://10.0.0.9:2380 -o json`,
    );
    expect(typed.exit).toBe(0);
    expect(JSON.parse(typed.out)).toMatchObject({
      kind: 'added',
      member: { name: 'far', peerURLs: ['http://10.0.0.9:2380'], isLearner: true },
      env: { ETCD_NAME: 'far', ETCD_INITIAL_CLUSTER_STATE: 'existing' },
    });
    expect(machine.cluster('default').wish?.spec.members.at(-1)).toMatchObject({
      name: 'far',
      start: 'by-hand',
    });
  });

  test('--voter needs peer URLs', async () => {
    const typed = await (await three()).type('member', 'add', 'far', '--voter');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('--voter needs --peer-urls');
  });

  test('--voter registers a voter at once and shows the margin with it counted as down', async () => {
    const machine = await three();
    const typed = await typeLine(
      machine,
      `member add far --voter --peer-urls http://10.0.0.9:2380`,
    );
    expect(typed.exit).toBe(0);
    expect(machine.asked).toEqual(['add voter http://10.0.0.9:2380']);
    expect(typed.err).toContain('margin 1 → 0 (3 of 3 → 3 of 4 healthy)');
  });

  test('--voter beside a dead voter would lose quorum and is refused', async () => {
    const machine = await three();
    stopMember(machine, 'm3');
    const typed = await typeLine(
      machine,
      `member add far --voter --peer-urls http://10.0.0.9:2380 --endpoints http://127.0.0.1:21000`,
    );
    expect(typed.exit).toBe(1);
    expect(typed.err).toContain('[margin-too-low]');
    expect(machine.asked).toEqual([]);
  });

  test.each(['add m4', 'remove m3'])(
    'Ctrl-C in member %s says how to go on with what is wanted already',
    async (line) => {
      const machine = await three();
      const words = ['member', ...line.split(' ')];
      const typed = await machine.typeAt({ onListen: (interrupt) => interrupt() }, ...words);
      expect(typed.exit).toBe(1);
      expect(typed.err).toContain('[interrupted]');
      expect(typed.err).toContain('Go on from here:\n    quorate apply default\n');
    },
  );

  test('a name that is taken is refused before anything is written', async () => {
    const machine = await three();
    const typed = await machine.type('member', 'add', 'm2');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('[spec-duplicate]');
    expect(machine.cluster('default').wish?.spec.members).toHaveLength(3);
  });

  test('a bad peer URL is a usage problem', async () => {
    const typed = await (await three()).type('member', 'add', 'far', '--peer-urls', 'ftp://x');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('A peer URL cannot be "ftp://x"');
  });
});

describe('member remove', () => {
  test('by name', async () => {
    const machine = await three();
    const id = idOf(machine, 'm3');
    const typed = await machine.type('member', 'remove', 'm3');
    expect(typed.exit).toBe(0);
    expect(typed.out).toBe(
      `Member ${id} removed from cluster ${machine.cluster('default').record?.clusterID}\n`,
    );
    expect(membersOf(machine).map(({ name }) => name)).not.toContain('m3');
  });

  test('by id', async () => {
    const machine = await three();
    expect((await machine.type('member', 'remove', idOf(machine, 'm3'))).exit).toBe(0);
    expect(machine.cluster('default').wish?.spec.members.map(({ name }) => name)).toEqual([
      'm1',
      'm2',
    ]);
  });

  test('an unknown member names the nearest', async () => {
    const typed = await (await three()).type('member', 'remove', 'm33');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('There is: ');
    expect(typed.err).toContain('Did you mean m3?');
  });

  test('two members of one name must be told apart by id', async () => {
    const machine = await three();
    const cluster = machine.cluster('default');
    const { world } = cluster;
    if (world === undefined) throw new Error('no world');
    const members = world.members.map((member) =>
      member.name === 'm3' ? { ...member, name: world.members[0]?.name ?? '' } : member,
    );
    cluster.world = { ...world, members };
    const [twin] = members;
    const typed = await machine.type('member', 'promote', twin?.name ?? '');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('[ambiguous-member]');
  });

  test('one that a person runs is retired by its id, because no host of ours knows it', async () => {
    const machine = await three();
    await typeLine(machine, 'member add far --peer-urls http://10.0.0.9:2380');
    const far = membersOf(machine).find(
      ({ peerURLs }) => peerURLs.join() === 'http://10.0.0.9:2380',
    );
    const typed = await typeLine(machine, 'member remove far');
    expect(typed).toMatchObject({
      exit: 0,
      out: expect.stringContaining(`Member ${far?.id} removed`) as string,
    });
    expect(membersOf(machine)).toHaveLength(3);
  });

  test('the last member stays', async () => {
    const machine = fakeMachine();
    await machine.type('up', '--size', '1');
    const typed = await machine.type('member', 'remove', 'm1');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('[last-member]');
  });

  test('with --endpoints a leader hands over first, and the margin is kept', async () => {
    const machine = await three();
    const leader = membersOf(machine).find(
      ({ id }) => id === machine.cluster('default').world?.leader,
    );
    const typed = await typeLine(
      machine,
      `member remove ${leader?.id ?? ''} --endpoints http://127.0.0.1:21000`,
    );
    expect(typed.exit).toBe(1);
    expect(typed.err).toContain('margin would be 0');
    await machine.type('member', 'add', 'm4');
    expect(
      await typeLine(
        machine,
        `member remove ${leader?.id ?? ''} --endpoints http://127.0.0.1:21000`,
      ),
    ).toMatchObject({ exit: 0 });
    expect(machine.asked[0]).toMatch(/^move leader to /);
    expect(machine.asked[1]).toBe(`remove ${leader?.id}`);
  });
});

describe('member update, replace, promote, move-leader', () => {
  test('update asks for something to change', async () => {
    const typed = await (await three()).type('member', 'update', 'm2');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('Give --peer-urls, --name, or both');
  });

  test('update gives other peer URLs', async () => {
    const machine = await three();
    const id = idOf(machine, 'm2');
    const typed = await machine.type(
      'member',
      'update',
      'm2',
      '--peer-urls',
      'http://127.0.0.1:29999',
    );
    expect(typed.exit).toBe(0);
    expect(typed.out).toMatch(new RegExp(`^Member ${id} updated in cluster `));
    expect(membersOf(machine).find((member) => member.id === id)?.peerURLs).toEqual([
      'http://127.0.0.1:29999',
    ]);
  });

  test('replace --with brings the newcomer in before the old one goes', async () => {
    const machine = await three();
    const old = idOf(machine, 'm2');
    const typed = await machine.type('member', 'replace', 'm2', '--with', 'm9');
    expect(typed.exit).toBe(0);
    expect(typed.out).toBe(
      `Member ${old} replaced by ${idOf(machine, 'm9')} in cluster ${machine.cluster('default').record?.clusterID}\n`,
    );
    const order = machine
      .cluster('default')
      .journal.flatMap((entry) => (entry.kind === 'decided' ? [entry.step.kind] : []));
    expect(order.lastIndexOf('promote-learner')).toBeLessThan(order.lastIndexOf('remove-member'));
  });

  test('replace in place where the rest could not lose one more is refused, with the way that works', async () => {
    const machine = await three();
    const typed = await machine.type('member', 'replace', 'm2');
    expect(typed.exit).toBe(4);
    expect(typed.err).toContain('quorate member replace m2 --with NEWNAME');
    expect(machine.cluster('default').wish?.retire).toEqual([]);
  });

  test('promote refuses a voter', async () => {
    const typed = await (await three()).type('member', 'promote', 'm2');
    expect(typed.exit).toBe(1);
    expect(typed.err).toContain('[not-a-learner]');
  });

  test('move-leader without a name takes another healthy voter', async () => {
    const machine = await three();
    const leader = machine.cluster('default').world?.leader;
    const typed = await machine.type('member', 'move-leader');
    expect(typed.exit).toBe(0);
    expect(typed.out).toMatch(new RegExp(`^Leadership transferred from ${leader} to `));
    expect(machine.asked).toHaveLength(1);
  });

  test('what needs hosts does not work with --endpoints', async () => {
    const typed = await (await three()).type('member', 'replace', 'm2', '--endpoints', 'x:1');
    expect(typed.exit).toBe(2);
    expect(typed.err).toContain('[not-for-endpoints]');
  });

  test('a change while the cluster is down or paused is refused', async () => {
    const machine = await three();
    await machine.type('pause');
    expect((await machine.type('member', 'add', 'm4')).err).toContain('[cluster-paused]');
    await machine.type('down');
    expect((await machine.type('member', 'add', 'm4')).err).toContain('[cluster-down]');
  });
});

describe('flags', () => {
  test('as a command line, as variables, as a unit', async () => {
    const machine = await three();
    const flags = await machine.type('flags', 'm1');
    expect(flags.out).toContain('/opt/etcd/3.6.15/etcd \\\n');
    expect(flags.out).toContain('--name=m1');
    expect((await machine.type('flags', 'm1', '--as', 'env')).out).toContain('ETCD_NAME=m1\n');
    expect((await machine.type('flags', 'm1', '--as', 'unit')).out).toContain('[Service]');
    expect((await machine.type('flags', 'm1', '--as', 'units')).err).toContain(
      'Did you mean unit?',
    );
  });

  test('of a member that runs they are those of a restart; its id names it too', async () => {
    const machine = await three();
    const typed = await machine.type('flags', idOf(machine, 'm1'), '-o', 'json');
    expect(JSON.parse(typed.out)).toMatchObject({
      member: 'm1',
      purpose: 'restart',
      version: '3.6.15',
      flags: { name: 'm1', 'initial-cluster-state': 'existing' },
    });
  });
});

function stopMember(machine: FakeMachine, host: string): void {
  const cluster = machine.cluster('default');
  const { world } = cluster;
  if (world === undefined) throw new Error('no world');
  cluster.world = {
    ...world,
    hosts: world.hosts.map((each) =>
      each.host === host ? { ...each, process: { kind: 'stopped' } } : each,
    ),
  };
}
