import { execFile } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import {
  ANY_MINOR,
  EXIT,
  type Lab,
  MINORS,
  type PlanJSON,
  type ProblemJSON,
  type StatusJSON,
  clientURLs,
  digestTree,
  etcdctl,
  followersOf,
  lab,
  leaderOf,
  startByHand,
  writeAndRead,
} from '../lab/index.js';

const ctl = etcdctl();
if (ctl === undefined) {
  process.stderr.write(
    '\nSKIPPED, agreement with etcdctl: there is none on PATH or in the cache.\n\n',
  );
}

async function three(version: string = ANY_MINOR): Promise<{ it: Lab; status: StatusJSON }> {
  const it = await lab({ version });
  await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3'])}`);
  return { it, status: await it.settled(3) };
}

describe('plan and apply', () => {
  test('on a converged cluster: exit 0, no steps, and a second apply does nothing', async () => {
    const { it } = await three();
    const spec = await it.spec(['m1', 'm2', 'm3']);
    const plan = await it.ends(EXIT.done, `plan -f ${spec} -o json`);
    expect(plan.json()).toEqual({ kind: 'converged', steps: [] });

    const pids = [...(await it.members()).values()].map(({ pid }) => pid);
    const deeds = (await it.deeds()).length;
    await it.ends(EXIT.done, `apply -f ${spec} -o json`);
    expect((await it.deeds()).length).toBe(deeds);
    expect([...(await it.members()).values()].map(({ pid }) => pid)).toEqual(pids);
  });

  test('plan shows every step with its reason and margins, exits 3, and touches nothing', async () => {
    const { it } = await three();
    const before = { deeds: (await it.deeds()).length, status: await it.status() };
    const spec = await it.spec(['m1', 'm2', 'm3', 'm4', 'm5']);
    const plan = await it.ends(EXIT.changes, `plan -f ${spec} -o json`);
    const { kind, steps } = plan.json<PlanJSON>();
    expect(kind).toBe('steps');
    expect(steps.map((step) => [step.kind, step.member])).toEqual([
      ['add-learner', 'm4'],
      ['start-member', 'm4'],
      ['promote-learner', expect.any(String)],
      ['add-learner', 'm5'],
      ['start-member', 'm5'],
      ['promote-learner', expect.any(String)],
    ]);
    for (const step of steps) {
      expect(Object.keys(step).sort()).toEqual(['because', 'kind', 'margin', 'member']);
      expect(step.margin).toEqual({ before: expect.any(Number), after: expect.any(Number) });
      expect(step.margin.after).toBeGreaterThanOrEqual(0);
    }
    expect((await it.deeds()).length).toBe(before.deeds);
    const after = await it.status();
    expect(after.members.map(({ id }) => id)).toEqual(before.status.members.map(({ id }) => id));
  });

  test('a plan that is blocked exits 4 with the problem', async () => {
    const { it } = await three();
    const spec = await it.spec(['m1', 'm2', 'm3'], { version: '3.7' });
    const plan = await it.ends(EXIT.blocked, `plan -f ${spec} -o json`);
    expect(plan.json<PlanJSON>().problem).toMatchObject({ code: 'minor-change' });
  });

  test('a removal wants the name of the cluster; without it nothing happens', async () => {
    const { it, status } = await three();
    const spec = await it.spec(['m1', 'm2']);
    const refused = await it.ends(EXIT.usage, `apply -f ${spec} -o json`);
    expect(refused.json<{ problems: ProblemJSON[] }>().problems[0]).toMatchObject({
      code: 'not-confirmed',
    });
    await it.ends(EXIT.usage, `apply -f ${spec} --yes=another -o json`);
    const after = await it.settled(3);
    expect(after.members.map(({ id }) => id)).toEqual(status.members.map(({ id }) => id));
  });
});

