import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { deadlineSignal, systemClock, unsafeBrand } from '../../base/index.js';
import {
  type EtcdVersion,
  type PeerURL,
  type StatusSight,
  SUPPORTED_MINORS,
  compareVersions,
  minorOf,
  parseEtcdVersion,
} from '../../core/cluster/index.js';
import { freeze } from '../../../test/lab/processes.js';
import { createEtcdAdmin } from './index.js';

const soon = () => deadlineSignal(5000);
const cleanUp: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of cleanUp.splice(0).reverse()) await end();
});

describe.each(SUPPORTED_MINORS)('etcd %s', (minor) => {
  test('one member: what the peer port, Status and the list say agree', async () => {
    const { admin, version, clientURL, peerURL } = await startOne(minor);
    const status = await leaderKnown(admin, clientURL);
    expect(status).toMatchObject({ version, isLearner: false, errors: [] });
    expect(status.leader).toBe(status.memberID);
    expect(status.raftAppliedIndex).toBeGreaterThan(0n);

    const list = await admin.memberList([clientURL], soon());
    const peer = await admin.peer(peerURL, soon());
    if (!list.ok) throw new Error(list.error.summary);
    expect(list.value).toEqual({
      clusterID: status.clusterID,
      members: [
        {
          id: status.memberID,
          name: 'm1',
          peerURLs: [peerURL],
          clientURLs: [clientURL],
          isLearner: false,
        },
      ],
    });
    expect(peer).toEqual({ kind: 'answered', ...list.value });
  });

  test('the membership changes, and what etcd refuses', async () => {
    const { admin, clientURL, peerURL } = await startOne(minor);
    const { memberID } = await leaderKnown(admin, clientURL);
    const at = [clientURL];
    const [one, two] = [peerURLOf(await freePort()), peerURLOf(await freePort())];

    const added = await admin.addMember(at, [one], { isLearner: true }, soon());
    if (added.kind !== 'applied') throw new Error(added.problem.detail);
    const learner = { id: added.value.memberID, peerURLs: [one], isLearner: true, name: '' };
    expect(added.value.members).toContainEqual(expect.objectContaining(learner));
    expect(await admin.peer(peerURL, soon())).toMatchObject({
      members: expect.arrayContaining([expect.objectContaining(learner)]),
    });

    const refusal = (reason: string) => ({
      kind: 'refused',
      problem: { code: 'etcd-refused', data: { reason } },
    });
    const again = await admin.addMember(at, [two], { isLearner: true }, soon());
    expect(again).toMatchObject(refusal('too-many-learners'));
    // The URL of the learner would be refused as "member ID already exist" within the second that its id was made in.
    const taken = await admin.addMember(at, [peerURL], { isLearner: false }, soon());
    expect(taken).toMatchObject(refusal('peer-urls-exist'));
    expect(await admin.promote(at, learner.id, soon())).toMatchObject(refusal('learner-not-ready'));
    expect(await admin.promote(at, memberID, soon())).toMatchObject(refusal('not-a-learner'));
    expect(await admin.moveLeader(clientURL, learner.id, soon())).toMatchObject(
      refusal('bad-leader-transferee'),
    );
    expect(await admin.remove(at, learner.id, soon())).toMatchObject({ kind: 'applied' });
    expect(await admin.remove(at, learner.id, soon())).toMatchObject(refusal('member-not-found'));

    expect(await admin.updatePeerURLs(at, memberID, [two], soon())).toMatchObject({
      kind: 'applied',
    });
    expect(await admin.memberList(at, soon())).toMatchObject({
      value: { members: [{ id: memberID, peerURLs: [two] }] },
    });
  });

  test('frozen: every question ends with its signal, and a change is unknown', async () => {
    const { admin, clientURL, peerURL, process } = await startOne(minor);
    const { memberID } = await leaderKnown(admin, clientURL);
    await freeze(process.pid ?? 0);
    const short = () => deadlineSignal(200);
    const [status, peer, list, change] = await Promise.all([
      admin.status(clientURL, short()),
      admin.peer(peerURL, short()),
      admin.memberList([clientURL], short()),
      admin.remove([clientURL], memberID, short()),
    ]);
    expect([status.kind, peer.kind, list.ok, change.kind]).toEqual([
      'silent',
      'silent',
      false,
      'unknown',
    ]);
    process.kill('SIGCONT');
    await leaderKnown(admin, clientURL);
    expect((await admin.peer(peerURL, soon())).kind).toBe('answered');
  });

  test('gone: a change was certainly not made; back again: it is found again', async () => {
    const { admin, clientURL, peerURL, kill, restart } = await startOne(minor);
    const { memberID } = await leaderKnown(admin, clientURL);
    expect((await admin.peer(peerURL, soon())).kind).toBe('answered');
    await kill();
    expect(await admin.status(clientURL, soon())).toMatchObject({ kind: 'silent' });
    expect(await admin.peer(peerURL, soon())).toMatchObject({
      kind: 'silent',
      because: expect.stringContaining('nothing listens there'),
    });
    expect(await admin.remove([clientURL], memberID, soon())).toMatchObject({
      kind: 'refused',
      problem: { code: 'etcd-not-reached' },
    });
    restart();
    expect(await leaderKnown(admin, clientURL)).toMatchObject({ memberID });
    expect(await admin.peer(peerURL, soon())).toMatchObject({ kind: 'answered' });
  });
});

