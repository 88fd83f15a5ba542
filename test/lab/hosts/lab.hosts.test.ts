import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { lab as productLab } from '../index.js';
import { type Answer, answerOf } from './commands.js';
import type { LabHost } from './host.js';
import { DNS_ADDRESS } from './network.js';
import { hostsForAll } from './suite.js';

const lab = hostsForAll({ hosts: 3 });

const host = (index: number): LabHost => {
  const found = lab().hosts[index];
  if (found === undefined) throw new Error(`There is no host ${index}.`);
  return found;
};

/** As a user's own client does it. */
const ssh = async (target: string, command: string, stdin = ''): Promise<Answer> =>
  await answerOf(['ssh', '-F', lab().sshConfigFile, target, command], { stdin });

/** Whether a connection that does not stand after a second is one that nobody answers. */
const isSilent = async (target: string): Promise<boolean> => {
  const command = ['ssh', '-F', lab().sshConfigFile, '-o', 'ConnectTimeout=1', target, 'true'];
  return /timed out|No route to host/.test((await answerOf(command)).stderr);
};

const hears = async (from: LabHost, to: LabHost): Promise<boolean> =>
  (await from.run(`ping -c 1 -W 0.3 ${to.address}`)).code === 0;

test('a host answers SSH by name and by address, as root and as the one who may become root', async () => {
  const { name, address } = host(0);
  for (const target of [name, `deploy@${address}`]) {
    const said = await ssh(target, 'hostname; sudo -n id -u; systemctl is-active ssh');
    expect(said).toMatchObject({ code: 0, stdout: 'h0\n0\nactive\n' });
  }
});

test('what is run on a host without SSH may do no more there than the host: the clock is the machine’s', async () => {
  const said = await host(0).run('cat; date -s @0', 'given\n');
  expect(said.stdout).toContain('given');
  expect(said).toMatchObject({ code: 1, stderr: expect.stringContaining('not permitted') });
});

test('a reboot is a new boot with the same files', async () => {
  const before = await host(0).bootId();
  await host(0).must('echo kept > /etc/kept');
  await host(0).reboot();
  expect(await host(0).bootId()).not.toBe(before);
  expect(await ssh('h0', 'cat /etc/kept')).toMatchObject({ stdout: 'kept\n' });
});

test('who goes off by itself is silent, and comes back when it is powered on', async () => {
  await ssh('h1', 'systemctl poweroff');
  await host(1).untilOff();
  expect(host(1).isOn).toBe(false);
  expect(await isSilent('h1')).toBe(true);
  await host(1).powerOn();
  expect(await ssh('h1', 'true')).toMatchObject({ code: 0 });
});

test('a power cut of all takes what was not synced, on both disks, and nothing else', async () => {
  await Promise.all(
    lab().hosts.map(async (each) => {
      await each.must('for at in /etc /var/lib/etcd; do echo x > $at/synced; sync -f $at; done');
      await each.must('for at in /etc /var/lib/etcd; do echo x > $at/unsynced; done');
      await each.powerCut();
      await each.powerOn();
      const left = await each.must('cd /; ls etc/*synced var/lib/etcd/*synced; hostname');
      expect(left).toBe(`etc/synced\nvar/lib/etcd/synced\n${each.name}\n`);
    }),
  );
});

test('two hosts that are cut off from each other still hear the third and the seat', async () => {
  await host(0).cutFrom(host(1));
  expect(await hears(host(0), host(1))).toBe(false);
  expect(await hears(host(1), host(0))).toBe(false);
  expect(await hears(host(0), host(2))).toBe(true);
  expect(await ssh('h0', 'true')).toMatchObject({ code: 0 });
  await host(1).mend(host(0));
  expect(await hears(host(0), host(1))).toBe(true);
});

test('a host that is cut off from the seat hears the others, and comes back as it was', async () => {
  await host(0).cutFrom('seat');
  expect(await isSilent('h0')).toBe(true);
  expect(await hears(host(1), host(0))).toBe(true);
  await host(0).mend('seat');
  expect(await ssh('h0', 'true')).toMatchObject({ code: 0 });
});

test('a cable that is out is out for everybody', async () => {
  await host(0).linkDown();
  expect(await hears(host(1), host(0))).toBe(false);
  await host(0).linkUp();
  expect(await hears(host(1), host(0))).toBe(true);
});

test('a disk that is full takes nothing more until there is space again', async () => {
  const write = 'dd if=/dev/zero of=/var/lib/etcd/more bs=64k count=16 conv=fsync';
  await host(0).fillDisk();
  expect(await host(0).run(write)).toMatchObject({
    stderr: expect.stringContaining('No space left'),
  });
  await host(0).freeDisk();
  await host(0).must(write);
});