describe('a spec that is wrong', () => {
  test('every problem at once with its path, exit 2, and nothing is touched', async () => {
    const it = await lab({ version: ANY_MINOR });
    const spec = join(it.home, 'bad.yaml');
    await writeFile(
      spec,
      [
        'apiVersion: quorate.dev/v1alpha1',
        'kind: EtcdCluster',
        'metadata: { name: Bad_Name }',
        'spec:',
        '  version: "3.6"',
        '  drivr: { local: {} }',
        '  members:',
        '    - { name: a }',
        '    - { name: a }',
        '  etcd: { heartbeat-intervall: 100ms }',
        '',
      ].join('\n'),
    );
    const before = await readdir(it.home);
    for (const command of ['plan', 'apply', 'up', 'run']) {
      const ran = await it.quorate(`${command} -f ${spec} -o json`);
      expect([command, ran.code]).toEqual([command, EXIT.usage]);
      const { problems } = ran.json<{ problems: ProblemJSON[] }>();
      const paths = problems.map(({ data }) => String(data['path']));
      for (const path of ['metadata.name', 'spec.drivr', 'spec.members[1].name']) {
        expect(paths).toContainEqual(expect.stringContaining(path));
      }
      expect(paths.join()).toContain('heartbeat-intervall');
      for (const { data } of problems) {
        expect(data).toMatchObject({ line: expect.any(Number), found: expect.any(String) });
      }
    }
    expect(await readdir(it.home)).toEqual(before);
    expect(await it.processes()).toEqual([]);
  });

  test('beside a running cluster: it goes on as it was', async () => {
    const { it, status } = await three();
    const spec = await it.spec(['m1', 'm1']);
    const deeds = (await it.deeds()).length;
    const wish = (await digestTree(it.directory))['wish.json'];
    expect(wish).toBeDefined();
    await it.ends(EXIT.usage, `apply -f ${spec}`);
    expect((await it.deeds()).length).toBe(deeds);
    expect((await digestTree(it.directory))['wish.json']).toBe(wish);
    expect((await it.settled(3)).cluster.id).toBe(status.cluster.id);
  });
});

describe('exit codes', () => {
  test('2 for a command line that is not understood, with the nearest spelling', async () => {
    const it = await lab({ version: ANY_MINOR });
    const ran = await it.ends(EXIT.usage, 'statsu');
    expect(ran.stderr).toContain('status');
    await it.ends(EXIT.usage, 'up --size three');
    await it.ends(EXIT.usage, 'status nosuch');
    expect(await it.processes()).toEqual([]);
  });

  test('5 when it waited too long, and what was begun can be finished', async () => {
    const it = await lab({ version: ANY_MINOR });
    const spec = await it.spec(['m1', 'm2', 'm3']);
    await it.ends(EXIT.waitedTooLong, `apply -f ${spec} --timeout 1ms -o json`);
    await it.must(`apply -f ${spec}`);
    await it.settled(3);
  });
});

describe('two at once', () => {
  test('two applies of one spec: one acts, both end well, no step is taken twice', async () => {
    const it = await lab({ version: ANY_MINOR });
    const spec = await it.spec(['m1', 'm2', 'm3']);
    await Promise.all([it.must(`apply -f ${spec}`), it.must(`apply -f ${spec}`)]);
    await it.settled(3);
    const births = (await it.deeds()).filter(({ step }) => step.launch?.purpose === 'birth');
    expect(births.map(({ name }) => name).sort()).toEqual(['m1', 'm2', 'm3']);
    // Controllers follow each other and never overlap.
    let acting: number | undefined;
    for (const { kind, pid } of await it.journal()) {
      if (kind === 'controller-started') {
        expect(acting).toBeUndefined();
        acting = pid;
      }
      if (kind === 'controller-ended') acting = undefined;
    }
  });

  test('a second controller in the foreground is refused and says who acts', async () => {
    const { it } = await three();
    const second = await it.ends(EXIT.failed, `run ${it.name} -o json`);
    const [problem] = second.json<{ problems: ProblemJSON[] }>().problems;
    expect(problem).toMatchObject({ code: 'lock-held' });
    const keepers = (await it.keepers()).map(({ pid }) => pid);
    expect(keepers).toContain(problem?.data['pid']);
  });
});

