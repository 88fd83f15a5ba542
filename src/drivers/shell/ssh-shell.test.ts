import { readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Clock,
  silentLogger,
  systemClock,
  systemRandom,
  unsafeBrand,
} from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { SSHOptions } from '../../core/spec/index.js';
import type { ShellEnd } from '../../engine/ports/index.js';
import { SESSIONS_PER_HOST_MAX } from './limits.js';
import { type SSHShell, createSSHShell } from './ssh-shell.js';
import { type FakeSSH, makeFakeSSH } from './testing/fake-ssh.js';

/** In milliseconds: a deadline that passes at once. */
const SHORTEST = 10;
const never = (): AbortSignal => new AbortController().signal;
const host = unsafeBrand<HostName>('10.0.1.10');

let fake: FakeSSH;
let shell: SSHShell;
const open = (ssh: SSHOptions = {}): SSHShell =>
  createSSHShell({
    ssh,
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    program: fake.program,
    env: fake.env,
  });
beforeEach(async () => {
  fake = await makeFakeSSH();
  shell = open();
});
afterEach(async () => {
  await shell.close();
  await fake.dispose();
});

const run = (
  script: string,
  { stdin, deadlineMs = 20_000, signal = never() }: Partial<RunOptions> = {},
): Promise<ShellEnd> =>
  shell.run(
    host,
    { doing: 'look', script, deadlineMs, ...(stdin === undefined ? {} : { stdin }) },
    signal,
  );
interface RunOptions {
  readonly stdin: Uint8Array;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

const codeOf = (end: ShellEnd): string =>
  end.kind === 'ended' ? `ended: ${end.code}` : `${end.kind}: ${end.problem.code}`;
const ended = (end: ShellEnd) => {
  if (end.kind !== 'ended') throw new Error(`${end.kind}: ${end.problem.detail}`);
  return { code: end.code, stdout: Buffer.from(end.stdout).toString(), stderr: end.stderr };
};
const connectionsLeft = () => readdir(join(fake.directory, 'run'));

describe('a script that ends', () => {
  test('answers its code, output and words, also when its code is the one of ssh', async () => {
    const end = ended(await run(`echo out; echo "it's" >&2; exit 255`));
    expect(end).toEqual({ code: 255, stdout: 'out\n', stderr: "it's\n" });
  });

  test('reads its input byte for byte, and nothing of its script', async () => {
    const stdin = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 256);
    const end = await run('cat', { stdin });
    expect(end.kind === 'ended' && Buffer.compare(Buffer.from(end.stdout), stdin)).toBe(0);
    expect(ended(await run('cat')).stdout).toBe('');
  });

  test('may leave something running that holds its outputs', async () => {
    const { stdout } = ended(await run('sleep 60 & echo $!'));
    process.kill(Number(stdout));
  });

  test('is not seen in a command line, nor is its input', async () => {
    await run('cat > /dev/null # private', { stdin: Buffer.from('secret') });
    expect((await fake.calls()).all).not.toMatch(/private|secret/);
  });

  test('may be long, and may print what looks like a mark', async () => {
    const script = `: '${'x'.repeat(200_000)}'\nprintf 'quorate-end-0000 0\\n'; printf end`;
    expect(ended(await run(script)).stdout).toBe('quorate-end-0000 0\nend');
  });

  test('starts clean: in /, with system programs at hand, whatever a login prints before', async () => {
    await fake.tell('session-ends', 'echo "Welcome!"; echo "banner" >&2');
    const end = ended(await run('pwd; umask; echo "$PATH $LC_ALL"'));
    expect(end.stdout).toBe(
      '/\n0077\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin C\n',
    );
  });
});

