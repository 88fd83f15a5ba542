import { existsSync, readFileSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';

import { describe, expect, it } from 'vitest';

import { systemClock, systemRandom } from '../../base/index.js';
import { startOf, takeLock } from './lock.js';
import { tempDir } from './scenarios/fakes.js';

const never = new AbortController().signal;
const take = (
  path: string,
  more: { waitMs?: number; signal?: AbortSignal; onWait?: () => void } = {},
) =>
  takeLock(path, {
    waitMs: more.waitMs ?? 20_000,
    clock: systemClock,
    unique: systemRandom.hex(4),
    signal: more.signal ?? never,
    ...(more.onWait === undefined ? {} : { onWait: more.onWait }),
  });
const must = async (path: string) => {
  const lock = await take(path);
  if (!lock.ok) throw new Error(`held by ${lock.error.pid}`);
  return lock.value;
};

describe('the lock of one version', () => {
  it('says who holds it, by pid and start, and leaves nothing behind', async () => {
    const dir = tempDir();
    const path = join(dir, 'lock');
    const lock = await must(path);
    expect(JSON.parse(readFileSync(path, 'utf8'))).toEqual({
      pid: process.pid,
      start: await startOf(process.pid),
      host: hostname(),
    });
    await lock.release();
    expect(readdirSync(dir)).toEqual([]);
  });

  it('lets one in after the other', async () => {
    const path = join(tempDir(), 'lock');
    const order: string[] = [];
    let inside = 0;
    const work = async (name: string) => {
      const lock = await must(path);
      inside++;
      expect(inside).toBe(1);
      order.push(name);
      await systemClock.sleep(20, never);
      inside--;
      await lock.release();
    };
    await Promise.all(['a', 'b', 'c'].map(work));
    expect(order.toSorted()).toEqual(['a', 'b', 'c']);
  });

  it('waits no longer than it may, and then names the holder', async () => {
    const path = join(tempDir(), 'lock');
    const lock = await must(path);
    let waited = 0;
    const second = await take(path, { waitMs: 150, onWait: () => waited++ });
    expect(second).toMatchObject({ ok: false, error: { pid: process.pid } });
    expect(waited).toBe(1);
    await lock.release();
  });

  it.each([
    ['a process that is gone', { pid: 4_194_303, start: 'boot/1', host: hostname() }],
    ['a pid that another process has now', { pid: process.pid, start: 'boot/1', host: hostname() }],
    ['nobody: the file is damaged', undefined],
  ])('takes over the lock of %s', async (_who, owner) => {
    const path = join(tempDir(), 'lock');
    writeFileSync(path, owner === undefined ? '{"pid":' : JSON.stringify(owner));
    const lock = await take(path, { waitMs: 5_000 });
    expect(lock.ok).toBe(true);
    expect(readFileSync(path, 'utf8')).toContain(await startOf(process.pid));
  });

  it('believes a holder on another host while it shows signs of life, and not after', async () => {
    const path = join(tempDir(), 'lock');
    writeFileSync(path, JSON.stringify({ pid: 1, start: 'x', host: 'elsewhere.invalid' }));
    expect(await take(path, { waitMs: 120 })).toMatchObject({ ok: false, error: { pid: 1 } });
    const longAgo = new Date(systemClock.now() - 3_600_000);
    utimesSync(path, longAgo, longAgo);
    expect((await take(path, { waitMs: 5_000 })).ok).toBe(true);
  });

  it('does not remove a lock that somebody else took over', async () => {
    const path = join(tempDir(), 'lock');
    const lock = await must(path);
    writeFileSync(path, JSON.stringify({ pid: 1, start: 'x', host: 'elsewhere.invalid' }));
    await lock.release();
    expect(existsSync(path)).toBe(true);
  });

  it('ends the wait when the caller gives up', async () => {
    const path = join(tempDir(), 'lock');
    const lock = await must(path);
    const giveUp = new AbortController();
    const waiting = take(path, { signal: giveUp.signal, onWait: () => giveUp.abort() });
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    await lock.release();
  });
});