describe('Ctrl-C', () => {
  test('in the middle of up, then up again: one cluster, born once', async () => {
    const it = await lab({ version: ANY_MINOR });
    const up = it.start(`up --version ${it.version}`);
    await up.says(/start m\d/);
    up.kill('SIGINT');
    const ran = await up.done;
    expect(ran.code).not.toBe(EXIT.done);
    await it.up(3);
    const status = await it.settled(3);
    expect(await writeAndRead(clientURLs(status), 'works', 'yes')).toBe(status.cluster.id);
    const births = (await it.deeds()).filter(({ kind }) => kind === 'record-birth');
    expect(births.length).toBe(1);
  });

  test('the foreground controller ends with 0 and leaves the members alone', async () => {
    const { it } = await three();
    await it.stopKeepers();
    const run = it.start('run');
    await run.says(/converged/);
    run.kill('SIGINT');
    expect((await run.done).code).toBe(EXIT.done);
    expect((await it.members()).size).toBe(3);
    expect(await it.keepers()).toEqual([]);
  });
});

describe('what scripts rely on', () => {
  test('status: exactly the documented fields', async () => {
    const { it } = await three();
    const status = await it.status();
    expect(Object.keys(status).sort()).toEqual([
      'cluster',
      'consumers',
      'drift',
      'members',
      'plan',
      'proxies',
      'rotation',
    ]);
    expect(Object.keys(status.cluster).sort()).toEqual([
      'id',
      'margin',
      'name',
      'quorum',
      'state',
      'version',
      'voters',
    ]);
    expect(status.proxies).toEqual([]);
    expect(status).toMatchObject({ consumers: [], rotation: null });
    expect(status.plan).toEqual({ kind: 'converged', steps: [] });
    for (const member of status.members) {
      expect(Object.keys(member).sort()).toEqual([
        'certificates',
        'clientURLs',
        'dbSizeBytes',
        'healthy',
        'host',
        'id',
        'leader',
        'name',
        'peerURLs',
        'problems',
        'raftIndex',
        'role',
        'version',
      ]);
      // 64-bit numbers never pass through a JSON number.
      expect(member.id).toMatch(/^[0-9a-f]{1,16}$/);
      expect(member.raftIndex).toMatch(/^\d+$/);
    }
  });

  test('yaml says the same as json', async () => {
    const { it } = await three();
    const { parse } = await import('yaml');
    const yaml = await it.must(`member list -o yaml`);
    const json = await it.must(`member list -o json`);
    expect(parse(yaml.stdout)).toEqual(json.json());
  });

  test('results go to stdout and progress to stderr; nothing is coloured without a terminal', async () => {
    const it = await lab({ version: ANY_MINOR });
    const up = await it.must(`up ${it.name} --version ${it.version} -o json`);
    expect(() => up.json()).not.toThrow();
    expect(up.stderr).toContain('being born');
    expect(up.stdout + up.stderr).not.toContain('\u001b[');
  });

  test('member add prints the ID and the four variables of etcdctl, as a learner', async () => {
    const { it, status } = await three();
    const peerURL = await it.freeURL();
    const add = await it.must(`member add m4 --peer-urls ${peerURL}`);
    const id = /Member ([0-9a-f]+) added to cluster ([0-9a-f]+)/.exec(add.stdout);
    expect(id?.[2]).toBe(status.cluster.id);
    const variables = Object.fromEntries(
      [...add.stdout.matchAll(/^(?:export )?(ETCD_[A-Z_]+)="?([^"\n]*)"?$/gm)].map((m) => [
        m[1],
        m[2],
      ]),
    );
    expect(Object.keys(variables).sort()).toEqual([
      'ETCD_INITIAL_ADVERTISE_PEER_URLS',
      'ETCD_INITIAL_CLUSTER',
      'ETCD_INITIAL_CLUSTER_STATE',
      'ETCD_NAME',
    ]);
    expect(variables).toMatchObject({
      ETCD_NAME: 'm4',
      ETCD_INITIAL_ADVERTISE_PEER_URLS: peerURL,
      ETCD_INITIAL_CLUSTER_STATE: 'existing',
    });
    const listed = (await it.status()).members.find((member) => member.id === id?.[1]);
    expect(listed).toMatchObject({ role: 'unstarted' });

    // The variables are right: started with them by hand it joins, and Quorate promotes it.
    await startByHand(it.version, join(it.home, 'by-hand'), {
      name: 'm4',
      'listen-peer-urls': peerURL,
      'initial-advertise-peer-urls': variables['ETCD_INITIAL_ADVERTISE_PEER_URLS'] ?? '',
      'initial-cluster': variables['ETCD_INITIAL_CLUSTER'] ?? '',
      'initial-cluster-state': variables['ETCD_INITIAL_CLUSTER_STATE'] ?? '',
    });
    await it.untilStatus('it votes', ({ members }) =>
      members.some((member) => member.id === id?.[1] && member.role === 'voter'),
    );
  });

  test('members are named by name and by id alike', async () => {
    const { it, status } = await three();
    const [one] = followersOf(status);
    const byName = await it.must(`flags ${one?.name ?? ''} --as flags`);
    const byID = await it.must(`flags ${one?.id ?? ''} --as flags`);
    expect(byID.stdout).toBe(byName.stdout);
    expect(byName.stdout).toContain(`--name=${one?.name}`);
    const wrong = await it.ends(EXIT.usage, 'member remove m33 -o json');
    expect(wrong.json<{ problems: ProblemJSON[] }>().problems[0]).toMatchObject({
      code: 'no-such-member',
      data: { nearest: expect.stringMatching(/^m\d$/) },
    });
    await it.must(`member move-leader ${one?.id ?? ''}`);
    expect(leaderOf(await it.status()).id).toBe(one?.id);
  });

  test('what a person would run by hand is what runs', async () => {
    const { it } = await three();
    const told = await it.must('flags m2 --as flags');
    const { flags } = await it.member('m2');
    for (const [name, value] of Object.entries(flags)) {
      if (name.startsWith('initial-')) continue;
      expect(told.stdout).toContain(`--${name}=${value}`);
    }
  });
});

