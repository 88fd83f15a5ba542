import { link, mkdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { dirname } from 'node:path';

import { type Clock, type Result, err, ok } from '../../base/index.js';
import { run } from './run.js';

/** How often a waiter looks whether the lock is free. */
const POLL_MS = 100;
/** The pause after a stale lock was moved away: it may be refused for ever, and then must not spin. */
const RETRY_MS = 2;
/** A holder touches its lock this often … */
const TOUCH_MS = 5_000;
/** … so that one on another host, whose process cannot be looked at, is taken for dead after this silence. */
const SILENCE_MS = 60_000;
const PS_DEADLINE_MS = 5_000;

/** Who holds a lock. `start` tells a process from a later one that got the same pid. */
export interface LockOwner {
  readonly pid: number;
  readonly start: string;
  readonly host: string;
}

const NOBODY: LockOwner = { pid: 0, start: '', host: 'an unknown host' };

export interface HeldLock {
  release(): Promise<void>;
}

/**
 * Takes the lock file at `path`, waiting for its holder at most `waitMs`; answers the holder when that was too short.
 * The lock of a dead process is taken over. Rejects when the signal aborts or the directory cannot be written.
 *
 * The lock saves work, it does not guard data: two holders at once would fetch twice, and each puts its files in place
 * by an atomic rename. So the small gap in the take-over (see `removeStale`) costs nothing but time.
 */
export async function takeLock(
  path: string,
  options: {
    readonly waitMs: number;
    readonly clock: Clock;
    readonly unique: string;
    readonly signal: AbortSignal;
    readonly onWait?: (owner: LockOwner) => void;
  },
): Promise<Result<HeldLock, LockOwner>> {
  const { clock, signal } = options;
  const me: LockOwner = { pid: process.pid, start: await startOf(process.pid), host: hostname() };
  const mine = `${path}.${options.unique}`;
  await mkdir(dirname(path), { recursive: true });
  await writeFile(mine, JSON.stringify(me), { flag: 'wx' });
  try {
    const startedMs = clock.monotonicMs();
    for (let told = false; ;) {
      signal.throwIfAborted();
      // A hard link appears with its content, or not at all: nobody ever reads a half-written lock.
      if (await tryLink(mine, path)) return ok(hold(path, me, clock));
      const owner = await readOwner(path);
      if (clock.monotonicMs() - startedMs > options.waitMs) return err(owner ?? NOBODY);
      if (owner === undefined || (await isDead(owner, path, clock))) {
        await removeStale(path, owner, options.unique);
        await clock.sleep(RETRY_MS, signal);
        continue;
      }
      if (!told) options.onWait?.(owner);
      told = true;
      await clock.sleep(POLL_MS, signal);
    }
  } finally {
    await rm(mine, { force: true });
  }
}

function hold(path: string, me: LockOwner, clock: Clock): HeldLock {
  const touch = setInterval(() => {
    const now = new Date(clock.now());
    utimes(path, now, now).catch(() => undefined);
  }, TOUCH_MS);
  touch.unref();
  return {
    release: async () => {
      clearInterval(touch);
      // Somebody may have taken us for dead; their lock is not ours to remove.
      if (sameOwner(await readOwner(path), me)) await rm(path, { force: true });
    },
  };
}

async function tryLink(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function readOwner(path: string): Promise<LockOwner | undefined> {
  try {
    const value = JSON.parse(await readFile(path, 'utf8')) as Partial<LockOwner> | null;
    return typeof value?.pid === 'number' &&
      typeof value.start === 'string' &&
      typeof value.host === 'string'
      ? { pid: value.pid, start: value.start, host: value.host }
      : undefined;
  } catch {
    return undefined;
  }
}

async function isDead(owner: LockOwner, path: string, clock: Clock): Promise<boolean> {
  if (owner.host === hostname()) return (await startOf(owner.pid)) !== owner.start;
  try {
    return clock.now() - (await stat(path)).mtimeMs > SILENCE_MS;
  } catch {
    return true;
  }
}

/** Moves the stale lock away and looks at what it moved: if somebody was faster, the new lock is put back. */
async function removeStale(
  path: string,
  stale: LockOwner | undefined,
  unique: string,
): Promise<void> {
  const aside = `${path}.${unique}.stale`;
  try {
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readOwner(aside);
  if (moved !== undefined && !sameOwner(moved, stale))
    await tryLink(aside, path).catch(() => false);
  await rm(aside, { force: true });
}

const sameOwner = (a: LockOwner | undefined, b: LockOwner | undefined): boolean =>
  a !== undefined && b !== undefined && a.pid === b.pid && a.start === b.start && a.host === b.host;

/** When the process began, in the platform's own terms; empty when there is no such process. */
export async function startOf(pid: number): Promise<string> {
  if (process.platform === 'linux') {
    try {
      // Field 22 of stat is the start in ticks since boot; the name in parentheses may itself hold spaces.
      const text = await readFile(`/proc/${pid}/stat`, 'utf8');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
      // A zombie does nothing any more; it only waits to be noticed by its parent.
      if (fields[0] === 'Z') return '';
      const ticks = fields[19] ?? '';
      const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
      return `${boot}/${ticks}`;
    } catch {
      return '';
    }
  }
  const end = await run('/bin/ps', ['-o', 'lstart=', '-p', String(pid)], {
    env: { LC_ALL: 'C' },
    timeoutMs: PS_DEADLINE_MS,
    signal: new AbortController().signal,
  });
  return end.kind === 'exited' && end.code === 0 ? end.stdout.trim() : '';
}
