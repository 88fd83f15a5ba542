import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { type Socket, createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import {
  EXIT,
  type Lab,
  MINORS,
  type PlanJSON,
  type ProblemJSON,
  type StatusJSON,
  clientURLs,
  contentOf,
  digestTree,
  etcdOf,
  followersOf,
  freeze,
  lab,
  lyingEtcd,
  mountTmpfs,
  remount,
  signalTo,
  startByHand,
  until,
  whyNoMounts,
  writeAndRead,
} from '../lab/index.js';

const noMounts = await whyNoMounts();
if (noMounts !== undefined) {
  process.stderr.write(`\nSKIPPED, full and read-only directories: ${noMounts}\n\n`);
}

/** Three healthy members with a key in them. */
async function three(version: string): Promise<{ it: Lab; before: StatusJSON }> {
  const it = await lab({ version });
  await it.must(`apply -f ${await it.spec(['m1', 'm2', 'm3'])}`);
  await it.up();
  const before = await it.settled(3);
  await writeAndRead(clientURLs(before), 'kept', 'through all troubles');
  return { it, before };
}

/** Everything a person or script is told about troubles. */
const problemsIn = ({ members, plan }: StatusJSON): readonly ProblemJSON[] => [
  ...members.flatMap(({ problems }) => [...problems]),
  ...(plan.problem === undefined ? [] : [plan.problem]),
];

/** Waits until `status -o json` tells a problem of this code, and answers it. */
async function told(it: Lab, code: string): Promise<ProblemJSON> {
  return until(
    `status tells of ${code}`,
    async () => {
      const status = await it.status();
      const problem = problemsIn(status).find((candidate) => candidate.code === code);
      return problem === undefined
        ? { seen: { state: status.cluster.state, told: problemsIn(status), plan: status.plan } }
        : { done: problem };
    },
    { everyMs: 200, timeoutMs: 45_000 },
  );
}

/** Somebody else listens there; answers how to end that. */
async function squatOn(port: number): Promise<() => Promise<void>> {
  const guests = new Set<Socket>();
  const server = createServer((socket) => guests.add(socket));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of guests) socket.destroy();
    await closed;
  };
}

async function nothingWasLost(it: Lab, before: StatusJSON): Promise<void> {
  const urls = clientURLs(before).slice(0, 2);
  expect(await writeAndRead(urls, 'still', 'writable')).toBe(before.cluster.id);
  expect((await contentOf(urls)).get('kept')).toBe('through all troubles');
  expect((await it.status()).cluster.id).toBe(before.cluster.id);
}