describe('a host that was not reached', () => {
  test.each([
    ['ssh: connect to host h port 22: Connection refused', 'ssh-refused'],
    ['ssh: connect to host h port 22: Connection timed out', 'ssh-no-answer'],
    ['ssh: connect to host h port 22: No route to host', 'ssh-no-answer'],
    ['ssh: Could not resolve hostname h: Name or service not known', 'ssh-name-unknown'],
    [
      'No ED25519 host key is known for h and you have requested strict checking.\nHost key verification failed.',
      'ssh-host-key-unknown',
    ],
    [
      '@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\nHost key verification failed.',
      'ssh-host-key-changed',
    ],
    ['root@h: Permission denied (publickey).', 'ssh-permission-denied'],
    ['kex_exchange_identification: Connection closed by remote host', 'ssh-failed'],
  ])('%s', async (words, code) => {
    await fake.refuse(words);
    const end = await run('echo never');
    expect(codeOf(end)).toBe(`unreached: ${code}`);
    expect(end).toMatchObject({ problem: { detail: words } });
  });

  test('is tried anew the next time', async () => {
    await fake.refuse('Connection refused');
    expect(codeOf(await run('true'))).toBe('unreached: ssh-refused');
    await fake.refuse(undefined);
    expect(codeOf(await run('true'))).toBe('ended: 0');
  });

  test('is tried as often as one likes, without a word of Node’s about it', async () => {
    const warnings: string[] = [];
    const hear = ({ name }: Error) => void warnings.push(name);
    process.on('warning', hear);
    await fake.refuse('Connection refused');
    for (let tries = 0; tries < 12; tries++) await run('true');
    process.off('warning', hear);
    expect(warnings).toEqual([]);
  });

  test('a person is told the command by which we log in', async () => {
    shell = open({ user: 'deploy', port: 2222, identityFile: '~/key', configFile: '/x y/config' });
    await fake.refuse('Permission denied (publickey).');
    const end = await run('true');
    const login = `ssh -v -F '/x y/config' -l deploy -p 2222 -i ${fake.directory}/key 10.0.1.10 true`;
    expect(end.kind === 'unreached' && end.problem.hint.split('\n').at(-1)).toBe(`  ${login}`);
    const { all } = await fake.calls();
    expect(all).toContain(`-F /x y/config -l deploy -p 2222 -i ${fake.directory}/key`);
    expect(all).not.toContain('StrictHostKeyChecking');
  });

  test('ssh that is not installed is told', async () => {
    await rm(fake.program);
    expect(codeOf(await run('true'))).toBe('unreached: ssh-missing');
  });
});

describe('becoming root', () => {
  beforeEach(() => fake.addProgram('id', '#!/bin/sh\necho 1000\n'));
  const sudo = (script: string) => fake.addProgram('sudo', `#!/bin/sh\n${script}\n`);

  test('another user runs the script by sudo, which asks for nothing', async () => {
    await sudo('echo "$1 $2" > "$(dirname "$0")/asked"; shift 2; exec "$@"');
    expect(codeOf(await run('exit 3'))).toBe('ended: 3');
    expect(await readFile(join(fake.directory, 'bin/asked'), 'utf8')).toBe('-n --\n');
  });
  test('a password that sudo wants is nobody’s to give', async () => {
    await sudo('echo "sudo: a password is required" >&2; exit 1');
    expect(codeOf(await run('true'))).toBe('unreached: ssh-needs-password');
  });
  test('a user who may not', async () => {
    await sudo('echo "Sorry, user deploy may not run sudo on h." >&2; exit 1');
    expect(codeOf(await run('true'))).toBe('unreached: ssh-no-root');
  });
  test('a login that is no shell', async () => {
    await fake.tell('session-ends', 'echo "This account is currently not available."; exit 1');
    const end = await run('true');
    expect(codeOf(end)).toBe('unreached: ssh-no-shell');
    expect((await fake.calls()).masters).toBe(1);
  });
});

describe('the connection', () => {
  test('is made once for many scripts, in a directory of our own that goes with it', async () => {
    const ends = await Promise.all(Array.from({ length: 5 }, (_, i) => run(`exit ${i}`)));
    expect(ends.map(codeOf)).toEqual([0, 1, 2, 3, 4].map((i) => `ended: ${i}`));
    expect((await fake.calls()).masters).toBe(1);
    const [made = ''] = await connectionsLeft();
    expect((await stat(join(fake.directory, 'run', made))).mode & 0o777).toBe(0o700);
    await shell.close();
    expect(await connectionsLeft()).toEqual([]);
  });

  test('that died is replaced without a word', async () => {
    await run('true');
    const [made = ''] = await connectionsLeft();
    await rm(join(fake.directory, 'run', made, '1'));
    expect(codeOf(await run('exit 4'))).toBe('ended: 4');
    expect((await fake.calls()).masters).toBe(2);
  });

  test('carries a bounded number of scripts at once', async () => {
    const gate = join(fake.directory, 'gate');
    const script = `echo x >> ${gate}.in; while [ ! -e ${gate} ]; do sleep 0.02; done`;
    const all = Array.from({ length: SESSIONS_PER_HOST_MAX + 3 }, () => run(script));
    const inside = async () =>
      (await readFile(`${gate}.in`, 'utf8').catch(() => '')).split('\n').length - 1;
    while ((await inside()) < SESSIONS_PER_HOST_MAX) await new Promise(setImmediate);
    expect((await fake.calls()).sessions).toBe(SESSIONS_PER_HOST_MAX);
    await writeFile(gate, '');
    expect(new Set((await Promise.all(all)).map(codeOf))).toEqual(new Set(['ended: 0']));
  });

  test('whose path would be too long for a socket is made elsewhere', async () => {
    const long = join(fake.directory, 'x'.repeat(90));
    shell = createSSHShell({
      ssh: {},
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      program: fake.program,
      env: { ...fake.env, XDG_RUNTIME_DIR: long },
    });
    expect(codeOf(await run('true'))).toBe('ended: 0');
    expect((await fake.calls()).all).not.toContain(long);
  });
});

