import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ok, silentLogger, systemClock, systemRandom, unsafeBrand } from '../../src/base/index.js';
import { type ClusterName, type EtcdVersion } from '../../src/core/cluster/index.js';
import { labEtcd } from '../../src/drivers/conformance/index.js';
import { type Archive, type SSHDriver, createSSHDriver } from '../../src/drivers/ssh/index.js';
import { hostsForAll } from '../lab/hosts/suite.js';
import { type SSHRig, makeSSHRig } from './ssh-rig.js';

const NEVER = new AbortController().signal;
const FOLDER = 'etcd-v3.6-linux-test';

const lab = hostsForAll({ hosts: 2 });
let rig: SSHRig;
let etcd: { readonly version: EtcdVersion; readonly path: string };
beforeEach(async () => {
  rig = await makeSSHRig(lab(), '3.6', 'root');
  etcd = await labEtcd('3.6');
  await rig.machineOf(rig.hosts[0]).must('rm -rf /opt/quorate');
});
afterEach(async () => await rig.dispose());

const driverWith = (more: {
  readonly binary?: string;
  readonly archive?: Archive;
  readonly asked?: string[];
}): SSHDriver => {
  const { archive, binary = '/nowhere', asked = [] } = more;
  return createSSHDriver({
    cluster: unsafeBrand<ClusterName>(rig.paths.unit.slice('etcd-'.length, -'.service'.length)),
    shell: rig.shell,
    loginTo: (host) => rig.shell.loginTo(host),
    candidates: () => rig.hosts,
    binaryFor: () => Promise.resolve(ok(binary)),
    ...(archive === undefined
      ? {}
      : { archiveFor: (_version, machine) => (asked.push(machine), Promise.resolve(ok(archive))) }),
    gatewayVersion: () => etcd.version,
    scheme: 'http',
    clock: systemClock,
    random: systemRandom,
    logger: silentLogger,
  });
};

const places = (): Promise<string> =>
  rig.machineOf(rig.hosts[0]).must('find /opt/quorate -type f 2> /dev/null | sort');

/** Upstream's archive as this seat serves it to the hosts, and a program to fetch it with, which bare hosts lack. */
async function served(): Promise<Archive> {
  const directory = mkdtempSync(join(tmpdir(), 'archive-'));
  mkdirSync(join(directory, FOLDER));
  cpSync(etcd.path, join(directory, FOLDER, 'etcd'), { dereference: true });
  execFileSync('tar', ['-czf', 'archive', FOLDER], { cwd: directory });
  const content = readFileSync(join(directory, 'archive'));
  rmSync(directory, { recursive: true });
  const server: Server = createServer((_request, response) => response.end(content));
  await new Promise<void>((resolve) => server.listen(0, '10.0.1.1', resolve));
  onTestFinished(() => void server.close());
  await rig.machineOf(rig.hosts[0]).must(`cat > /usr/local/bin/wget << 'END'
#!/usr/bin/perl
use IO::Socket::INET;
my ($out, $url) = @ARGV[-2, -1];
my ($at, $path) = $url =~ m{^http://([^/]+)(/.*)$} or die $url;
my $s = IO::Socket::INET->new($at) or die "$at: $!";
print $s "GET $path HTTP/1.0\\r\\n\\r\\n";
while (<$s>) { last if $_ eq "\\r\\n" }
open(my $f, '>', $out) or die "$out: $!";
local $/; my $all = <$s>; print $f $all;
END
chmod 755 /usr/local/bin/wget`);
  const { port } = server.address() as AddressInfo;
  const sha256 = createHash('sha256').update(content).digest('hex');
  return { url: `http://10.0.1.1:${port}/${FOLDER}.tar.gz`, sha256, folder: FOLDER };
}

describe('etcd that a host fetches itself', () => {
  test('is compared, asked for its version, put in place, and started; the seat needs none', async () => {
    const asked: string[] = [];
    const driver = driverWith({ archive: await served(), asked });
    const [host] = rig.hosts;
    const launch = rig.launchFor(host, 'birth');
    expect(await driver.start(host, launch, NEVER)).toMatchObject({ kind: 'applied' });
    const place = `/opt/quorate/etcd/${etcd.version}/etcd`;
    expect(await places()).toBe(`${place}\n${place}.proven\n`);
    const machine = (await rig.machineOf(host).must('uname -m')).trim();
    expect(asked).toEqual([machine]);
    expect((await driver.observe(host, NEVER)).process).toMatchObject({ kind: 'running' });
    expect(await driver.prepare(host, etcd.version, NEVER)).toMatchObject({ kind: 'applied' });
    expect(asked).toHaveLength(1);
  });

  test('is nothing when what came is something else: told with both digests, and nothing is left', async () => {
    const archive = { ...(await served()), sha256: 'a'.repeat(64) };
    const outcome = await driverWith({ archive }).prepare(rig.hosts[0], etcd.version, NEVER);
    expect(outcome).toMatchObject({
      kind: 'refused',
      problem: {
        code: 'host-command-failed',
        detail: expect.stringMatching(/is not what it is to be: sha256 [0-9a-f]{64}, not a{64}/),
      },
    });
    expect(await places()).toBe('');
  });

  test('is nothing when it says another version', async () => {
    const archive = await served();
    const version = unsafeBrand<EtcdVersion>('3.6.999');
    const outcome = await driverWith({ archive }).prepare(rig.hosts[0], version, NEVER);
    expect(outcome).toMatchObject({ problem: { detail: expect.stringContaining('it says:') } });
    expect(await places()).toBe('');
  });
});

test('this seat’s etcd is not copied to another kind of machine, and what to do is told', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'foreign-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const binary = join(directory, 'etcd');
  const content = readFileSync(etcd.path);
  content.writeUInt16LE(243, 18);
  writeFileSync(binary, content);
  const outcome = await driverWith({ binary }).prepare(rig.hosts[0], etcd.version, NEVER);
  expect(outcome).toMatchObject({
    kind: 'refused',
    problem: {
      code: 'binary-other-machine',
      data: { machine: 'riscv64' },
      hint: expect.stringContaining('binaries: fetched'),
    },
  });
  expect(await places()).toBe('');
});
