import { unmountUnder } from './mounts.js';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import { publishEtcds } from './etcd.js';
import { fetchEtcds } from './etcds-at-hand.js';
import { LONG } from './matrix.js';
import { isAlive, keepersFirst, killHard, processesOf } from './processes.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const say = (line: string): void => void process.stderr.write(`lab: ${line}\n`);

const PREFIX = 'quorate-e2e-';
const OWNER = 'owner.pid';

/** Before all: the command is built, etcd is at hand. After all: nothing is left. */
export async function setup(): Promise<() => Promise<void>> {
  await build();
  publishEtcds(await fetchEtcds(say));
  say(
    LONG
      ? 'QUORATE_LONG=1: the controller is killed at every moment on every minor.'
      : 'The controller is killed at every moment on one minor, at one moment on the others; QUORATE_LONG=1 for all.',
  );
  await sweep();
  const base = await realpath(await mkdtemp(join(tmpdir(), PREFIX)));
  await writeFile(join(base, OWNER), String(process.pid));
  // Inherited by the workers, which are started after this.
  process.env['QUORATE_LAB_BASE'] = base;
  return () => tearDown(base);
}

async function build(): Promise<void> {
  // Incremental: takes a moment when nothing has changed, and is never stale.
  const npm = promisify(execFile)('npm', ['run', '-s', 'build'], { cwd: ROOT });
  await npm.catch((error: Error & { stdout?: string }) => {
    throw new Error(
      `The lab needs the built command, and "npm run build" failed:\n${error.stdout ?? ''}\n${error.message}`,
    );
  });
}

/** What an earlier run left because it was killed itself: nobody else uses directories of this name. */
async function sweep(): Promise<void> {
  const temporary = await realpath(tmpdir());
  for (const name of await readdir(temporary)) {
    if (!name.startsWith(PREFIX)) continue;
    const base = join(temporary, name);
    const owner = Number(await readFile(join(base, OWNER), 'utf8').catch(() => '0'));
    if (owner === 0 || (await isAlive(owner))) continue;
    const left = await processesOf(base);
    say(`an earlier run was killed; ending ${left.length} processes it left, removing ${base}`);
    for (const { pid } of keepersFirst(left)) await killHard(pid);
    await unmountUnder(base);
    await rm(base, { recursive: true, force: true });
  }
}

async function tearDown(base: string): Promise<void> {
  const left = await processesOf(base);
  for (const { pid } of keepersFirst(left)) await killHard(pid);
  await unmountUnder(base);
  if (process.env['QUORATE_LAB_KEEP'] !== '1') await rm(base, { recursive: true, force: true });
  if (left.length > 0) {
    throw new Error(
      `Processes were left behind and have been ended:\n${left.map(({ pid, args }) => `${pid} ${args.join(' ')}`).join('\n')}`,
    );
  }
}
