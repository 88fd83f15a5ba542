import { readFile } from 'node:fs/promises';
import { afterEach, expect, test } from 'vitest';
import { silentLogger, systemClock, systemRandom } from '../../src/base/index.js';
import { createSSHShell } from '../../src/drivers/shell/index.js';
import { labEtcd } from '../../src/drivers/conformance/index.js';
import type { HostShell } from '../../src/engine/ports/index.js';
import { answerOf } from '../lab/hosts/commands.js';
import type { LabHost } from '../lab/hosts/index.js';
import { hostsForAll } from '../lab/hosts/suite.js';
import { until } from '../lab/wait.js';
import { checkHosts } from '../../src/services/preflight/check-hosts.js';
import type { PreflightHost, PreflightWish } from '../../src/services/preflight/hosts.js';
import { hostAt, lineOf, wishFor } from '../../src/services/preflight/testing/sights.js';
import type { PreflightReport, Verdict } from '../../src/services/preflight/verdict.js';

const lab = hostsForAll({ hosts: 3 });
const undo: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const each of undo.splice(0).reverse()) await each();
});

const host = (index: number): LabHost => {
  const found = lab().hosts[index];
  if (found === undefined) throw new Error(`There is no host ${index}.`);
  return found;
};

const shellOfLab = () => {
  const ssh = { configFile: lab().sshConfigFile };
  return createSSHShell({ ssh, clock: systemClock, random: systemRandom, logger: silentLogger });
};

async function check(
  change: (wish: PreflightWish) => PreflightWish = (wish) => wish,
  between: (shell: HostShell) => HostShell = (shell) => shell,
): Promise<PreflightReport> {
  const shell = shellOfLab();
  const hosts = lab().hosts.map(({ address }) => hostAt(address));
  try {
    return await checkHosts(
      { shell: between(shell), clock: systemClock, random: systemRandom },
      change(wishFor(hosts)),
      { signal: new AbortController().signal },
    );
  } finally {
    await shell.close();
  }
}

/** Warnings about what these hosts share with the machine below them. */
const OF_THE_LAB = new Set(['time-keeping', 'processors', 'disk-latency', 'swap', 'memory']);

const told = ({ verdicts }: PreflightReport): readonly string[] =>
  verdicts
    .filter(({ standing, check: what }) => standing !== 'ok' && !OF_THE_LAB.has(what))
    // Only for a disk of half a gibibyte.
    .filter(({ check: what, standing }) => what !== 'free-space' || standing !== 'warning')
    .map(lineOf);

const about = ({ verdicts }: PreflightReport, name: string, what: string): readonly Verdict[] =>
  verdicts.filter((each) => each.host === name && each.check === what);

/** Whatever a check could leave behind. It must not find itself among the processes. */
const leftOn = async (each: LabHost): Promise<string> =>
  await each.must(`
    name=quorate-; ls -d /run/${'$'}{name}check* /tmp/${'$'}{name}check* /dev/shm/${'$'}{name}check* 2> /dev/null
    find /var/lib/etcd -name '.quorate*'
    for at in /proc/[0-9]*; do tr '\\0' ' ' < $at/cmdline 2> /dev/null | grep quorate-chec[k]; done
    ss -Hltn | grep -E ':(2379|2380) '
    true`);

test('hosts that are fit are told so, each way is open, and nothing is left on them', async () => {
  const report = await check();
  expect(told(report)).toEqual([]);
  const ways = report.verdicts.filter(({ check: what }) => what === 'reach');
  // From three hosts to the two ports of two others, and from here to all.
  expect(ways).toHaveLength(3 * 2 * 2 + 3 * 2);
  const { address } = host(0);
  const [disk] = about(report, address, 'disk-latency');
  expect(disk?.summary).toMatch(/^fdatasync p50 [\d.]+ ms, (p99|slowest) [\d.]+ ms of \d+ writes/);
  const [system] = about(report, address, 'file-system');
  expect(system).toMatchObject({ standing: 'ok', summary: expect.stringContaining('on ext4') });
  const [clock] = about(report, address, 'clock');
  expect(clock?.standing).toBe('ok');
  for (const each of lab().hosts) expect(await leftOn(each)).toBe('');
});

