import { lstat, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Result, err, ok } from '../../base/index.js';
import { CONTROL_PATH_BYTES_MAX, LEFT_DIRECTORIES_MAX } from './limits.js';
import { sshNoControlPath } from './problems.js';

/** A process by which connections are kept, named so that no other is ever taken for it. */
export interface Keeper {
  readonly pid: number;
  readonly life: string;
}

export interface OwnKeeper extends Keeper {
  /** True only when it is certain. */
  hasEnded(other: Keeper): Promise<boolean>;
}

const PREFIX = 'quorate-ssh-';
const KEEPER_FILE = 'keeper.json';

/** A private directory for the sockets of connections, with a path short enough for them. */
export class ControlDirectory {
  readonly #parent: string;
  readonly #keeper: OwnKeeper | undefined;
  #made: Promise<string> | undefined;
  #swept: Promise<void> | undefined;
  #count = 0;

  /** `keeper`: whose directory this is; those that killed ones left behind are then removed. Absent: they stay. */
  constructor(runtimeDir: string | undefined, keeper?: OwnKeeper) {
    const longest = `/${PREFIX}123456/99999`;
    const isShort = (parent: string) =>
      Buffer.byteLength(parent + longest) <= CONTROL_PATH_BYTES_MAX;
    this.#parent = [runtimeDir ?? tmpdir(), tmpdir()].find(isShort) ?? '/tmp';
    this.#keeper = keeper;
  }

  /** A path that no connection had before. */
  async next(): Promise<Result<string>> {
    this.#made ??= this.#make();
    try {
      return ok(join(await this.#made, `${++this.#count}`));
    } catch (error) {
      this.#made = undefined;
      const because = error instanceof Error ? error.message : String(error);
      return err(sshNoControlPath({ path: this.#parent, because }));
    }
  }

  async remove(): Promise<void> {
    const made = await this.#made?.catch(() => undefined);
    this.#made = undefined;
    await this.#swept;
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  }

  async #make(): Promise<string> {
    // Nobody else may enter it: mkdtemp makes it 0700.
    const path = await mkdtemp(join(this.#parent, PREFIX));
    const keeper = this.#keeper;
    if (keeper !== undefined) {
      const { pid, life } = keeper;
      await writeFile(join(path, KEEPER_FILE), JSON.stringify({ pid, life }), { mode: 0o600 });
      // Nobody waits for it but the end.
      this.#swept = sweep(this.#parent, keeper).catch(() => undefined);
    }
    return path;
  }
}

/** Whoever is killed cannot remove his own; what is not certainly left behind stays. */
async function sweep(parent: string, keeper: OwnKeeper): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX));
  for (const name of names.slice(0, LEFT_DIRECTORIES_MAX)) {
    const path = join(parent, name);
    const isLeft = await isLeftBehind(path, keeper).catch(() => false);
    if (isLeft) await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function isLeftBehind(path: string, keeper: OwnKeeper): Promise<boolean> {
  const stat = await lstat(path);
  // Others may make such names where everybody may write.
  if (!stat.isDirectory() || stat.uid !== process.getuid?.()) return false;
  const said: unknown = JSON.parse(await readFile(join(path, KEEPER_FILE), 'utf8'));
  return isKeeper(said) && (await keeper.hasEnded(said));
}

const isKeeper = (value: unknown): value is Keeper =>
  typeof value === 'object' &&
  value !== null &&
  'pid' in value &&
  Number.isSafeInteger(value.pid) &&
  'life' in value &&
  typeof value.life === 'string';
