import { readFile, readdir } from 'node:fs/promises';
import { basename } from 'node:path';
import { until } from './wait.js';

/** A process of this machine that carries a lab's home in its arguments or its environment. */
export interface LabProcess {
  readonly pid: number;
  readonly kind: 'member' | 'gateway' | 'quorate' | 'other';
  readonly args: readonly string[];
  /** Flags of a member by name, without dashes; empty for others. */
  readonly flags: Readonly<Record<string, string>>;
}

/** How long a process that was ended by SIGKILL may still be in the table. */
const REAP_MS = 15_000;

/** Every live process that belongs to `home`, found in the kernel's own table and not in what the product remembers. */
export async function processesOf(home: string): Promise<readonly LabProcess[]> {
  const entries = await readdir('/proc').catch(() => {
    throw new Error(
      'The lab finds its processes in /proc, and this machine has none: run these tests on Linux.',
    );
  });
  const pids = entries.filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map((pid) => lookAt(pid, home)));
  return found.filter((process) => process !== undefined).sort((a, b) => a.pid - b.pid);
}

async function lookAt(pid: number, home: string): Promise<LabProcess | undefined> {
  if (pid === process.pid) return undefined;
  const [cmdline, environ] = await Promise.all([
    readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => ''),
    readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''),
  ]);
  // A zombie has neither: it is dead and waits for its parent, so it is not counted.
  if (!mentions(cmdline, home) && !environ.split('\0').includes(`QUORATE_HOME=${home}`)) {
    return undefined;
  }
  const args = cmdline.split('\0').slice(0, -1);
  const flags = flagsOf(args);
  return { pid, kind: kindOf(args, flags), args, flags };
}

const mentions = (cmdline: string, home: string): boolean =>
  cmdline.split('\0').some((arg) => arg.includes(`${home}/`) || arg.endsWith(home));

function kindOf(
  args: readonly string[],
  flags: Readonly<Record<string, string>>,
): LabProcess['kind'] {
  if (args.includes('gateway')) return 'gateway';
  if (flags['data-dir'] !== undefined) return 'member';
  return args.some((arg) => basename(arg) === 'quorate.js') ? 'quorate' : 'other';
}

/** The `--name=value` among the words of a command line, by name. */
export function flagsOf(args: readonly string[]): Readonly<Record<string, string>> {
  const flags: Record<string, string> = {};
  for (const arg of args) {
    const match = /^--?([a-z][a-z0-9-]*)=(.*)$/s.exec(arg);
    if (match?.[1] !== undefined) flags[match[1]] = match[2] ?? '';
  }
  return flags;
}

/** Ends one process of the lab by force and waits until it is gone. */
export async function killHard(pid: number): Promise<void> {
  signalTo(pid, 'SIGKILL');
  await until(
    `process ${pid} is gone`,
    async () => ((await isAlive(pid)) ? { seen: 'alive' } : { done: true }),
    { timeoutMs: REAP_MS, everyMs: 5 },
  );
}

/** Sends a signal to one pid; a process that is gone already is fine. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Stops every thread of a process (SIGSTOP) and answers when all of them stand still: until then it may go on. */
export async function freeze(pid: number): Promise<void> {
  signalTo(pid, 'SIGSTOP');
  await until(
    `process ${pid} stands still`,
    async () => {
      const states = await Promise.all(
        (await threadsOf(pid)).map((thread) => stateOf(`${pid}/task/${thread}`)),
      );
      return states.every((state) => state === 'T') ? { done: true } : { seen: states.join('') };
    },
    { everyMs: 1 },
  );
}

/** Alive: not a zombie, or one whose other threads still end and hold its ports. */
export async function isAlive(pid: number): Promise<boolean> {
  const state = await stateOf(String(pid));
  if (state !== 'Z' && state !== 'X') return state !== '';
  return (await threadsOf(pid)).some((thread) => thread !== String(pid));
}

const threadsOf = (pid: number): Promise<readonly string[]> =>
  readdir(`/proc/${pid}/task`).catch(() => []);

/** The kernel's letter for what a process or thread does; '' when it is gone. */
async function stateOf(entry: string): Promise<string> {
  const stat = await readFile(`/proc/${entry}/stat`, 'utf8').catch(() => '');
  return stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
}

/** The order to end them in: who would bring others back goes first. */
export const keepersFirst = (processes: readonly LabProcess[]): readonly LabProcess[] =>
  [...processes].sort((a, b) => Number(a.kind === 'member') - Number(b.kind === 'member'));
