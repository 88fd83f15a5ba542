import { mkdir, mkdtemp, readdir, rm, symlink } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock, systemRandom, unsafeBrand } from '../../base/index.js';
import type { HostShell, ShellEnd } from '../../engine/ports/index.js';
import { readDials, readListens } from './connections.js';
import type { PreflightHost } from './hosts.js';
import { readFacts } from './read-facts.js';
import { readFields } from './scripts/common.js';
import { dialScript } from './scripts/dial-script.js';
import { factsScript } from './scripts/facts-script.js';
import { listenScript, stopScript, wordOf } from './scripts/listen-script.js';
import { shellOfThisMachine } from './this-machine.js';
import { checkHosts } from './check-hosts.js';
import { wishFor } from './testing/sights.js';

/** What a script may find on the path besides everything else: the programs in question are there only when named. */
const IN_QUESTION = /^(perl|python3|bash|systemd-socket-activate)(\b|$)/;

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'quorate-preflight-'));
});
afterEach(async () => {
  await rm(directory, { recursive: true, force: true });
});

const never = (): AbortSignal => new AbortController().signal;
const here = unsafeBrand<PreflightHost['host']>('here');
const hostOf = (port: number): PreflightHost => ({
  host: here,
  listens: [{ plane: 'peer', address: '127.0.0.1', port }],
  dialled: [],
  dataDirs: [join(directory, 'data')],
});

/** This machine with those of the programs in question that are named. */
async function shellWith(...programs: readonly string[]): Promise<HostShell> {
  const path = join(directory, 'bin');
  await mkdir(path);
  for (const name of await readdir('/usr/bin')) {
    if (!IN_QUESTION.test(name) || programs.includes(name)) {
      await symlink(join('/usr/bin', name), join(path, name));
    }
  }
  const shell = shellOfThisMachine();
  return {
    run: (host, command, signal) =>
      shell.run(host, { ...command, script: `PATH=${path}\n${command.script}` }, signal),
  };
}

async function outputOf(shell: HostShell, script: string): Promise<Uint8Array> {
  const end = await shell.run(here, { doing: 'test', script, deadlineMs: 60_000 }, never());
  if (end.kind !== 'ended') throw new Error(`It was ${end.kind}.`);
  return end.stdout;
}

async function fieldsOf(shell: HostShell, script: string) {
  const fields = readFields(await outputOf(shell, script));
  if (fields === undefined) throw new Error('It did not come to its end.');
  return fields;
}

/** A port that is free now. */
async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}

/** What this machine lacks cannot be tested on it. */
async function needs(program: string, skip: (why: string) => void): Promise<void> {
  if (!(await readdir('/usr/bin')).includes(program)) skip(`this machine has no ${program}`);
}

describe('the disk is timed', () => {
  test.for(['perl', 'python3'])('each write, by %s', async (program, { skip }) => {
    await needs(program, skip);
    const shell = await shellWith(program);
    const facts = readFacts(await outputOf(shell, factsScript({ user: 'etcd' }, hostOf(1), [])));
    const storage = facts?.storage;
    if (storage?.kind !== 'seen' || storage.timing.kind !== 'each') {
      throw new Error(`It was not timed: ${JSON.stringify(storage)}`);
    }
    expect(storage.timing.tookMs.length).toBeGreaterThan(0);
    expect(Math.min(...storage.timing.tookMs)).toBeGreaterThan(0);
    // Nothing was made where the data are to be, and nothing is left above it.
    expect(storage).toMatchObject({ base: directory, exists: false });
    expect(await readdir(directory)).toEqual(['bin']);
  });

  test('in the mean, where there is dd alone', async () => {
    const shell = await shellWith();
    const facts = readFacts(await outputOf(shell, factsScript({ user: 'etcd' }, hostOf(1), [])));
    expect(facts?.storage).toMatchObject({ timing: { kind: 'mean', writes: 100 } });
    expect(await readdir(directory)).toEqual(['bin']);
  });
});

