import { mkdir, readFile, readdir, realpath, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../wait.js';
import { exists } from './base-tree.js';

const ROOT = '/sys/fs/cgroup';
/** A group of this hierarchy takes no process before it was told its processors, and nobody here needs it. */
const LEFT_OUT = 'cpuset';

/**
 * The cgroups of a lab's hosts: each host has its own in every hierarchy of the machine, because each systemd believes
 * that it owns the one it is in. Version 2 alone, or version 1 with a unified hierarchy beside it.
 */
export class Cgroups {
  readonly #lab: string;
  readonly #hierarchies: readonly string[];
  /** The hierarchy of version 2. */
  readonly #unified: string;

  private constructor(lab: string, hierarchies: readonly string[], unified: string) {
    this.#lab = lab;
    this.#hierarchies = hierarchies;
    this.#unified = unified;
  }

  static async of(lab: string): Promise<Cgroups> {
    const unified = await unifiedHierarchy();
    if (unified === undefined) throw new Error(`There is no cgroup hierarchy of version 2.`);
    return new Cgroups(lab, await hierarchies(), unified);
  }

  /** Makes a host's groups and answers their directories. */
  async make(host: string): Promise<readonly string[]> {
    const directories = this.#hierarchies.map((root) => join(root, this.#lab, host));
    await Promise.all(directories.map((directory) => mkdir(directory, { recursive: true })));
    return directories;
  }

  /** Every process of a host, as this process sees them. */
  async pidsOf(host: string): Promise<readonly number[]> {
    return await pidsUnder(join(this.#unified, this.#lab, host));
  }

  /** Answers when every process of the host stands still. */
  async freeze(host: string): Promise<void> {
    await this.#setFrozen(host, '1');
  }

  async thaw(host: string): Promise<void> {
    await this.#setFrozen(host, '0');
  }

  async #setFrozen(host: string, value: '0' | '1'): Promise<void> {
    const group = join(this.#unified, this.#lab, host);
    await writeFile(join(group, 'cgroup.freeze'), value);
    await until(
      `${host} is ${value === '1' ? 'frozen' : 'thawed'}`,
      async () => {
        const events = await readFile(join(group, 'cgroup.events'), 'utf8');
        return events.includes(`frozen ${value}`) ? { done: true } : { seen: events };
      },
      { everyMs: 2 },
    );
  }

  /** How many writes a second all processes of the host may do on a device (`7:3`); 0 for no limit. */
  async limitWrites(host: string, device: string, perSecond: number): Promise<void> {
    const blkio = this.#hierarchies.find((root) => root.endsWith('/blkio'));
    if (blkio === undefined) throw new Error('Slowing a disk needs blkio of cgroup version 1.');
    const file = join(blkio, this.#lab, host, 'blkio.throttle.write_iops_device');
    await writeFile(file, `${device} ${perSecond}`);
  }

  /** Every process in any group of the lab. */
  async pids(): Promise<readonly number[]> {
    return await pidsUnder(join(this.#unified, this.#lab));
  }

  /** Removes the groups, which must be empty. */
  async remove(): Promise<void> {
    for (const root of this.#hierarchies) await removeUnder(join(root, this.#lab));
  }

  /** The groups of all labs whose name begins so, for cleaning up after those that were killed. */
  static async names(prefix: string): Promise<readonly string[]> {
    const unified = await unifiedHierarchy();
    const names = unified === undefined ? [] : await readdir(unified);
    return names.filter((name) => name.startsWith(prefix));
  }
}

/** Undefined on a machine that has version 1 alone. */
export async function unifiedHierarchy(): Promise<string | undefined> {
  for (const root of [ROOT, join(ROOT, 'unified')]) {
    if (await exists(join(root, 'cgroup.controllers'))) return root;
  }
  return undefined;
}

async function hierarchies(): Promise<readonly string[]> {
  if ((await unifiedHierarchy()) === ROOT) return [ROOT];
  const found = new Set<string>();
  for (const name of await readdir(ROOT)) {
    const root = await realpath(join(ROOT, name));
    if (name !== LEFT_OUT && (await exists(join(root, 'cgroup.procs')))) found.add(root);
  }
  return [...found];
}

/** A group may go while we look. */
async function pidsUnder(directory: string): Promise<readonly number[]> {
  const procs = await readFile(join(directory, 'cgroup.procs'), 'utf8').catch(() => '');
  const own = procs.split('\n').filter(Boolean).map(Number);
  const below = await Promise.all((await groupsIn(directory)).map(pidsUnder));
  return [...own, ...below.flat()];
}

async function removeUnder(directory: string): Promise<void> {
  for (const group of await groupsIn(directory)) await removeUnder(group);
  await rmdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

async function groupsIn(directory: string): Promise<readonly string[]> {
  const entries = await readdir(directory, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map((entry) => join(directory, entry.name));
}
