import { readFile, readdir, readlink } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { type Clock, instantOf } from '../../base/index.js';
import { type ProcessTable, type SeenProcess, dataDirFlag } from './process-table.js';

/** The unit of start times in /proc/PID/stat: USER_HZ, 100 on every Linux that Node runs on. */
const TICK_MS = 10;
/** How many processes are read at the same time when all are looked through. */
const SCAN_WIDTH = 32;

/** Reads are asynchronous: a process stuck in the kernel can hold its own /proc files, and must hold up no other. */
export function linuxProcessTable(clock: Clock, proc = '/proc'): ProcessTable {
  let boot: Promise<{ readonly id: string; readonly atMs: number }> | undefined;
  const bootOnce = () => (boot ??= readBoot(clock, proc));

  const look = async (pid: number): Promise<SeenProcess | undefined> => {
    const { id, atMs } = await bootOnce();
    try {
      const [stat, commandLine] = await Promise.all([
        readFile(`${proc}/${pid}/stat`, 'utf8'),
        readFile(`${proc}/${pid}/cmdline`, 'utf8'),
      ]);
      // The second field is the program's name in parentheses and may hold blanks and parentheses itself.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      const state = fields[0];
      const startTicks = fields[19];
      if (startTicks === undefined) return undefined;
      const isEnding = state === 'Z' || state === 'X';
      if (isEnding && !(await hasOtherThreads(pid))) return undefined;
      const args = commandLine.split('\0').slice(0, -1);
      return {
        pid,
        startMark: `${id}/${startTicks}`,
        startedAt: instantOf(Math.round(atMs + Number(startTicks) * TICK_MS)),
        arguments: args,
        dataDir: await absolute(pid, dataDirFlag(args)),
        isEnding,
      };
    } catch {
      // Gone between two reads, or hidden from us.
      return undefined;
    }
  };

  return {
    look,
    isOfThisBoot: async (startMark) => startMark.startsWith(`${(await bootOnce()).id}/`),
    withDataDir: async () => {
      const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
      const found: SeenProcess[] = [];
      for (let at = 0; at < pids.length; at += SCAN_WIDTH) {
        const block = pids.slice(at, at + SCAN_WIDTH).map((pid) => lookIfItUsesADataDir(pid));
        for (const seen of await Promise.all(block)) if (seen !== undefined) found.push(seen);
      }
      return found;
    },
  };

  /** A relative data directory is relative to that process's own working directory. */
  async function absolute(pid: number, dataDir: string): Promise<string> {
    return dataDir === '' || isAbsolute(dataDir)
      ? dataDir
      : join(await readlink(`${proc}/${pid}/cwd`).catch(() => '/'), dataDir);
  }

  async function hasOtherThreads(pid: number): Promise<boolean> {
    return (await readdir(`${proc}/${pid}/task`)).some((thread) => thread !== String(pid));
  }

  async function lookIfItUsesADataDir(pid: string): Promise<SeenProcess | undefined> {
    const commandLine = await readFile(`${proc}/${pid}/cmdline`, 'utf8').catch(() => '');
    return dataDirFlag(commandLine.split('\0')) === '' ? undefined : await look(Number(pid));
  }
}

async function readBoot(
  clock: Clock,
  proc: string,
): Promise<{ readonly id: string; readonly atMs: number }> {
  const [id, uptime] = await Promise.all([
    readFile(`${proc}/sys/kernel/random/boot_id`, 'utf8'),
    readFile(`${proc}/uptime`, 'utf8'),
  ]);
  return { id: id.trim(), atMs: clock.now() - Number(uptime.split(' ')[0]) * 1000 };
}