describe('a port is listened at for a moment', () => {
  test.for(['systemd-socket-activate', 'perl', 'python3'])('by %s', async (program, { skip }) => {
    await needs(program, skip);
    const shell = await shellWith(program);
    const port = await freePort();
    const [end] = readListens(await fieldsOf(shell, listenScript(hostOf(port), 'abc')), 1);
    if (end?.kind !== 'up') throw new Error(`It does not listen: ${JSON.stringify(end)}`);
    const word = wordOf('abc', 'here', port);
    expect(await firstLineAt(port)).toBe(word);
    expect(await firstLineAt(port)).toBe(word);
    // Another check's listener is not ended.
    await fieldsOf(shell, stopScript([end.pid], 'other'));
    expect(await firstLineAt(port)).toBe(word);
    expect((await fieldsOf(shell, stopScript([end.pid], 'abc'))).one('left')).toBeUndefined();
    expect(await firstLineAt(port)).toBe('ECONNREFUSED');
  });

  test('unless somebody has it: that is told', async () => {
    const server = createServer();
    const port = await new Promise<number>((resolve) => {
      server.listen(0, '127.0.0.1', () => {
        const address = server.address();
        resolve(typeof address === 'object' ? (address?.port ?? 0) : 0);
      });
    });
    const fields = await fieldsOf(shellOfThisMachine(), listenScript(hostOf(port), 'abc'));
    expect(readListens(fields, 1)).toEqual([{ kind: 'taken' }]);
    server.close();
  });

  test('where a check that was cut off listens still: it makes way for the next', async () => {
    const shell = shellOfThisMachine();
    const port = await freePort();
    await fieldsOf(shell, listenScript(hostOf(port), 'abc'));
    const [end] = readListens(await fieldsOf(shell, listenScript(hostOf(port), 'def')), 1);
    expect(end).toMatchObject({ kind: 'up' });
    expect(await firstLineAt(port)).toBe(wordOf('def', 'here', port));
    await fieldsOf(shell, stopScript(end?.kind === 'up' ? [end.pid] : [], 'def'));
  });

  test('unless there is nothing that could', async () => {
    const shell = await shellWith();
    const fields = await fieldsOf(shell, listenScript(hostOf(await freePort()), 'abc'));
    expect(readListens(fields, 1)).toEqual([{ kind: 'no-listener' }]);
  });

  test('but never in the place of a member', async () => {
    await mkdir(join(directory, 'data/member'), { recursive: true });
    const fields = await fieldsOf(shellOfThisMachine(), listenScript(hostOf(1), 'abc'));
    expect(readListens(fields, 1)).toEqual([{ kind: 'left-alone' }]);
  });
});

const firstLineAt = (port: number): Promise<string> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    let text = '';
    socket.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.on('end', () => resolve(text.trim()));
  });

test.for(['bash', 'python3', 'perl'])('a port is dialled by %s', async (program, { skip }) => {
  await needs(program, skip);
  const listening = await freePort();
  const closed = await freePort();
  const at = hostOf(listening);
  const own = shellOfThisMachine();
  const [up] = readListens(await fieldsOf(own, listenScript(at, 'abc')), 1);
  try {
    const shell = await shellWith(program);
    const orders = [
      { name: '127.0.0.1', port: listening, expectsWord: true },
      { name: '127.0.0.1', port: listening, expectsWord: false },
      { name: '127.0.0.1', port: closed, expectsWord: true },
    ];
    const ends = readDials(await fieldsOf(shell, dialScript(orders)), orders.length);
    expect(ends).toMatchObject([
      { kind: 'connected', word: wordOf('abc', 'here', listening) },
      { kind: 'connected', word: '' },
      { kind: 'refused' },
    ]);
  } finally {
    const pids = up?.kind === 'up' ? [up.pid] : [];
    await fieldsOf(own, stopScript(pids, 'abc'));
  }
});

describe('a script on this machine', () => {
  const run = (script: string, deadlineMs: number, signal = never()): Promise<ShellEnd> =>
    shellOfThisMachine().run(here, { doing: 'test', script, deadlineMs }, signal);

  test('ends with its code, its output and its words', async () => {
    const end = await run('echo out; echo word >&2; exit 3', 20_000);
    expect(end).toMatchObject({ kind: 'ended', code: 3, stderr: 'word\n' });
  });
  test('that takes too long is cut, with whatever it started', async () => {
    const end = await run(`sleep 600 & echo $! > ${directory}/pid; wait`, 500);
    expect(end).toMatchObject({ kind: 'cut', problem: { code: 'shell-here' } });
    expect(
      await run(
        `for _ in $(seq 100); do kill -0 $(cat ${directory}/pid) || exit 0; sleep 0.05; done; exit 1`,
        20_000,
      ),
    ).toMatchObject({ code: 0 });
  });
  test('that is cancelled is cut', async () => {
    expect(await run('sleep 600', 60_000, AbortSignal.abort())).toMatchObject({ kind: 'cut' });
  });
});

test('a machine on which a cluster is kept as processes is looked at as one host', async () => {
  const wish = { ...wishFor([hostOf(await freePort())]), keptBy: 'process' as const };
  const ports = { shell: shellOfThisMachine(), clock: systemClock, random: systemRandom };
  const { verdicts } = await checkHosts(ports, wish, { signal: never() });
  const checks = new Set(verdicts.map(({ check }) => check));
  for (const each of ['login', 'memory', 'free-space', 'disk-latency', 'port', 'clock'] as const) {
    expect(checks).toContain(each);
  }
  for (const each of ['systemd', 'tools', 'reach'] as const) expect(checks).not.toContain(each);
  expect(await readdir(directory)).toEqual([]);
});
