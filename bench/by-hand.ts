import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { firstAcknowledgedWrite } from './first-write.js';

/** Below the ephemeral range, and apart from what the product allocates. */
const PORT_BASE = 19_000;

/**
 * What people do by hand: every member started at the same moment, default flags, `--initial-cluster-state=new`.
 * Answers the time from before the first spawn to the first acknowledged write, in milliseconds.
 */
export async function bringUpByHand(etcd: string, count: number): Promise<number> {
  const dir = await mkdtemp(join(tmpdir(), 'quorate-bench-'));
  const members = Array.from({ length: count }, (_, i) => ({
    name: `h${i + 1}`,
    client: `http://127.0.0.1:${PORT_BASE + 3 * i}`,
    peer: `http://127.0.0.1:${PORT_BASE + 3 * i + 1}`,
  }));
  const initialCluster = members.map(({ name, peer }) => `${name}=${peer}`).join(',');
  const startedAt = performance.now();
  const children = members.map(({ name, client, peer }) =>
    spawn(
      etcd,
      [
        `--name=${name}`,
        `--data-dir=${join(dir, name)}`,
        `--listen-client-urls=${client}`,
        `--advertise-client-urls=${client}`,
        `--listen-peer-urls=${peer}`,
        `--initial-advertise-peer-urls=${peer}`,
        `--initial-cluster=${initialCluster}`,
        `--initial-cluster-token=bench-${process.pid}-${Math.round(startedAt)}`,
        '--initial-cluster-state=new',
      ],
      { stdio: 'ignore', env: { PATH: process.env['PATH'] ?? '' } },
    ),
  );
  try {
    return (await firstAcknowledgedWrite(members.map(({ client }) => client))) - startedAt;
  } finally {
    await Promise.all(children.map(end));
    await rm(dir, { recursive: true, force: true });
  }
}

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    }
  });
