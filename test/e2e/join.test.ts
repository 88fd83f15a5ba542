/** `quorate join` on real etcd: single hosts that find their cluster by discovery. */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { MemberID } from '../../src/base/index.js';
import { type EtcdClient, createClient } from '../../src/etcd/index.js';
import { EXIT, type Lab, type Running, lab, until, writeAndRead } from '../lab/index.js';
import { type Service, newToken, startService } from './discovery/service.js';

interface Host {
  readonly name: string;
  readonly peerURL: string;
  readonly clientURL: string;
  readonly dataDir: string;
  /** What it is told beside its discovery flags. */
  readonly line: string;
}

interface Open {
  readonly it: Lab;
  readonly service: Service;
  /** The discovery flags of one token for three. */
  readonly place: string;
}

const NAMES = ['m1', 'm2', 'm3'];
/** The last minor with v2 alone, and one with v3 alone. */
const VERSIONS = ['3.5', '3.7'] as const;

async function open(version: string, size = 3): Promise<Open> {
  const it = await lab({ version: '3.6' });
  const service = await startService(it);
  const protocol = version === '3.7' ? 'v3' : 'v2';
  const token = await newToken(
    it,
    ` --size ${size} --protocol ${protocol} --service ${service.url}`,
  );
  const place =
    protocol === 'v2'
      ? `--discovery ${token.url}`
      : `--discovery-token ${token.token} --discovery-endpoints ${token.endpoints.join(',')}`;
  return { it, service, place };
}

async function host(it: Lab, name: string, version: string): Promise<Host> {
  const peerURL = await it.freeURL();
  const clientURL = await it.freeURL();
  const dataDir = join(it.home, 'hosts', name);
  const line = `--name ${name} --listen-peer ${peerURL} --listen-client ${clientURL} --data-dir ${dataDir} --version ${version} -o json`;
  return { name, peerURL, clientURL, dataDir, line };
}

const start = (it: Lab, line: string): Running => it.start(`join ${line}`, { timeoutMs: 220_000 });

const becomes = (running: Running, state: string): Promise<void> =>
  running.says(new RegExp(`"state": "${state}"`));

/** When one does not, what each of the others says, and the service, tells why. */
async function become(service: Service, running: readonly Running[], state: string): Promise<void> {
  const ends = await Promise.allSettled(running.map((each) => becomes(each, state)));
  const failed = ends.flatMap((end) => (end.status === 'rejected' ? [String(end.reason)] : []));
  if (failed.length === 0) return;
  await service.stop();
  throw new Error([...failed, (await service.running.done).stderr].join('\n---\n'));
}

/** SIGTERM, and its etcd has ended with it. */
async function stop(it: Lab, running: Running, { dataDir }: Host): Promise<void> {
  running.kill('SIGTERM');
  expect((await running.done).code).toBe(EXIT.done);
  const left = (await it.processes()).filter(({ flags }) => flags['data-dir'] === dataDir);
  expect(left).toEqual([]);
}

const asking = async <T>(
  { clientURL }: Host,
  ask: (client: EtcdClient) => Promise<T>,
): Promise<T> => {
  const client = createClient({ endpoints: [clientURL] });
  try {
    return await ask(client);
  } finally {
    await client.close();
  }
};

const listAt = (at: Host) =>
  asking(at, async (client) => {
    const list = await client.cluster.memberList({ deadlineMs: 5_000 });
    if (!list.ok) throw new Error(list.error.message);
    return { clusterID: list.value.header.clusterID, members: list.value.members };
  });

/** As a person would, with etcdctl; right after a birth or a removal etcd refuses it for some seconds. */
const addAt = (at: Host, { peerURL }: Host, isLearner = false): Promise<MemberID> =>
  asking(at, (client) =>
    until('etcd takes a new member', async () => {
      const added = await client.cluster.memberAdd({ peerURLs: [peerURL], isLearner });
      return added.ok ? { done: added.value.member.id } : { seen: added.error.message };
    }),
  );

const removeAt = (at: Host, { name }: Host): Promise<void> =>
  asking(at, async (client) => {
    const { members } = await listAt(at);
    const found = members.find((member) => member.name === name);
    if (found === undefined) throw new Error(`No member is called ${name}.`);
    await until(`etcd lets ${name} go`, async () => {
      const removed = await client.cluster.memberRemove(found.id);
      return removed.ok ? { done: undefined } : { seen: removed.error.message };
    });
  });

