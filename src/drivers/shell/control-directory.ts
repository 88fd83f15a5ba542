import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Result, err, ok } from '../../base/index.js';
import { CONTROL_PATH_BYTES_MAX } from './limits.js';
import { sshNoControlPath } from './problems.js';

/** A private directory for the sockets of connections, with a path short enough for them. */
export class ControlDirectory {
  readonly #parent: string;
  #made: Promise<string> | undefined;
  #count = 0;

  constructor(runtimeDir: string | undefined) {
    const longest = '/quorate-ssh-123456/99999';
    const isShort = (parent: string) =>
      Buffer.byteLength(parent + longest) <= CONTROL_PATH_BYTES_MAX;
    this.#parent = [runtimeDir ?? tmpdir(), tmpdir()].find(isShort) ?? '/tmp';
  }

  /** A path that no connection had before. */
  async next(): Promise<Result<string>> {
    // Nobody else may enter it: mkdtemp makes it 0700.
    this.#made ??= mkdtemp(join(this.#parent, 'quorate-ssh-'));
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
    if (made !== undefined) await rm(made, { recursive: true, force: true });
  }
}
