import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

import { describe, expect, it, vi } from 'vitest';

import { complaint, findTool, run, toolEnv } from './run.js';
import { fakeProgram, linesOf, tempDir } from './scenarios/fakes.js';

const never = new AbortController().signal;
const options = { env: { PATH: '/usr/bin:/bin' }, timeoutMs: 20_000, signal: never };

const collectGarbage = () => {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')();
};

const isAlive = (pid: number) => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

describe('running a program', () => {
  it('answers what it printed and how it ended, and a complaint on one line', async () => {
    const path = fakeProgram(
      join(tempDir(), 'tool'),
      'echo out; echo first >&2; echo second >&2; exit 3',
    );
    const end = await run(path, [], options);
    expect(end).toEqual({ kind: 'exited', code: 3, stdout: 'out\n', stderr: 'first\nsecond\n' });
    expect(complaint(end)).toBe('exit code 3: first; second');
  });

  it('takes arguments as they are, without a shell between', async () => {
    const path = fakeProgram(join(tempDir(), 'tool'), 'printf "%s|" "$@"');
    const end = await run(path, ['a b', '$(id)', ';'], options);
    expect(end.stdout).toBe('a b|$(id)|;|');
  });

  it('says that a program is missing instead of throwing', async () => {
    const end = await run(join(tempDir(), 'absent'), [], options);
    expect(end).toMatchObject({ kind: 'failed' });
    expect(complaint(end)).toContain('ENOENT');
  });

  it('ends a program at its deadline together with everything it started', async () => {
    const dir = tempDir();
    const pids = join(dir, 'pids');
    const path = fakeProgram(
      join(dir, 'tool'),
      `sleep 300 &\necho $! >> '${pids}'\necho $$ >> '${pids}'\nwait`,
    );
    const running = run(path, [], { ...options, timeoutMs: 700 });
    // A deadline must outlive a garbage collection: nobody else holds on to it.
    collectGarbage();
    const end = await running;
    expect(end).toMatchObject({ kind: 'failed', reason: 'it did not end within 700 ms' });
    const started = linesOf(pids).map(Number);
    expect(started).toHaveLength(2);
    await vi.waitFor(() => expect(started.filter(isAlive)).toEqual([]), { timeout: 10_000 });
  });

  it('ends one that ignores being asked, when the caller gives up', async () => {
    const dir = tempDir();
    const ready = join(dir, 'ready');
    const path = fakeProgram(
      join(dir, 'tool'),
      `trap '' TERM\ntouch '${ready}'\nwhile :; do sleep 0.1; done`,
    );
    const giveUp = new AbortController();
    const ended = run(path, [], { ...options, signal: giveUp.signal });
    while (!existsSync(ready)) await delay(10);
    giveUp.abort();
    expect(await ended).toMatchObject({ kind: 'failed', reason: 'it was cancelled' });
  });

  it('keeps the end of a flood of output', async () => {
    const path = fakeProgram(join(tempDir(), 'tool'), 'yes line | head -c 2000000; echo last');
    const end = await run(path, [], options);
    expect(end.stdout.length).toBeLessThan(300_000);
    expect(end.stdout.endsWith('last\n')).toBe(true);
  });
});

describe('the environment of a download tool', () => {
  it('has homes, proxies and settings, and none of etcd or of anybody’s secrets', () => {
    const env = toolEnv({
      HOME: '/h',
      PATH: '/p',
      https_proxy: 'p',
      CARGO_HOME: '/c',
      RUSTUP_HOME: '/r',
      GOPROXY: 'g',
      GOFLAGS: 'f',
      ETCD_NAME: 'm1',
      AWS_SECRET_ACCESS_KEY: 's',
      GOOGLE_APPLICATION_CREDENTIALS: 'x',
      GITHUB_TOKEN: 't',
    });
    expect(Object.keys(env).toSorted()).toEqual([
      'CARGO_HOME', 'GOFLAGS', 'GOPROXY', 'HOME', 'PATH', 'RUSTUP_HOME', 'https_proxy',
    ].toSorted()); // prettier-ignore
  });
});

describe('finding a tool', () => {
  it('takes the first executable on PATH and never looks in the working directory', async () => {
    const [a, b] = [tempDir(), tempDir()];
    const inB = fakeProgram(join(b, 'cargo'), 'true');
    expect(await findTool('cargo', { PATH: `:.:${a}:${b}` })).toBe(inB);
    const inA = fakeProgram(join(a, 'cargo'), 'true');
    expect(await findTool('cargo', { PATH: `${a}:${b}` })).toBe(inA);
    expect(await findTool('cargo', { PATH: '' })).toBeUndefined();
  });
});