describe.each(VERSIONS)('etcd %s', (version) => {
  test('three hosts become a cluster, the fourth a gateway, and a member once it was added; one comes back without discovery', async () => {
    const { it, service, place } = await open(version);
    const hosts = await Promise.all(NAMES.map((name) => host(it, name, version)));
    const running = hosts.map(({ line }) => start(it, `${line} ${place}`));
    await become(service, running, 'member');
    const urls = hosts.map(({ clientURL }) => clientURL);
    await writeAndRead(urls, 'first', 'met');
    const [m1, m2, m3] = hosts;
    const [, , third] = running;
    if (m1 === undefined || m2 === undefined || m3 === undefined || third === undefined) {
      throw new Error('three were started');
    }
    const { clusterID } = await listAt(m1);

    const m4 = await host(it, 'm4', version);
    const told = await it.ends(EXIT.blocked, `join ${m4.line} ${place} --size-exceeded fail`);
    expect(told.stdout).toContain('"join-cluster-full"');

    const fourth = start(it, `${m4.line} ${place}`);
    await becomes(fourth, 'gateway');
    await writeAndRead([m4.clientURL], 'through', 'the gateway');

    await addAt(m1, m4);
    await becomes(fourth, 'member');
    const grown = await listAt(m4);
    expect(grown.clusterID).toBe(clusterID);
    expect(grown.members.map(({ name }) => name).toSorted()).toEqual(['m1', 'm2', 'm3', 'm4']);
    await writeAndRead([m4.clientURL], 'as', 'a member');

    // With the flags of its first start, and without any but its name and place on this disk.
    await stop(it, third, m3);
    const withFlags = start(it, `${m3.line} ${place}`);
    await becomes(withFlags, 'member');
    await stop(it, withFlags, m3);
    const again = start(it, `--name m3 --data-dir ${m3.dataDir} --version ${version} -o json`);
    await becomes(again, 'member');
    await writeAndRead([m3.clientURL], 'came', 'back');
    expect((await listAt(m3)).clusterID).toBe(clusterID);

    // Somebody takes the newcomer out again: its etcd ends, and the reason is told.
    await removeAt(m1, m4);
    const ended = await fourth.done;
    expect(ended.code).toBe(EXIT.failed);
    expect(ended.stderr).toContain('[member-removed]');
  });

  test('a member that lost its data is told, not started, and comes back as a new one', async () => {
    const { it, service, place } = await open(version);
    const hosts = await Promise.all(NAMES.map((name) => host(it, name, version)));
    const running = hosts.map(({ line }) => start(it, `${line} ${place}`));
    await become(service, running, 'member');
    const [, m2, m3] = hosts;
    const [, , third] = running;
    if (m2 === undefined || m3 === undefined || third === undefined) {
      throw new Error('three were started');
    }
    await writeAndRead([m2.clientURL], 'kept', 'by two');
    await stop(it, third, m3);
    await rm(m3.dataDir, { recursive: true });

    const refused = await it.ends(EXIT.blocked, `join ${m3.line} ${place}`);
    expect(refused.stdout).toContain('"join-data-lost"');
    await expect(readFile(join(m3.dataDir, 'member', 'snap', 'db'))).rejects.toThrow('ENOENT');

    await removeAt(m2, m3);
    const added = await addAt(m2, m3);
    const again = start(it, `${m3.line} ${place}`);
    await becomes(again, 'member');
    await writeAndRead([m3.clientURL], 'kept', 'by three');
    expect((await listAt(m3)).members.find(({ name }) => name === 'm3')?.id).toBe(added);
  });
});

