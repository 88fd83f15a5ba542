import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../base/index.js';
import { linuxProcessTable } from './process-table-linux.js';
import { parsePsLine } from './process-table-ps.js';
import { dataDirFlag } from './process-table.js';

describe('the data directory on a command line', () => {
  test.each([
    [['etcd', '--data-dir=/d/e'], '/d/e'],
    [['etcd', '-data-dir=/d'], '/d'],
    [['etcd', '--name', 'x', '--data-dir', '/d'], '/d'],
    [['sh', '-c', 'etcd --data-dir=/d'], ''],
    [['etcd', '--data-directory=/d'], ''],
    [['--data-dir=/d'], ''],
  ])('%j → %j', (commandLine, dataDir) => {
    expect(dataDirFlag(commandLine)).toBe(dataDir);
  });
});

describe.runIf(process.platform === 'linux')('the process table of Linux', () => {
  const table = linuxProcessTable(systemClock);
  const children: ChildProcess[] = [];
  const run = async (command: string, args: string[], cwd = tmpdir()): Promise<number> => {
    const child = spawn(command, args, { stdio: 'ignore', cwd });
    children.push(child);
    await once(child, 'spawn');
    if (child.pid === undefined) throw new Error('no pid');
    return child.pid;
  };
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });

  test('names a process by its start, which stays the same', async () => {
    const before = systemClock.now();
    const pid = await run('sleep', ['60']);
    const seen = await table.look(pid);
    expect(seen).toMatchObject({ pid, arguments: ['sleep', '60'], dataDir: '' });
    expect(Math.abs((seen?.startedAt ?? 0) - before)).toBeLessThan(1000);
    expect(await linuxProcessTable(systemClock).look(pid)).toMatchObject({
      startMark: seen?.startMark,
    });
    expect(await table.isOfThisBoot(seen?.startMark ?? '')).toBe(true);
    expect(await table.isOfThisBoot('another-boot/123')).toBe(false);
  });

  test('a process that has ended and was not collected yet is not there', async () => {
    // The shell starts a child, becomes `sleep` itself, and so never collects it; the child waits for that.
    const child = '(until [ "$(cat /proc/$$/comm)" = sleep ]; do :; done)';
    const shell = spawn('sh', ['-c', `${child} & echo $!; exec sleep 60`], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(shell);
    const [chunk] = (await once(shell.stdout, 'data')) as [Buffer];
    const zombie = Number(chunk.toString());
    while ((await table.look(zombie)) !== undefined) {
      await systemClock.sleep(5, AbortSignal.timeout(5000));
    }
    // It still has its pid: a signal can be sent, and a check by pid alone would call it running.
    expect(process.kill(zombie, 0)).toBe(true);
  });

  test('a killed process whose threads still end is there, because it holds its ports and files', async () => {
    const proc = await mkdtemp(join(tmpdir(), 'quorate-proc-'));
    const write = async (path: string, text: string): Promise<void> => {
      await mkdir(dirname(join(proc, path)), { recursive: true });
      await writeFile(join(proc, path), text);
    };
    // As the kernel shows it: the main thread is a zombie, the command line is gone with its memory.
    await write('sys/kernel/random/boot_id', 'this-boot\n');
    await write('uptime', '100.00 100.00\n');
    await write('7/stat', `7 (etcd) Z ${Array.from({ length: 20 }, (_, i) => i).join(' ')}\n`);
    await write('7/cmdline', '');
    await write('7/task/7/stat', '');
    await write('7/task/9/stat', '');
    const killed = linuxProcessTable(systemClock, proc);
    expect(await killed.look(7)).toMatchObject({
      pid: 7,
      startMark: 'this-boot/18',
      arguments: [],
      isEnding: true,
    });
    await rm(join(proc, '7/task/9'), { recursive: true });
    expect(await killed.look(7)).toBeUndefined();
    await rm(proc, { recursive: true });
  });

  test('finds a data directory by its absolute path, however it was given', async () => {
    const cwd = realpathSync(tmpdir());
    const pid = await run('sh', ['-c', 'sleep 60; :', '--data-dir', 'relative/x'], cwd);
    const found = (await table.withDataDir()).find((seen) => seen.pid === pid);
    expect(found?.dataDir).toBe(join(cwd, 'relative/x'));
  });
});

describe('a line of ps', () => {
  test('is read with its start time as the mark', () => {
    const line = '  501 Ss   Mon Jan  5 10:11:12 2026 /opt/etcd --data-dir=/d --name=m1';
    expect(parsePsLine(line)).toEqual([
      {
        pid: 501,
        startMark: 'Mon Jan  5 10:11:12 2026',
        startedAt: Date.UTC(2026, 0, 5, 10, 11, 12),
        arguments: ['/opt/etcd', '--data-dir=/d', '--name=m1'],
        dataDir: '/d',
        isEnding: false,
      },
    ]);
  });
  test('of a zombie, or that is none, says nothing', () => {
    expect(parsePsLine('  501 Z    Mon Jan  5 10:11:12 2026 (etcd)')).toEqual([]);
    expect(parsePsLine('')).toEqual([]);
  });
});
