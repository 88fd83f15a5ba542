/** Looks that go along with the first question of a turn, over a program that behaves like ssh. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, systemClock, systemRandom, unsafeBrand } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostShell, ShellEnd } from '../../engine/ports/index.js';
import { type JoinedLooks, createJoinedLooks } from './joined-looks.js';
import { type SSHShell, createSSHShell } from './ssh-shell.js';
import { type FakeSSH, makeFakeSSH } from './testing/fake-ssh.js';

const host = unsafeBrand<HostName>('10.0.1.10');
const NEVER = new AbortController().signal;

let fake: FakeSSH;
let shell: SSHShell;
let looks: JoinedLooks;
/** A file on the host that the looks of these tests read. */
let state: string;
let readState: string;
beforeEach(async () => {
  fake = await makeFakeSSH();
  shell = createSSHShell({
    ssh: {},
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
    program: fake.program,
    env: fake.env,
  });
  looks = createJoinedLooks({ shell, clock: systemClock, random: systemRandom });
  state = join(fake.directory, 'state');
  readState = `cat '${state}'; echo words >&2; exit 3`;
  await writeFile(state, 'one');
});
afterEach(async () => {
  await shell.close();
  await fake.dispose();
});

interface More {
  readonly stdin?: string;
  readonly deadlineMs?: number;
}
const run = (by: HostShell, script: string, more: More = {}): Promise<ShellEnd> => {
  const { stdin, deadlineMs = 20_000 } = more;
  const input = stdin === undefined ? {} : { stdin: Buffer.from(stdin) };
  return by.run(host, { doing: 'test', script, deadlineMs, ...input }, NEVER);
};
const told = (end: ShellEnd): string =>
  end.kind === 'ended'
    ? `${end.code} ${Buffer.from(end.stdout).toString()} ${end.stderr.trim()}`
    : `${end.kind}: ${end.problem.code}`;
const ask = async (stdin = 'in') => told(await run(looks.asking, 'cat; exit 7', { stdin }));
const look = async (script = readState) => told(await run(looks.looking, script));
const sessions = async () => (await fake.calls()).sessions;
/** Sessions that were begun by `work`. */
const cost = async (work: () => Promise<unknown>): Promise<number> => {
  const before = await sessions();
  await work();
  return (await sessions()) - before;
};
const turn = async (work: () => Promise<unknown>): Promise<void> => {
  looks.window.open();
  await work();
  looks.window.close();
};
const learned = () => turn(() => look());

describe('a look of the last turn', () => {
  beforeEach(learned);

  test('comes with the first question of the next, each with its own code, output and words', async () => {
    const paid = await cost(() =>
      turn(async () => {
        expect(await ask('the input')).toBe('7 the input ');
        expect(await look()).toBe('3 one words');
      }),
    );
    expect(paid).toBe(1);
  });

  test('comes with another look, and several come together', async () => {
    await turn(async () => {
      await look();
      await look('echo second');
    });
    const paid = await cost(() =>
      turn(async () => {
        expect(await look('echo second')).toBe('0 second\n ');
        expect(await look()).toBe('3 one words');
      }),
    );
    expect(paid).toBe(1);
  });

  test('goes on coming turn after turn, and stops when nobody asks for it', async () => {
    for (let i = 0; i < 3; i++) {
      expect(await cost(() => turn(async () => [await ask(), await look()]))).toBe(1);
    }
    await turn(() => ask());
    await turn(async () => {
      await ask();
      await writeFile(state, 'two');
      expect(await look()).toBe('3 two words');
    });
  });

  test('has no part of the input, and may print what looks like a mark', async () => {
    const script = 'echo "quorate-part-0000-1 0"; cat';
    await turn(() => look(script));
    await turn(async () => {
      expect(await ask('private')).toBe('7 private ');
      expect(await look(script)).toBe('0 quorate-part-0000-1 0\n ');
    });
  });
});

describe('what is told is never older than it may be', () => {
  beforeEach(learned);

  test('a look is told once', async () => {
    await turn(async () => {
      await ask();
      expect(await look()).toBe('3 one words');
      await writeFile(state, 'two');
      expect(await look()).toBe('3 two words');
    });
  });

  test('nothing of an earlier turn', async () => {
    looks.window.open();
    await look();
    looks.window.open();
    await ask();
    await writeFile(state, 'two');
    looks.window.open();
    expect(await look()).toBe('3 two words');
  });

  test('nothing from before something was changed on the host', async () => {
    await turn(async () => {
      await ask();
      expect(told(await run(looks.acting, `printf two > '${state}'`))).toBe('0  ');
      expect(await look()).toBe('3 two words');
    });
  });

  test('nothing from before the turn had seen the member list', async () => {
    looks.window.open();
    await ask();
    looks.window.close();
    await writeFile(state, 'two');
    expect(await look()).toBe('3 two words');
  });

  test('a question is never answered by a look', async () => {
    await turn(async () => {
      await ask();
      await writeFile(state, 'two');
      expect(told(await run(looks.asking, readState))).toBe('3 two words');
    });
  });

  test('what changes something runs alone', async () => {
    const act = `sh -c 'echo ran >> "${state}"'`;
    await turn(() => run(looks.acting, act));
    await turn(() => ask());
    expect(await readFile(state, 'utf8')).toBe('oneran\n');
  });
});

describe('one that hangs', () => {
  test('keeps the question that it went along with from nothing', async () => {
    const hang = 'exec sleep 4';
    looks.window.open();
    await run(looks.looking, hang, { deadlineMs: 500 });
    await turn(async () => {
      expect(await ask()).toBe('7 in ');
      expect(told(await run(looks.looking, hang, { deadlineMs: 500 }))).toBe('cut: ssh-deadline');
    });
  });

  test('a question that hangs keeps the looks that went along from nothing', async () => {
    await learned();
    await turn(async () => {
      const asked = run(looks.asking, 'exec sleep 4', { deadlineMs: 2000 });
      expect(await look()).toBe('3 one words');
      expect(told(await asked)).toBe('cut: ssh-deadline');
    });
  });

  test('with a connection that ends, both are asked anew', async () => {
    await learned();
    await turn(async () => {
      await fake.tell('session-ends', 'exit 1');
      expect(await ask()).toMatch(/unreached/);
      await fake.untell('session-ends');
      expect(await look()).toBe('3 one words');
    });
  });
});