describe.each(MINORS)('etcd %s', (version) => {
  test('a data directory of another cluster: foreign-data, and it is left as it is', async () => {
    const { it, before } = await three(version);
    const elsewhere = join(it.home, 'elsewhere');
    const other = await startByHand(version, elsewhere);
    await until('it has founded its cluster', async () => {
      const answer = await fetch(`${other.clientURL}/health`).catch((error: Error) => error);
      return answer instanceof Response && answer.ok ? { done: true } : { seen: String(answer) };
    });
    await it.kill(other.pid);
    await mkdir(it.memberDirectory('m4'), { recursive: true });
    await cp(elsewhere, it.dataDirectory('m4'), { recursive: true });
    const foreign = await digestTree(it.dataDirectory('m4'));

    const wanted = ['m1', 'm2', 'm3', 'm4'];
    for (const line of ['member add m4 -o json', `apply -f ${await it.spec(wanted)} -o json`]) {
      const refused = await it.ends(EXIT.blocked, line);
      const [problem] = refused.json<{ problems: ProblemJSON[] }>().problems;
      expect(problem).toMatchObject({
        code: 'foreign-data',
        data: { host: 'm4', expected: before.cluster.id, running: false },
      });
    }
    const plan = await it.ends(EXIT.blocked, `plan -f ${await it.spec(wanted)} -o json`);
    expect(plan.json<PlanJSON>().problem?.code).toBe('foreign-data');
    expect(await digestTree(it.dataDirectory('m4'))).toEqual(foreign);
    await nothingWasLost(it, before);

    // With the directory moved away, as the hint says, the host is used.
    await rename(it.dataDirectory('m4'), join(it.home, 'moved-away'));
    await it.must('member add m4');
    await it.settled(4);
  });

  test('a member started by hand with `new`: its own cluster is seen for what it is', async () => {
    const { it, before } = await three(version);
    const peerURL = await it.freeURL();
    const added = await it.must(`member add m4 --peer-urls ${peerURL}`);
    const variable = (name: string) =>
      new RegExp(`^(?:export )?${name}="?([^"\\n]*)"?$`, 'm').exec(added.stdout)?.[1] ?? '';
    expect(variable('ETCD_INITIAL_CLUSTER_STATE')).toBe('existing');
    const startWith = (state: string) =>
      startByHand(version, join(it.home, `by-hand-${state}`), {
        name: variable('ETCD_NAME'),
        'listen-peer-urls': peerURL,
        'initial-advertise-peer-urls': variable('ETCD_INITIAL_ADVERTISE_PEER_URLS'),
        'initial-cluster': variable('ETCD_INITIAL_CLUSTER'),
        'initial-cluster-state': state,
      });
    const wrong = await startWith('new');
    const problem = await told(it, 'started-as-new');
    expect(problem.data).toMatchObject({ member: 'm4', peerURL, expected: before.cluster.id });
    await nothingWasLost(it, before);

    // Stopped, and started as the hint says, with an empty directory: it joins and votes.
    await it.kill(wrong.pid);
    await startWith('existing');
    await it.settled(4);
  });

  test('a member that was removed while cut off returns: stopped, its data set aside, joined afresh', async () => {
    const { it, before } = await three(version);
    const [gone] = followersOf(before);
    const name = gone?.name ?? '';
    await it.stopKeepers();
    const { pid } = await it.member(name);
    await freeze(pid);
    // Somebody else removes it meanwhile, as with etcdctl.
    const others = before.members.filter((member) => member.name !== name);
    const endpoints = others.flatMap(({ clientURLs: urls }) => [...urls]).join(',');
    // etcd believes in the connection for some seconds more, and refuses until it does not.
    await until(
      'etcd accepts the removal',
      async () => {
        const ran = await it.quorate(`member remove ${gone?.id ?? ''} --endpoints ${endpoints}`);
        return ran.code === EXIT.done ? { done: true } : { seen: ran.stderr };
      },
      { everyMs: 500 },
    );
    signalTo(pid, 'SIGCONT');
    const lines = (await it.journal()).length;
    await it.up();
    const after = await it.settled(3);

    expect(after.members.find((member) => member.name === name)?.id).not.toBe(gone?.id);
    const deeds = (await it.deeds(lines)).map(({ kind }) => kind);
    expect(deeds).toContain('set-aside-data');
    expect(deeds.indexOf('set-aside-data')).toBeLessThan(deeds.indexOf('add-learner'));
    const aside = Object.keys(
      await digestTree(join(it.memberDirectory(gone?.host ?? ''), 'aside')),
    );
    expect(aside.some((path) => path.endsWith('.wal'))).toBe(true);
    await nothingWasLost(it, after);
  });

  test('a taken port: the member says so, and comes back when it is free', async () => {
    const { it, before } = await three(version);
    const [victim] = followersOf(before);
    const port = Number(new URL(victim?.peerURLs[0] ?? '').port);
    await it.stopKeepers();
    await it.kill((await it.member(victim?.name ?? '')).pid);
    const free = await squatOn(port);
    try {
      await it.quorate(`up ${it.name}`);
      const problem = await told(it, 'member-port-taken');
      expect(problem.detail).toContain(`:${port}`);
      const status = await it.status();
      expect(status.cluster).toMatchObject({ state: 'degraded', voters: 3, margin: 0 });
      expect(status.members.filter(({ healthy }) => healthy)).toHaveLength(2);
      await nothingWasLost(it, { ...before, members: before.members.filter((m) => m !== victim) });
    } finally {
      await free();
    }
    const after = await it.settled(3);
    expect(after.members.map(({ id }) => id)).toEqual(before.members.map(({ id }) => id));
    await nothingWasLost(it, after);
  });

  test.skipIf(noMounts !== undefined)(
    'a full disk: the newcomer says so, the others serve, with space it joins',
    async () => {
      const { it, before } = await three(version);
      // etcd reserves 64 MB for each of two log files.
      await mountTmpfs(it, it.memberDirectory('m4'), 'size=16m');
      await it.quorate('member add m4 --timeout 4s');
      await told(it, 'member-disk-full');
      await nothingWasLost(it, before);
      await remount(it.memberDirectory('m4'), 'size=512m');
      const after = await it.settled(4);
      await nothingWasLost(it, after);
    },
  );

  test.skipIf(noMounts !== undefined)(
    'a read-only directory: the newcomer says so, writable it joins',
    async () => {
      const { it, before } = await three(version);
      await mountTmpfs(it, it.dataDirectory('m4'), 'size=512m,ro');
      await it.quorate('member add m4 --timeout 4s');
      await told(it, 'member-disk-read-only');
      await nothingWasLost(it, before);
      await remount(it.dataDirectory('m4'), 'rw');
      const after = await it.settled(4);
      await nothingWasLost(it, after);
    },
  );
});

