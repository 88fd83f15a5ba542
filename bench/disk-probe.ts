import { type FileHandle, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** As often as the writer writes, so that no stall that meets a write is missed. */
const PAUSE_MS = 10;
/** What etcd appends for one small write. */
const RECORD_BYTES = 512;

/**
 * Writes and syncs a little file of its own, as etcd does its log, on the disk that the members are on: what the disk
 * itself does meanwhile, whoever keeps it busy.
 */
export class DiskProbe {
  readonly #path: string;
  readonly #stopping = new AbortController();
  #longestMs = 0;
  #running: Promise<void> | undefined;

  constructor(directory: string) {
    this.#path = join(directory, 'disk-probe');
  }

  async begin(): Promise<void> {
    const file = await open(this.#path, 'w');
    this.#running = this.#write(file);
    this.#running.catch(() => undefined);
  }

  /** The longest time that one synced write took, in milliseconds. */
  async end(): Promise<number> {
    this.#stopping.abort();
    await this.#running;
    await rm(this.#path, { force: true });
    return Math.round(this.#longestMs);
  }

  async #write(file: FileHandle): Promise<void> {
    const { signal } = this.#stopping;
    const record = Buffer.alloc(RECORD_BYTES, 1);
    try {
      while (!signal.aborted) {
        const beganMs = performance.now();
        await file.write(record);
        await file.datasync();
        this.#longestMs = Math.max(this.#longestMs, performance.now() - beganMs);
        await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
      }
    } finally {
      await file.close();
    }
  }
}