test('a firewall that drops, one that rejects and one that refuses are told apart', async () => {
  const [, one, two] = [host(0), host(1), host(2)];
  const on = async (each: LabHost, rule: string) => {
    // From outside: the host has no such program.
    const nft = async (...lines: readonly string[]) => {
      const network = ['--mount', 'nsenter', `--net=/run/netns/${each.name}`];
      const enter = ['nsenter', '--target', `${lab().keeperPid}`, ...network, 'nft', '-f', '-'];
      const stdin = lines.map((line) => `${line}\n`).join('');
      expect(await answerOf(enter, { stdin })).toMatchObject({ code: 0, stderr: '' });
    };
    await nft(
      'add table inet guard',
      'add chain inet guard in { type filter hook input priority 0; }',
      `add rule inet guard in ${rule}`,
    );
    undo.push(() => nft('add table inet guard', 'delete table inet guard'));
  };
  await on(one, `ip saddr ${host(0).address} tcp dport 2380 drop`);
  await on(
    two,
    `ip saddr ${host(0).address} tcp dport 2379 reject with icmp type admin-prohibited`,
  );
  await on(two, `ip saddr ${one.address} tcp dport 2380 reject with tcp reset`);
  expect(told(await check()).toSorted()).toEqual([
    `problem reach ${host(0).address} → ${one.address}: ${one.address}:2380 (peer) does not answer: packets vanish on the way`,
    `problem reach ${host(0).address} → ${two.address}: ${two.address}:2379 (client) is rejected by a firewall: the host answers at its other port`,
    `problem reach ${one.address} → ${two.address}: ${two.address}:2380 (peer) is refused, although we listen there`,
  ]);
});

test('hosts that are cut off from each other, and only from each other', async () => {
  const [one, two] = [host(0), host(1)];
  await one.cutFrom(two);
  undo.push(() => one.mend(two));
  const lines = told(await check());
  expect(lines).toHaveLength(4);
  for (const line of lines) expect(line).toMatch(/does not answer|There is no route/);
});

test('a port that is taken is told with who has it', async () => {
  const one = host(0);
  await one.must('systemd-run --unit=squatter systemd-socket-activate --accept -l 2379 cat');
  undo.push(() => one.must('systemctl stop squatter'));
  await until('somebody listens', async () => {
    const { code } = await one.run('ss -Hltn | grep -q :2379');
    return code === 0 ? { done: true } : { seen: code };
  });
  const [line, ...others] = told(await check());
  expect(others).toEqual([]);
  expect(line).toMatch(
    /^problem port \S+: \S+:2379 \(client\) is taken by systemd-socket- \(process \d+\)$/,
  );
});

test('an older etcd that somebody left running is told, with where its data are', async () => {
  const one = host(0);
  const { path } = await labEtcd('3.4');
  await one.must(
    'cat > /usr/local/bin/etcd && chmod 755 /usr/local/bin/etcd',
    await readFile(path),
  );
  await one.must('systemd-run --unit=etcd.service etcd --data-dir /var/lib/etcd/default');
  undo.push(() =>
    one.must('systemctl stop etcd.service; rm -r /usr/local/bin/etcd /var/lib/etcd/default'),
  );
  await until('it answers', async () => {
    const { code } = await one.run('ss -Hltn | grep -q :2380');
    return code === 0 ? { done: true } : { seen: code };
  });
  const report = await check();
  const others = about(report, one.address, 'other-etcd').map(lineOf);
  expect(others).toEqual([
    expect.stringMatching(
      /^warning other-etcd 10\.0\.1\.10: Another etcd runs here: process \d+ with its data in \/var\/lib\/etcd\/default$/,
    ),
    'warning other-etcd 10.0.1.10: Another etcd has left its data here: /var/lib/etcd/default',
  ]);
});

test('a clock that is off is told by how much', async () => {
  // These hosts have the machine's clock: only what they tell of it can be off.
  const one = host(1);
  await one.must(
    `printf '#!/bin/sh\nexec /bin/date -d "+400 seconds" "$@"\n' > /usr/local/bin/date && chmod 755 /usr/local/bin/date`,
  );
  undo.push(() => one.must('rm /usr/local/bin/date'));
  const [clock] = about(await check(), one.address, 'clock');
  expect(clock).toMatchObject({ standing: 'problem' });
  expect(clock?.summary).toMatch(/^7 min ahead of this machine/);
});

