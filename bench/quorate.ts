import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const PROGRAM = join(ROOT, 'dist/main/quorate.js');
const run = promisify(execFile);

/** One state directory, and the real command run on it. */
export interface Home {
  readonly dir: string;
  quorate(...args: readonly string[]): Promise<string>;
  /** `quorate up`, with the moments this process saw: on the monotonic clock, in milliseconds. */
  up(
    ...args: readonly string[]
  ): Promise<{ readonly spawnedAt: number; readonly exit: Promise<number> }>;
  clientURLs(): Promise<readonly string[]>;
  dispose(): Promise<void>;
}

export async function newHome(): Promise<Home> {
  const dir = await mkdtemp(join(tmpdir(), 'quorate-bench-'));
  const env = { ...process.env, QUORATE_HOME: dir, NO_COLOR: '1' };
  const file = (name: string) => join(dir, 'clusters', 'default', name);
  const quorate = async (...args: readonly string[]): Promise<string> =>
    (await run(process.execPath, [PROGRAM, ...args], { env, maxBuffer: 64 * 1024 * 1024 })).stdout;
  return {
    dir,
    quorate,
    clientURLs: async () => {
      const text = await readFile(file('record.json'), 'utf8').catch(() => '{}');
      const record = JSON.parse(text) as {
        addresses?: Record<string, { clientURLs: readonly string[] }>;
      };
      return Object.values(record.addresses ?? {}).flatMap(({ clientURLs }) => clientURLs);
    },
    up: async (...args) => {
      const child = spawn(process.execPath, [PROGRAM, 'up', ...args], { env, stdio: 'ignore' });
      const exit = new Promise<number>((resolve, reject) => {
        child.once('exit', (code) =>
          code === 0 ? resolve(performance.now()) : reject(new Error(`up ended with ${code}`)),
        );
      });
      exit.catch(() => undefined);
      return { spawnedAt: await firstSpawn(file('journal.jsonl'), child.pid ?? 0), exit };
    },
    dispose: async () => {
      await quorate('destroy', '--yes=default', '--delete-data');
      await rm(dir, { recursive: true, force: true });
    },
  };
}

const LOOKS_MAX = 10_000;

/** When the first member's start was decided: written before the process is spawned, so never in our favour. */
async function firstSpawn(journal: string, pid: number): Promise<number> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const text = await readFile(journal, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      if (!line.includes('"start-member"') || !line.includes('"decided"')) continue;
      const { at } = JSON.parse(line) as { at: number };
      return at - performance.timeOrigin;
    }
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  throw new Error(`No member was started by process ${pid}`);
}