test('a disk that died gives errors until the host was off', async () => {
  await host(1).must('echo x > /var/lib/etcd/file; sync -f /var/lib/etcd');
  await host(1).failDisk();
  expect(await host(1).run('echo y > /var/lib/etcd/file')).toMatchObject({
    stderr: expect.stringMatching(/error/i),
  });
  await host(1).powerCut();
  await host(1).powerOn();
  expect(await host(1).must('cat /var/lib/etcd/file')).toBe('x\n');
});

test('a disk that was wiped is empty, and the system disk is as it was', async () => {
  await host(2).must('echo x > /var/lib/etcd/data; echo x > /etc/system');
  await host(2).wipeDisk();
  expect(await host(2).must('ls /var/lib/etcd; ls /etc/system')).toBe('lost+found\n/etc/system\n');
});

test('a machine that was replaced has its place and nothing else of it', async () => {
  await host(2).must('echo x > /etc/own; sync -f /etc');
  await host(2).replace();
  expect(await ssh('h2', 'ls /etc/own')).toMatchObject({ code: 2 });
});

test('a host that moved is reached where it is now', async () => {
  const { address, spareAddress } = host(2);
  await host(2).setAddresses(spareAddress);
  expect(await ssh(spareAddress, 'hostname')).toMatchObject({ stdout: 'h2\n' });
  expect(await isSilent(address)).toBe(true);
  await host(2).setAddresses(address);
  expect(await ssh(address, 'hostname')).toMatchObject({ stdout: 'h2\n' });
});

test('a host that stands still takes connections and answers nothing, and goes on where it was', async () => {
  const boot = await host(1).bootId();
  await host(1).freeze();
  expect(await bannerOf(host(1))).toBe('');
  await host(1).thaw();
  expect(await bannerOf(host(1))).toMatch(/^SSH-2.0-/);
  expect(await host(1).bootId()).toBe(boot);
});

test('an sshd that hangs takes connections and answers nothing; the rest of the host goes on', async () => {
  await host(1).hangSshd();
  expect(await bannerOf(host(1))).toBe('');
  await host(1).must('systemctl is-active systemd-journald');
  await host(1).resumeSshd();
  expect(await bannerOf(host(1))).toMatch(/^SSH-2.0-/);
});

test('sessions are ended in their middle, and what they had begun may go on', async () => {
  const long = ssh('h0', 'echo began > /run/began; sleep 1000');
  await host(0).must('until [ -s /run/began ]; do sleep 0.01; done');
  expect(await host(0).dropSshSessions()).toBeGreaterThan(0);
  expect(await long).toMatchObject({ code: 255 });
});

test('a connection breaks after so many bytes, and new ones are refused until it is mended', async () => {
  await host(0).breakSshAfter(20_000);
  const sent = await ssh('h0', 'cat > /run/sent', 'x'.repeat(1_000_000));
  expect(sent).toMatchObject({ code: 255 });
  expect(await ssh('h0', 'true')).toMatchObject({ stderr: expect.stringContaining('refused') });
  await host(0).mendSsh();
  expect(await ssh('h0', 'true')).toMatchObject({ code: 0 });
});

test('a slow disk is slow for every service', async () => {
  const write = 'dd if=/dev/zero of=/var/lib/etcd/slow bs=2300 count=10 oflag=dsync';
  const begun = performance.now();
  await host(0).slowDisk(20);
  await host(0).must(`systemd-run --quiet --wait ${write}`);
  await host(0).slowDisk(0);
  expect(performance.now() - begun).toBeGreaterThan(400);
});

test('the hosts ask the seat for names', async () => {
  const it = await productLab({ version: '3.6' });
  const urls = { peerURLs: ['http://10.0.1.77:2380'], clientURLs: ['http://10.0.1.77:2379'] };
  const spec = await it.spec([{ name: 'm1', ...urls }], {
    bootstrap: { dns: { domain: 'x.test' } },
  });
  await it.start(`dns serve -f ${spec} --listen ${DNS_ADDRESS}`).says(/listening on/);
  expect(await host(0).must('getent hosts m1.x.test')).toContain('10.0.1.77');
});

/** What sshd says to whoever connects; '' when it says nothing for half a second though the connection stands. */
async function bannerOf({ address }: LabHost): Promise<string> {
  const socket = connect({ host: address, port: 22 });
  return (await new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('connect', () => socket.setTimeout(500));
    socket.once('data', (bytes) => resolve(bytes.toString()));
    socket.once('timeout', () => resolve(''));
  }).finally(() => socket.destroy())) as string;
}
