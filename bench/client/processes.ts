import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createClient } from '../../src/etcd/index.js';
import { freeURL } from '../../test/lab/ports.js';
import type { Measurement, Order } from './protocol.js';

const READY_MS = 30_000;

/** A process under measurement that stays up for the whole run and works only when it is told to. */
export class Worker {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(name: string, command: string, args: readonly string[]) {
    this.name = name;
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    if (this.#child.stdout === null) throw new Error('no output');
    this.#lines = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  async measure(order: Order): Promise<Measurement> {
    this.#child.stdin?.write(`${JSON.stringify(order)}\n`);
    const line = await this.#lines.next();
    if (line.done === true) throw new Error(`the process of ${this.name} ended`);
    return JSON.parse(line.value) as Measurement;
  }

  async end(): Promise<void> {
    await ended(this.#child);
  }
}

export interface Etcd {
  readonly endpoint: string;
  end(): Promise<void>;
}

/** One member on default settings, its data in memory where the machine has such a file system. */
export async function startEtcd(path: string): Promise<Etcd> {
  const base = existsSync('/dev/shm') ? '/dev/shm' : tmpdir();
  const directory = await mkdtemp(join(base, 'quorate-bench-'));
  const [endpoint, peer] = [await freeURL(), await freeURL()];
  const flags = [
    '--name=bench',
    `--data-dir=${join(directory, 'data')}`,
    `--listen-client-urls=${endpoint}`,
    `--advertise-client-urls=${endpoint}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=bench=${peer}`,
    '--quota-backend-bytes=8589934592',
    '--auto-compaction-mode=revision',
    '--auto-compaction-retention=100000',
  ];
  const child = spawn(path, flags, { stdio: 'ignore', env: {} });
  const end = async () => {
    await ended(child);
    await rm(directory, { recursive: true, force: true });
  };
  const client = createClient({ endpoints: [endpoint] });
  try {
    const giveUpMs = performance.now() + READY_MS;
    for (;;) {
      const put = await client.kv.put('started', 'yes', { deadlineMs: 1_000 });
      if (put.ok) return { endpoint, end };
      if (performance.now() > giveUpMs) throw new Error(`etcd did not start: ${put.error.message}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  } catch (error) {
    await end();
    throw error;
  } finally {
    await client.close();
  }
}

const ended = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve();
    else {
      child.once('exit', () => resolve());
      child.kill('SIGKILL');
    }
  });
