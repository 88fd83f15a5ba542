import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { processesOf } from '../processes.js';
import { until } from '../wait.js';
import { exists } from './base-tree.js';
import { answerOf } from './commands.js';
import { loopDevicesUnder } from './disks.js';
import { hostsFor, skipWithoutHosts } from './suite.js';

/** The command for people, as `npm run build:safety` leaves it; this file may run from there or from its source. */
const UP = fileURLToPath(new URL('../../../.tmp/safety/test/lab/hosts/up.js', import.meta.url));

beforeEach(skipWithoutHosts);

test('what was made is gone from the kernel’s tables when a lab is taken away', async (context) => {
  const links = await linkNames();
  const lab = await hostsFor(context, { hosts: 2 });
  expect(await leftOf(lab.directory)).not.toEqual(NOTHING);
  expect(await linkNames()).not.toEqual(links);
  const network = await readlink(`/proc/${lab.keeperPid}/ns/net`);
  await lab.dispose();
  expect(await leftOf(lab.directory)).toEqual(NOTHING);
  expect(await linkNames()).toEqual(links);
  // Its network is this run's, which lives on.
  expect(network).toBe(await readlink('/proc/self/ns/net'));
});

test('two labs stand side by side with the same addresses', async (context) => {
  const mine = await hostsFor(context, { hosts: 1, disk: 'directory' });
  const theirs = await startUp();
  const enter = ['nsenter', '--target', `${theirs.keeperPid}`, '--net', '--'];
  const directory = [mine.directory, theirs.directory] as const;
  const mark = 'cat /etc/machine-id';
  const [here, there] = await Promise.all([
    answerOf(['ssh', '-F', join(directory[0], 'ssh_config'), '10.0.1.10', mark]),
    answerOf([...enter, 'ssh', '-F', join(directory[1], 'ssh_config'), '10.0.1.10', mark]),
  ]);
  expect([here.code, there.code]).toEqual([0, 0]);
  expect(here.stdout).not.toBe(there.stdout);

  theirs.process.kill('SIGINT');
  await once(theirs.process, 'exit');
  expect(await leftOf(theirs.directory)).toEqual(NOTHING);
  expect((await mine.hosts[0]?.run('true'))?.code).toBe(0);
});

test('a lab whose process is killed takes its hosts with it, and the next one clears its files away', async (context) => {
  const { process: up, directory } = await startUp();
  expect(await exists(directory)).toBe(true);
  up.kill('SIGKILL');
  await until('the hosts are gone', async () => {
    const { files: _files, cgroups: _cgroups, ...left } = await leftOf(directory);
    return Object.values(left).flat().length === 0 ? { done: true } : { seen: left };
  });
  await hostsFor(context, { hosts: 1, disk: 'directory' });
  expect(await leftOf(directory)).toEqual(NOTHING);
});

const NOTHING = { processes: [], devices: [], mounts: [], cgroups: [], files: [] };

async function leftOf(directory: string): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const [processes, devices, mounts, files] = await Promise.all([
    processesOf(directory),
    loopDevicesUnder(directory),
    readFile('/proc/self/mountinfo', 'utf8'),
    readdir(tmpdir()),
  ]);
  return {
    processes: processes.map(({ pid, args }) => `${pid} ${args.join(' ')}`),
    devices,
    mounts: mounts.split('\n').filter((line) => line.includes(`${directory}/`)),
    cgroups: await cgroupsOf(basename(directory)),
    files: files.filter((name) => name === basename(directory)),
  };
}

async function cgroupsOf(lab: string): Promise<readonly string[]> {
  const root = '/sys/fs/cgroup';
  const hierarchies = [root, ...(await readdir(root)).map((name) => join(root, name))];
  const groups = hierarchies.map((each) => join(each, lab));
  const found = await Promise.all(
    groups.map(async (group) => ((await exists(group)) ? group : '')),
  );
  return found.filter((group) => group !== '').map(dirname);
}

const linkNames = async (): Promise<readonly string[]> =>
  (await answerOf(['ip', '-brief', 'link'])).stdout
    .split('\n')
    .map((line) => line.split(' ')[0] ?? '');

interface Up {
  readonly process: ChildProcess;
  readonly directory: string;
  readonly keeperPid: number;
}

/** Hosts of another process, in a network of their own. */
async function startUp(): Promise<Up> {
  const child = spawn(process.execPath, [UP, '--hosts', '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let said = '';
  for await (const line of createInterface(child.stdout)) {
    said += `${line}\n`;
    const directory = /in (\S+)\/h\*\/console\.log/.exec(said)?.[1];
    const keeperPid = /--target (\d+)/.exec(said)?.[1];
    if (directory === undefined || keeperPid === undefined) continue;
    return { process: child, directory, keeperPid: Number(keeperPid) };
  }
  throw new Error(`It ended without saying where its hosts are: ${said}`);
}