describe.each(VERSIONS)('etcd %s', (version) => {
  test('four hosts at once for three places: whoever loses forwards, and is no less a member later', async () => {
    const { it, service, place } = await open(version);
    const hosts = await Promise.all([...NAMES, 'm4'].map((name) => host(it, name, version)));
    const running = hosts.map(({ line }) => start(it, `${line} ${place}`));
    const first = await Promise.any(
      running.map(async (each, at) => {
        await becomes(each, 'gateway');
        return at;
      }),
    );
    await Promise.all(
      running.filter((_, at) => at !== first).map((each) => becomes(each, 'member')),
    );
    const loser = hosts[first];
    const late = running[first];
    const [other] = hosts.filter((each) => each !== loser);
    if (loser === undefined || late === undefined || other === undefined) {
      throw new Error('four were started');
    }
    // The cluster is born; nobody needs the place any more.
    await service.stop();
    const id = await addAt(other, loser, true);
    await late.says(/"role": "learner"/);
    await asking(other, (client) =>
      until('the learner has caught up', async () => {
        const promoted = await client.cluster.memberPromote(id);
        return promoted.ok ? { done: undefined } : { seen: promoted.error.message };
      }),
    );
    await writeAndRead([loser.clientURL], 'four', 'of them');
    expect((await listAt(other)).members).toHaveLength(4);
  });

  test('a host that is ended while it waits ends with its etcd, and is not let in again in silence', async () => {
    const { it, place } = await open(version);
    const m1 = await host(it, 'm1', version);
    const waiting = start(it, `${m1.line} ${place}`);
    await becomes(waiting, 'meeting');
    await waiting.says(
      version === '3.5' ? /found self/ : /waiting for peers|found self|found peer/i,
    );
    await stop(it, waiting, m1);
    // What etcd began before it registered is no log, and nobody can tell it from one that has lost its own.
    const told = await it.ends(EXIT.blocked, `join ${m1.line} ${place}`);
    expect(told.stdout).toContain('"data-unreadable"');
    await rm(m1.dataDir, { recursive: true });
    const again = await it.ends(EXIT.blocked, `join ${m1.line} ${place}`);
    expect(again.stdout).toContain('"join-registered-before"');
  });
});

test('a second host on one data directory is told who has it; one that was killed -9 goes on when its etcd has ended', async () => {
  const { it, place } = await open('3.5', 2);
  const m1 = await host(it, 'm1', '3.5');
  const m2 = await host(it, 'm2', '3.5');
  const first = start(it, `${m1.line} ${place}`);
  await becomes(first, 'meeting');
  await first.says(/found self/);
  const twin = (await host(it, 'twin', '3.5')).line.replace(
    /--data-dir \S+/,
    `--data-dir ${m1.dataDir}`,
  );
  const told = await it.ends(EXIT.blocked, `join ${twin} ${place}`);
  expect(told.stdout).toContain('"join-data-in-use"');

  const second = start(it, `${m2.line} ${place}`);
  await Promise.all([becomes(first, 'member'), becomes(second, 'member')]);
  const { clusterID } = await listAt(m1);

  // Its etcd serves on; the next start says which process that is, and goes on when it has ended.
  await it.kill(first.pid);
  const again = start(it, m1.line);
  await again.says(/"isLeftOver": true/);
  const left = (await it.processes()).filter(({ flags }) => flags['data-dir'] === m1.dataDir);
  await Promise.all(left.map(({ pid }) => it.kill(pid)));
  await becomes(again, 'member');
  await writeAndRead([m1.clientURL, m2.clientURL], 'went', 'on');
  expect((await listAt(m1)).clusterID).toBe(clusterID);
});

test('one host on free ports of this machine, which it finds again', async () => {
  const { it, place } = await open('3.5', 1);
  const dataDir = join(it.home, 'hosts', 'alone');
  const line = `--name alone --data-dir ${dataDir} --version 3.5 -o json`;
  const first = start(it, `${line} ${place}`);
  await becomes(first, 'member');
  first.kill('SIGINT');
  const { stdout } = await first.done;
  const clientURL = /"clientURL": "(http:\/\/127\.0\.0\.1:\d+)"/.exec(stdout)?.[1] ?? '';
  const second = start(it, line);
  await becomes(second, 'member');
  await writeAndRead([clientURL], 'same', 'place');
});

test('a token that does not exist, and lines that cannot be read, end before anything starts', async () => {
  const { it, service } = await open('3.5');
  const m1 = await host(it, 'm1', '3.5');
  const unknown = `join ${m1.line} --discovery ${service.url}/0123456789abcdef0123456789abcdef`;
  const refused = await it.ends(EXIT.blocked, unknown);
  expect(refused.stdout).toContain('"discovery-unknown-token"');
  const mistyped = await it.ends(
    EXIT.usage,
    'join --name m1 --discovery nowhere --listen-peer https://10.0.0.1:2380 --listen-client http://10.0.0.1:2379 --size-exceeded no',
  );
  for (const code of ['join-bad-value', 'join-needs-tls']) expect(mistyped.stderr).toContain(code);
});
