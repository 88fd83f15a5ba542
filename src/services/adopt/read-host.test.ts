import { spawn } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { unsafeBrand } from '../../base/index.js';
import type { ClusterID, MemberID } from '../../base/index.js';
import { parseSightings } from './read-host.js';
import { ADOPT_SCRIPT } from './script.js';

const IDENTITY = {
  memberID: unsafeBrand<MemberID>('000000000000000a'),
  clusterID: unsafeBrand<ClusterID>('00000000000000cc'),
};
const identityOf = (head: Uint8Array) => (head.length > 0 ? IDENTITY : undefined);

const UNIT = {
  cmdline: '/usr/bin/etcd\0--name\0infra0\0',
  environment: 'ETCD_DATA_DIR=/data',
  user: 'etcd',
  cgroup: '/system.slice/etcd.service',
  unit: 'etcd.service',
  main: '7',
  state: 'enabled',
  changed: '/etc/etcd.env',
  data: '/data',
  wal: '/data/member/wal',
  head: 'x',
  closed: '',
  keys: '',
};

function sightingOf(parts: Readonly<Record<string, string>>) {
  const lines = Object.entries(parts).map(
    ([name, text]) => `@7.${name} ${Buffer.from(text).toString('base64')}\n`,
  );
  const sightings = parseSightings(Buffer.from(`${lines.join('')}@end \n`), identityOf);
  return sightings.ok ? sightings.value[0] : undefined;
}

describe('what a host tells of its etcd', () => {
  test('a member that a unit runs', () => {
    expect(sightingOf(UNIT)).toEqual({
      pid: 7,
      words: ['/usr/bin/etcd', '--name', 'infra0'],
      environment: ['ETCD_DATA_DIR=/data'],
      user: 'etcd',
      keeper: { kind: 'unit', unit: 'etcd.service', atBoot: true },
      dataDir: '/data',
      walDir: '/data/member/wal',
      identity: IDENTITY,
      closedDirectories: [],
      closedFiles: [],
      changedFiles: ['/etc/etcd.env'],
    });
  });

  test.each([
    ['a container', { cgroup: '/system.slice/docker-12ab.scope' }, 'container'],
    ['a program that starts it', { main: '6' }, 'main process'],
    ['a unit that a boot forgets', { state: 'transient' }, 'transient'],
    ['a unit that we wrote', { kept: 'etcd-prod.service' }, 'Quorate'],
  ])('%s keeps it, and would start it again', (_what, parts, says) => {
    expect(sightingOf({ ...UNIT, ...parts })?.keeper).toEqual({
      kind: 'other',
      what: expect.stringContaining(says),
    });
  });

  test.each(['session-3.scope', 'ssh.service', ''])(
    'what somebody typed is kept by nothing: %s',
    (unit) => {
      expect(sightingOf({ ...UNIT, unit, main: '1' })?.keeper).toEqual({ kind: 'by-hand' });
    },
  );

  test('half an answer is none', () => {
    expect(parseSightings(Buffer.from('@7.cmdline eA==\n'), identityOf).ok).toBe(false);
  });

  test('the script is one that a POSIX shell reads', async () => {
    const child = spawn('/bin/sh', ['-n', '-s'], { stdio: ['pipe', 'ignore', 'pipe'] });
    const said: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => said.push(chunk));
    child.stdin.end(ADOPT_SCRIPT);
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, said: Buffer.concat(said).toString() }).toEqual({ code: 0, said: '' });
  });
});