test('an address that is another’s, and a name that nobody knows', async () => {
  const report = await check((wish) => {
    const [first, ...others] = wish.hosts;
    if (first === undefined) throw new Error('There is a host.');
    const changed: PreflightHost = {
      ...first,
      listens: [{ plane: 'peer', address: '10.0.1.99', port: 2380 }],
      dialled: [{ plane: 'peer', scheme: 'http', name: 'nowhere.invalid', port: 2380 }],
    };
    return { ...wish, hosts: [changed, ...others] };
  });
  const lines = told(report);
  const [one, two] = [host(0).address, host(1).address];
  expect(lines).toContain(
    `problem port ${one}: 10.0.1.99 is no address of this host: nothing can listen at 10.0.1.99:2380 (peer)`,
  );
  expect(lines).toContainEqual(
    expect.stringMatching(`^problem names ${two}: nowhere.invalid is not (known here|resolved)`),
  );
  expect(lines).toContain(`problem reach ${two} → ${one}: nowhere.invalid is not known on ${two}`);
});

test('a full disk and a slow one', async () => {
  await host(0).fillDisk();
  undo.push(() => host(0).freeDisk());
  await host(1).slowDisk(5);
  undo.push(() => host(1).slowDisk(0));
  const report = await check();
  expect(about(report, host(0).address, 'free-space')).toMatchObject([{ standing: 'problem' }]);
  expect(about(report, host(0).address, 'disk-latency')).toMatchObject([
    { standing: 'unseen', summary: 'The disk was not timed, because it is full' },
  ]);
  const [slow] = about(report, host(1).address, 'disk-latency');
  expect(slow).toMatchObject({ standing: 'problem' });
  expect(slow?.summary).toMatch(/fdatasync p50 \d+ ms, slowest \d+ ms of \d+ writes/);
});

test('a disk that is dead', async () => {
  await host(2).failDisk();
  undo.push(async () => {
    await host(2).powerCut();
    await host(2).powerOn();
  });
  const report = await check();
  const { address } = host(2);
  const disk = [...about(report, address, 'disk-latency'), ...about(report, address, 'free-space')];
  expect(disk.map(({ standing }) => standing)).not.toContain('ok');
});

test('a host that stands still is told, and the others are looked at all the same', async () => {
  await host(2).freeze();
  undo.push(() => host(2).thaw());
  const lines = told(await check());
  const { address } = host(2);
  expect(lines).toContainEqual(expect.stringMatching(`^problem login ${address}: `));
  expect(lines.filter((line) => !line.includes(address))).toEqual([]);
});

test('where the seat is lost in the middle, everything goes by itself', async () => {
  const shell = shellOfLab();
  const cancel = new AbortController();
  const hosts = lab().hosts.map(({ address }) => hostAt(address));
  const cutting: HostShell = {
    run: async (name, command, signal) => {
      const end = await shell.run(name, command, signal);
      // The listeners are up; nobody comes back to end them.
      if (command.doing === 'listen at the ports') {
        cancel.abort();
        await shell.close();
      }
      return end;
    },
  };
  await checkHosts({ shell: cutting, clock: systemClock, random: systemRandom }, wishFor(hosts), {
    signal: cancel.signal,
  });
  for (const each of lab().hosts) {
    await until(`nothing of the check is left on ${each.name}`, async () => {
      const seen = await leftOn(each);
      return seen === '' ? { done: true } : { seen };
    });
  }
});

test('ports of a host that holds a member are left alone', async () => {
  const one = host(0);
  await one.must('mkdir -p /var/lib/etcd/prod/member');
  undo.push(() => one.must('rm -r /var/lib/etcd/prod'));
  const report = await check((wish) => ({ ...wish, isBorn: true }));
  const ports = about(report, one.address, 'port');
  expect(ports.map(({ summary }) => summary)).toEqual([
    `${one.address}:2380 (peer) is the member's: left alone`,
    `${one.address}:2379 (client) is the member's: left alone`,
  ]);
  expect(told(report)).toContainEqual(
    `unseen reach ${host(1).address} → ${one.address}: ${one.address}:2380 (peer): the host answers, but nothing listens there to connect to`,
  );
});

test('a host without perl is timed by the next that it has', async () => {
  const one = host(0);
  await one.must('mkdir /run/hidden && mv /usr/bin/perl* /run/hidden/');
  undo.push(() => one.must('mv /run/hidden/perl* /usr/bin/ && rmdir /run/hidden'));
  const [disk] = about(await check(), one.address, 'disk-latency');
  expect(disk?.summary).toMatch(/^fdatasync [\d.]+ ms in the mean of 100 writes/);
});