describe('what takes too long, or breaks', () => {
  test('a host that does not take the connection is unreached at the deadline', async () => {
    await fake.tell('hang-connect');
    expect(codeOf(await run('true', { deadlineMs: 200 }))).toBe('unreached: ssh-no-answer');
  });

  test('a host that is silent costs its deadline once: who asks later waits for what is left of his', async () => {
    await fake.tell('hang-connect');
    const waits: number[] = [];
    let passedMs = 0;
    const clock: Clock = {
      ...systemClock,
      monotonicMs: () => passedMs,
      after: (ms, then) => {
        waits.push(ms);
        return systemClock.after(ms === SHORTEST ? 0 : 60_000, () => {
          passedMs += ms;
          then();
        });
      },
    };
    const { program, env } = fake;
    shell = createSSHShell({
      ssh: {},
      clock,
      random: systemRandom,
      logger: silentLogger,
      program,
      env,
    });
    expect(codeOf(await run('true', { deadlineMs: SHORTEST }))).toBe('unreached: ssh-no-answer');
    passedMs = 4_000;
    void run('true', { deadlineMs: 5_000 });
    void run('true', { deadlineMs: 3_000 });
    await new Promise(setImmediate);
    expect(waits).toEqual([SHORTEST, SHORTEST, 5_000, 3_000, 1_000, 250]);
  });

  test('a host that takes no script is unreached, and gets another connection next time', async () => {
    await run('true');
    await fake.tell('hang-session');
    expect(codeOf(await run('true', { deadlineMs: 200 }))).toBe('unreached: ssh-no-answer');
    await fake.untell('hang-session');
    expect(codeOf(await run('true'))).toBe('ended: 0');
    expect((await fake.calls()).masters).toBe(2);
  });

  test('a script that does not end is cut', async () => {
    const end = await run('echo begun >&2; exec sleep 5', { deadlineMs: 500 });
    expect(codeOf(end)).toBe('cut: ssh-deadline');
  });

  test('a connection that ends in the middle cuts it, with the last words', async () => {
    const end = await run('echo "half way" >&2; kill -9 $PPID; kill -9 $$');
    expect(codeOf(end)).toBe('cut: ssh-cut');
    expect(end).toMatchObject({ problem: { detail: 'half way' } });
  });

  test('what is cancelled before it is sent never began', async () => {
    expect(codeOf(await run('true', { signal: AbortSignal.abort() }))).toBe(
      'unreached: ssh-cancelled',
    );
    await fake.tell('hang-session');
    const cancel = new AbortController();
    const running = run(`touch ${fake.directory}/ran`, { signal: cancel.signal });
    while ((await fake.calls()).sessions === 0) await new Promise(setImmediate);
    cancel.abort();
    expect(codeOf(await running)).toBe('unreached: ssh-cancelled');
    expect(await readdir(fake.directory)).not.toContain('ran');
  });

  test('what is cancelled in the middle is cut', async () => {
    const cancel = new AbortController();
    const mark = join(fake.directory, 'running');
    const running = run(`touch ${mark}; exec sleep 5`, { signal: cancel.signal });
    while (!(await readdir(fake.directory)).includes('running')) await new Promise(setImmediate);
    cancel.abort();
    expect(codeOf(await running)).toBe('cut: ssh-interrupted');
  });

  test('a script that did not arrive whole is not run', async () => {
    await fake.addProgram('head', '#!/bin/sh\n/usr/bin/head "$@" | /usr/bin/head -c 5\n');
    await fake.tell('session-ends', 'last=$(echo "$last" | sed "s#export PATH=[^ ]*#export#")');
    expect(codeOf(await run('echo whole'))).toBe('cut: ssh-cut');
  });
});
