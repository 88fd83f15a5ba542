import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const LOOK_EVERY_MS = 100;
const BACK_OFF_MS = 1000;
/** As a pod's `terminationGracePeriodSeconds`. */
const GRACE_MS = 30_000;

interface Pod {
  readonly spec: { readonly containers: readonly { readonly command: readonly string[] }[] };
}

/**
 * What the kubelet does with a directory of manifests, for one pod whose container shares the host's network: it runs what
 * every file says whose name does not begin with a dot, and runs it anew when the file is another one.
 */
export class StaticPods {
  readonly #directory: string;
  readonly #log: (line: string) => void;
  #running: { readonly text: string; readonly child: ChildProcess } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isBusy = false;
  #endedAt = 0;
  /** Names of files that a kubelet would have run beside the pod. */
  readonly strays = new Set<string>();
  starts = 0;

  constructor(directory: string, log: (line: string) => void) {
    this.#directory = directory;
    this.#log = log;
  }

  begin(): void {
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#running?.child.kill('SIGKILL');
  }

  async #look(): Promise<void> {
    if (this.#isBusy) return;
    this.#isBusy = true;
    try {
      const [name, ...more] = readdirSync(this.#directory).filter((file) => !file.startsWith('.'));
      for (const stray of more) this.strays.add(stray);
      const text =
        name === undefined ? undefined : readFileSync(join(this.#directory, name), 'utf8');
      if (this.#running !== undefined && this.#running.text !== text) await this.#stop();
      if (this.#running === undefined && text !== undefined) this.#start(text);
    } finally {
      this.#isBusy = false;
    }
  }

  #start(text: string): void {
    if (performance.now() - this.#endedAt < BACK_OFF_MS) return;
    const [program = '', ...args] = (parse(text) as Pod).spec.containers[0]?.command ?? [];
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.starts++;
    child.stderr.on('data', (data: Buffer) => this.#log(data.toString()));
    this.#running = { text, child };
    child.once('exit', () => {
      this.#endedAt = performance.now();
      if (this.#running?.child === child) this.#running = undefined;
    });
  }

  async #stop(): Promise<void> {
    const child = this.#running?.child;
    this.#running = undefined;
    if (child === undefined || child.exitCode !== null) return;
    const gone = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const force = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await gone;
    clearTimeout(force);
    this.#endedAt = 0;
  }
}