const lies: readonly { readonly says: string; readonly is: string; readonly what: string }[] = [
  ...[
    ['3.4', '3.5'],
    ['3.5', '3.6'],
    ['3.6', '3.5'],
    ['3.7', '3.6'],
  ].map(([says = '', is = '']) => ({
    says: etcdOf(says).version,
    is,
    what: `${says} and is ${is}`,
  })),
  { says: '3.6.99', is: '3.6', what: 'a patch of 3.6 and is another' },
];

test.each(lies)('an etcd that says it is $what is told as the liar it is', async ({ says, is }) => {
  const it = await lab({ version: says });
  const directory = await lyingEtcd(join(it.home, 'liar'), { says, is });
  const env = { PATH: `${directory}:${process.env['PATH'] ?? ''}` };
  const spec = await it.spec(['m1', 'm2', 'm3']);
  const up = await it.start(`up -f ${spec} --timeout 20s -o json`, { env }).done;

  // Found at once by `up`, or by the first look at what runs.
  const problem = await until(
    'the lie is told',
    async () => {
      const status = await it.start('status -o json', { env }).done;
      const all = [
        ...(up.json<{ problems?: readonly ProblemJSON[] }>().problems ?? []),
        ...(status.code === EXIT.done ? problemsIn(status.json<StatusJSON>()) : []),
      ];
      const found = all.find(({ code }) => /lies|wrong-version/.test(code));
      return found === undefined ? { seen: all } : { done: found };
    },
    { timeoutMs: 20_000, everyMs: 300 },
  );
  expect(`${problem.summary} ${problem.detail}`).toContain(says);
  expect(`${problem.summary} ${problem.detail}`).toContain(etcdOf(is).version);
  // Nobody is restarted in the hope that it becomes another version.
  const restarts = (await it.deeds()).filter(({ because }) => because === 'version-differs');
  expect(restarts).toEqual([]);
});

test('a foreign data directory where a cluster should be born: nothing is started at all', async () => {
  const it = await lab({ version: '3.6' });
  const elsewhere = join(it.home, 'elsewhere');
  const other = await startByHand('3.6', elsewhere);
  await it.kill(other.pid);
  await mkdir(it.memberDirectory('m2'), { recursive: true });
  await rename(elsewhere, it.dataDirectory('m2'));
  const foreign = await digestTree(it.dataDirectory('m2'));

  const up = await it.ends(
    EXIT.blocked,
    `up -f ${await it.spec(['m1', 'm2', 'm3'])} --timeout 20s -o json`,
  );
  expect(up.json<{ problems: ProblemJSON[] }>().problems.map(({ code }) => code)).toEqual([
    'foreign-data',
  ]);
  expect(await it.deeds()).toEqual([]);
  expect((await it.members()).size).toBe(0);
  expect(await digestTree(it.dataDirectory('m2'))).toEqual(foreign);
});

test('a pid that now belongs to somebody else: a foreign process is never taken for a member', async () => {
  const { it, before } = await three('3.6');
  const [victim] = followersOf(before);
  await it.stopKeepers();
  await it.kill((await it.member(victim?.name ?? '')).pid);
  // The pid in process.json belongs to somebody else now, as after a reboot.
  const path = join(it.memberDirectory(victim?.host ?? ''), 'process.json');
  const life = JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>;
  const stranger = spawn('sleep', ['600'], { stdio: 'ignore', env: { QUORATE_HOME: it.home } });
  await writeFile(path, JSON.stringify({ ...life, pid: stranger.pid }));
  await it.up();
  const after = await it.settled(3);
  expect(after.members.map(({ id }) => id)).toEqual(before.members.map(({ id }) => id));
  expect(stranger.exitCode).toBeNull();
  expect(stranger.signalCode).toBeNull();
  stranger.kill('SIGKILL');
});
