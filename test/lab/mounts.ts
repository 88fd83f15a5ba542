import { execFile } from 'node:child_process';
import { mkdir, readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import type { Lab } from './lab.js';

const run = promisify(execFile);

/** Why a file system cannot be mounted here, or undefined when it can. Say it aloud and skip, or fail. */
export async function whyNoMounts(): Promise<string | undefined> {
  if (process.getuid?.() !== 0)
    return 'only root may mount a file system, and these tests do not run as root';
  try {
    // In a namespace of its own: nothing is seen of it outside.
    await run('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']);
    return undefined;
  } catch (error) {
    return `mounting a tmpfs is refused here: ${(error as Error).message}`;
  }
}

/** Mounts a small file system at `directory`; it is unmounted when the test ends. `options` as in `mount -o`. */
export async function mountTmpfs(it: Lab, directory: string, options: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  await run('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', directory]);
  it.atEnd(async () => {
    await run('umount', [directory]);
  });
}

export async function remount(directory: string, options: string): Promise<void> {
  await run('mount', ['-o', `remount,${options}`, directory]);
}

/** Unmounts whatever is mounted under `base`: a run that was killed could not do it itself. */
export async function unmountUnder(base: string): Promise<void> {
  const mounts = await readFile('/proc/mounts', 'utf8').catch(() => '');
  const under = mounts
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((directory) => directory.startsWith(`${base}/`));
  for (const directory of under.reverse()) await run('umount', [directory]);
}
