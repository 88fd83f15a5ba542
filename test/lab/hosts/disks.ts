import { readFile, readdir, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../wait.js';
import { must } from './commands.js';

/**
 * `loop`: every host has two disks of its own, for its system and for /var/lib/etcd, which can forget what was not
 * synced, be wiped and fill up. `directory`: both are directories of this machine, which can only be emptied.
 */
export type DiskKind = 'loop' | 'directory';

const SYSTEM_MIB = 2_048;

/** The disks of one host, as files in its directory. */
export class Disks {
  readonly #directory: string;
  readonly #kind: DiskKind;
  readonly #dataMiB: number;

  constructor(directory: string, kind: DiskKind, dataMiB: number) {
    this.#directory = directory;
    this.#kind = kind;
    this.#dataMiB = dataMiB;
  }

  async make(): Promise<void> {
    await this.#format('system', SYSTEM_MIB);
    await this.#format('data', this.#dataMiB);
  }

  /** Only while the host is off. */
  async wipeData(): Promise<void> {
    await this.#format('data', this.#dataMiB);
  }

  async #format(name: 'system' | 'data', mib: number): Promise<void> {
    const mountPoint = join(this.#directory, name);
    if (this.#kind === 'directory') {
      await must(['rm', '-rf', '--one-file-system', mountPoint]);
      await must(['mkdir', mountPoint]);
      return;
    }
    await must(['mkdir', '-p', mountPoint]);
    const image = join(this.#directory, `${name}.img`);
    await writeFile(image, '');
    await truncate(image, mib * 1024 * 1024);
    await must(['mkfs.ext4', '-q', '-F', '-m', '0', '-E', FAST, image]);
  }

  /**
   * From this moment nothing reaches the disks any more, as when their power fails: what was not synced is lost, and
   * whoever uses them is told of an input/output error. `supply` is a process that sees them mounted.
   */
  async fail(supply: number, names: readonly ('system' | 'data')[]): Promise<void> {
    if (this.#kind === 'directory') return;
    const mountPoints = names.map((name) => `/proc/${supply}/root${join(this.#directory, name)}`);
    await must(['perl', '-e', SHUT_DOWN, ...mountPoints]);
  }

  /** Answers when no device holds an image any more; until then the next mount might give the old file system. */
  async released(): Promise<void> {
    await until(
      `the disks in ${this.#directory} are released`,
      async () => {
        const held = await loopDevicesUnder(this.#directory);
        return held.length === 0 ? { done: true } : { seen: held };
      },
      { everyMs: 5 },
    );
  }
}

/** Sparse, and initialised when it is used. */
const FAST = 'lazy_itable_init=1,lazy_journal_init=1';

/** EXT4_IOC_SHUTDOWN, without flushing the journal. */
const SHUT_DOWN =
  'my $how = pack("I", 2); for my $at (@ARGV) { open(my $f, "<", $at) or die "$at: $!"; ioctl($f, 0x8004587D, $how) or die "$at: $!" }';

/** Devices whose file is in this directory, with the file. */
export async function loopDevicesUnder(directory: string): Promise<readonly string[]> {
  const names = await readdir('/sys/block');
  const found = await Promise.all(
    names
      .filter((name) => name.startsWith('loop'))
      .map(async (name) => {
        const file = await readFile(`/sys/block/${name}/loop/backing_file`, 'utf8').catch(() => '');
        return file.startsWith(`${directory}/`) ? [`${name} ${file.trim()}`] : [];
      }),
  );
  return found.flat();
}
