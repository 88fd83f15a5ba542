import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { silentLogger, systemClock, systemRandom, unsafeBrand } from '../../src/base/index.js';
import type { HostName } from '../../src/core/cluster/index.js';
import type { SSHOptions } from '../../src/core/spec/index.js';
import {
  SESSIONS_PER_HOST_MAX,
  type SSHShell,
  createSSHShell,
} from '../../src/drivers/shell/index.js';
import type { ShellEnd } from '../../src/engine/ports/index.js';
import { DEPLOY, type LabHost } from '../lab/hosts/index.js';
import { hostsForAll } from '../lab/hosts/suite.js';
import { until } from '../lab/wait.js';

const never = (): AbortSignal => new AbortController().signal;
const outcomeOf = (end: ShellEnd): string =>
  end.kind === 'ended' ? `ended: ${end.code}` : `${end.kind}: ${end.problem.code}`;
const textOf = (end: ShellEnd): string =>
  end.kind === 'ended' ? Buffer.from(end.stdout).toString() : end.problem.detail;

describe('a shell on real hosts', () => {
  const lab = hostsForAll({ hosts: 1 });
  let machine: LabHost;
  let host: HostName;
  const shells: SSHShell[] = [];
  const open = (ssh: SSHOptions = { user: 'root', configFile: lab().sshConfigFile }): SSHShell => {
    const shell = createSSHShell({
      ssh,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
    });
    shells.push(shell);
    return shell;
  };
  const run = (shell: SSHShell, script: string, deadlineMs = 20_000) =>
    shell.run(host, { doing: 'try', script, deadlineMs }, never());
  beforeEach(() => {
    [machine] = lab().hosts as [LabHost];
    host = unsafeBrand<HostName>(machine.address);
  });
  afterEach(async () => {
    await Promise.all(shells.splice(0).map((shell) => shell.close()));
  });

  test('runs as root, whoever logs in', async () => {
    for (const user of ['root', DEPLOY.name]) {
      const shell = open({ user, configFile: lab().sshConfigFile });
      expect(textOf(await run(shell, 'id -un; echo "$PATH"'))).toMatch(/^root\n.*\/usr\/sbin/);
    }
  });

  test('brings a large input whole', async () => {
    const stdin = Buffer.alloc(30_000_000, 'etcd');
    const end = await open().run(
      host,
      { doing: 'try', script: 'wc -c', stdin, deadlineMs: 60_000 },
      never(),
    );
    expect(textOf(end)).toBe('30000000\n');
  });

  test('lets a port of the host lead to the seat, and says so when it cannot', async () => {
    const server = createServer((socket) => socket.end('from the seat'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    try {
      const shell = open();
      for (let asked = 0; asked < 2; asked++) {
        expect(await shell.forward(host, port, never())).toEqual({ ok: true, value: undefined });
        const heard = await run(shell, `bash -c 'cat < /dev/tcp/127.0.0.1/${port}'`);
        expect(textOf(heard)).toBe('from the seat');
      }
      // sshd itself has port 22 of the loopback there.
      const refused = await shell.forward(host, 22, never());
      expect(refused).toMatchObject({ error: { code: 'ssh-not-forwarded', data: { port: 22 } } });
      expect(outcomeOf(await run(shell, 'true'))).toBe('ended: 0');
      await shell.close();
      await until('the port is free again', async () => {
        const left = await machine.must(`ss -ltnH 'sport = :${port}'`);
        return left === '' ? { done: true } : { seen: left };
      });
    } finally {
      server.close();
    }
  });

  test('keeps within the sessions that a plain sshd allows', async () => {
    await machine.must(
      `sed -i 's/MaxSessions 100/MaxSessions 10/' /etc/ssh/sshd_config.d/lab.conf; systemctl reload ssh`,
    );
    const shell = open();
    const ends = await Promise.all(
      Array.from({ length: 3 * SESSIONS_PER_HOST_MAX }, () => run(shell, 'sleep 0.1')),
    );
    expect(new Set(ends.map(outcomeOf))).toEqual(new Set(['ended: 0']));
    await machine.must(
      `sed -i 's/MaxSessions 10/MaxSessions 100/' /etc/ssh/sshd_config.d/lab.conf; systemctl reload ssh`,
    );
  });

  test('a script is in nobody’s list of processes', async () => {
    const list = textOf(
      await run(open(), 'tr "\\0" " " < /proc/$$/cmdline; ps -ef # a-word-of-ours'),
    );
    expect(list).toContain('sshd');
    expect(list).not.toContain('a-word-of-ours');
  });

  test('sudo that wants a password is told', async () => {
    const sudoers = `/etc/sudoers.d/${DEPLOY.name}`;
    await machine.must(`sed -i 's/NOPASSWD: //' ${sudoers}`);
    const shell = open({ user: DEPLOY.name, configFile: lab().sshConfigFile });
    const end = await run(shell, 'id');
    await machine.must(`sed -i 's/ALL$/NOPASSWD: ALL/' ${sudoers}`);
    expect(outcomeOf(end)).toBe('unreached: ssh-needs-password');
    expect(textOf(end)).toContain('a password is required');
  });

  test('a host whose key is not known, or is another one, is not trusted', async () => {
    const config = lab().sshConfigFile;
    const { writeFile, readFile } = await import('node:fs/promises');
    const text = await readFile(config, 'utf8');
    const other = `${config}.other`;
    const knows = async (known: string) => {
      await writeFile(`${other}.known`, known);
      await writeFile(
        other,
        text.replace(/UserKnownHostsFile .*/, `UserKnownHostsFile ${other}.known`),
      );
      return outcomeOf(await run(open({ configFile: other }), 'id'));
    };
    expect(await knows('')).toBe('unreached: ssh-host-key-unknown');
    const seat = (await readFile(`${lab().identityFile}.pub`, 'utf8'))
      .split(' ')
      .slice(0, 2)
      .join(' ');
    expect(await knows(`${machine.address} ${seat}\n`)).toBe('unreached: ssh-host-key-changed');
  });

  test('who may not log in, and a host that takes no connections', async () => {
    const shell = open({ user: 'nobody', configFile: lab().sshConfigFile });
    expect(outcomeOf(await run(shell, 'id'))).toBe('unreached: ssh-permission-denied');
    const end = await run(open({ configFile: lab().sshConfigFile, port: 2 }), 'id');
    expect(outcomeOf(end)).toBe('unreached: ssh-refused');
  });

  test('an sshd that hangs holds nobody beyond the deadline, and is tried anew', async () => {
    const shell = open();
    await run(shell, 'true');
    await machine.hangSshd();
    const begunMs = performance.now();
    expect(outcomeOf(await run(shell, 'true', 500))).toBe('unreached: ssh-no-answer');
    expect(outcomeOf(await run(open(), 'true', 500))).toBe('unreached: ssh-no-answer');
    expect(performance.now() - begunMs).toBeLessThan(10_000);
    await machine.resumeSshd();
    expect(outcomeOf(await run(shell, 'exit 3'))).toBe('ended: 3');
  });

  test('a session that ends in the middle is cut, and the next works', async () => {
    const shell = open();
    await run(shell, 'true');
    const running = run(shell, 'touch /tmp/begun; sleep 30');
    while ((await machine.run('[ -e /tmp/begun ]')).code !== 0);
    await machine.dropSshSessions();
    expect(outcomeOf(await running)).toBe('cut: ssh-cut');
    expect(outcomeOf(await run(shell, 'true'))).toBe('ended: 0');
  });

  test('a host that was started again is reached again', async () => {
    const shell = open();
    await run(shell, 'true');
    await machine.reboot();
    expect(outcomeOf(await run(shell, 'true'))).toBe('ended: 0');
  });

  test('a frozen host, and one whose cable is out, are told in time', async () => {
    const shell = open();
    await run(shell, 'true');
    await machine.freeze();
    expect(outcomeOf(await run(shell, 'true', 500))).toBe('unreached: ssh-no-answer');
    await machine.thaw();
    await machine.linkDown();
    expect(outcomeOf(await run(shell, 'true', 500))).toBe('unreached: ssh-no-answer');
    await machine.linkUp();
    expect(outcomeOf(await run(open(), 'true'))).toBe('ended: 0');
  });
});
