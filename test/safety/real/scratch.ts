import { mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, keepersFirst, killHard, processesOf } from '../../lab/processes.js';
import { progress } from '../command.js';

const PREFIX = 'quorate-safety-';
const OWNER = 'owner.pid';
const ROUNDS_MAX = 50;

/** A directory for one run of a proof. Neither it nor a process that belongs to it outlives the run. */
export interface Scratch {
  readonly base: string;
  close(): Promise<void>;
}

/**
 * Makes the directory, after having cleared what a run that was killed left behind. Ended by `close`, and also when
 * the run is interrupted.
 */
export async function openScratch(): Promise<Scratch> {
  await sweep();
  // Inside the lab's own base when a test runs us, so that it sees what we might leave.
  const parent = process.env['QUORATE_LAB_BASE'] ?? tmpdir();
  const base = await realpath(await mkdtemp(join(parent, PREFIX)));
  await writeFile(join(base, OWNER), String(process.pid));
  const close = async (): Promise<void> => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    await endProcesses(base);
    await rm(base, { recursive: true, force: true, maxRetries: 5 });
  };
  const onSignal = (): void => {
    void close().finally(() => process.exit(130));
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return { base, close };
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Ends every process that carries `directory` in its arguments; what is started meanwhile is ended too. */
export async function endProcesses(directory: string): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const left = await processesOf(directory);
    if (left.length === 0) return;
    for (const { pid } of keepersFirst(left)) await killHard(pid);
  }
  throw new Error(`Processes of ${directory} come back again and again.`);
}

/** Nobody else makes directories of this name, so one without a living owner is ours to clear. */
async function sweep(): Promise<void> {
  const temporary = await realpath(tmpdir());
  for (const name of await readdir(temporary)) {
    if (!name.startsWith(PREFIX)) continue;
    const base = join(temporary, name);
    const owner = Number(await readFile(join(base, OWNER), 'utf8').catch(() => '0'));
    if (owner === 0 || (await isAlive(owner))) continue;
    progress(`clearing ${base}, which a run that was killed left behind`);
    await endProcesses(base);
    await rm(base, { recursive: true, force: true });
  }
}