describe('up, down, destroy', () => {
  test('down leaves no process, destroy no cluster; the data is moved and not deleted', async () => {
    const { it } = await three();
    await it.ends(EXIT.usage, `destroy ${it.name}`);
    expect((await it.members()).size).toBe(3);
    const destroyed = await it.must(`destroy ${it.name} --yes=${it.name} -o json`);
    await it.allEnded();
    const { movedTo } = destroyed.json<{ movedTo: string }>();
    const kept = Object.keys(await digestTree(movedTo));
    expect(kept.filter((path) => path.endsWith('.wal')).length).toBeGreaterThanOrEqual(3);
    await it.ends(EXIT.usage, `status ${it.name}`);
  });

  test('after destroy the name is free: a new cluster with another ClusterID', async () => {
    const { it, status } = await three();
    await it.must(`destroy ${it.name} --yes=${it.name}`);
    await it.up(1);
    const after = await it.settled(1);
    expect(after.cluster.id).not.toBe(status.cluster.id);
  });
});

describe.skipIf(ctl === undefined).each(MINORS)('etcd %s and etcdctl', (version) => {
  test('member list is the same, in each of its formats', async () => {
    const { it, status } = await three(version);
    const run = async (format: string) => {
      const { stdout } = await promisify(execFile)(
        ctl?.path ?? '',
        ['--endpoints', clientURLs(status).join(','), 'member', 'list', '-w', format],
        { env: { PATH: process.env['PATH'] ?? '' } },
      );
      return stdout;
    };
    const ours = async (format: string) => (await it.must(`member list -o ${format}`)).stdout;
    const sorted = (text: string) => text.trim().split('\n').sort();
    expect(sorted(await ours('simple'))).toEqual(sorted(await run('simple')));
    // Newer ones draw other borders and align other columns: the cells are what counts.
    const cells = (text: string) =>
      sorted(text.replaceAll('│', '|')).flatMap((line) =>
        line.startsWith('|') ? [line.split('|').map((cell) => cell.trim())] : [],
      );
    expect(cells(await ours('table'))).toEqual(cells(await run('table')));
    const members = (text: string) =>
      (
        JSON.parse(text.replace(/("ID":)(\d+)/g, '$1"$2"')) as { members: { ID: string }[] }
      ).members.sort((a, b) => (a.ID < b.ID ? -1 : 1));
    expect(members(await ours('etcdctl-json'))).toEqual(members(await run('json')));
  });
});