type Answered = Extract<StatusSight, { kind: 'answered' }>;

async function leaderKnown(
  admin: ReturnType<typeof createEtcdAdmin>,
  clientURL: string,
): Promise<Answered> {
  const limit = deadlineSignal(20_000);
  for (;;) {
    const status = await admin.status(clientURL, limit);
    if (status.kind === 'answered' && status.leader !== undefined) return status;
    await systemClock.sleep(20, limit);
  }
}

/** The newest release of that line in the cache. A line that is not there fails the test, and says how to get it. */
function newestOf(minor: string): { readonly version: EtcdVersion; readonly binary: string } {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'quorate', 'etcd');
  const [version] = (existsSync(cache) ? readdirSync(cache) : [])
    .filter((entry) => existsSync(join(cache, entry, 'etcd')))
    .flatMap((entry) => parseEtcdVersion(entry) ?? [])
    .filter((candidate) => minorOf(candidate) === minor)
    .sort((a, b) => compareVersions(b, a));
  if (version === undefined) {
    throw new Error(`No etcd ${minor} is in the cache. Run the whole suite, which fetches it.`);
  }
  return { version, binary: join(cache, `v${version}`, 'etcd') };
}

/** A cluster of one on loopback, ended and deleted after the test. */
async function startOne(minor: string) {
  const { version, binary } = newestOf(minor);
  const root = mkdtempSync(join(tmpdir(), 'quorate-admin-'));
  const peerURL = peerURLOf(await freePort());
  const clientURL = `http://127.0.0.1:${await freePort()}`;
  const flags = [
    '--name=m1',
    `--data-dir=${join(root, 'data')}`,
    `--listen-peer-urls=${peerURL}`,
    `--initial-advertise-peer-urls=${peerURL}`,
    `--initial-cluster=m1=${peerURL}`,
    `--listen-client-urls=${clientURL}`,
    `--advertise-client-urls=${clientURL}`,
    '--heartbeat-interval=10',
    '--election-timeout=50',
  ];
  const start = () => spawn(binary, flags, { stdio: 'ignore', env: {} });
  const end = (child: ChildProcess) =>
    new Promise<void>((resolve) => {
      if (child.exitCode !== null || child.signalCode !== null) resolve();
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    });
  let child = start();
  const admin = createEtcdAdmin({ clock: systemClock });
  cleanUp.push(async () => {
    await admin.close();
    await end(child);
    rmSync(root, { recursive: true, force: true });
  });
  return {
    admin,
    version,
    clientURL,
    peerURL,
    process: child,
    kill: () => end(child),
    restart: () => {
      child = start();
    },
  };
}

const peerURLOf = (port: number): PeerURL => unsafeBrand<PeerURL>(`http://127.0.0.1:${port}`);

/** Below the range from which the kernel takes ports for outgoing connections (lab-etcd 2.4). */
async function freePort(): Promise<number> {
  for (let i = 0; i < 100; i++) {
    const port = 20_000 + Math.floor(Math.random() * 11_000);
    const free = await new Promise<boolean>((resolve) => {
      const server = createServer();
      server.once('error', () => resolve(false));
      server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
    });
    if (free) return port;
  }
  throw new Error('no free port between 20000 and 31000');
}
