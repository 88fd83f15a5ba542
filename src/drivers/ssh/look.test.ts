import { describe, expect, test } from 'vitest';
import { instantOf, unsafeBrand } from '../../base/index.js';
import type { ClusterName, EtcdVersion, HostName } from '../../core/cluster/index.js';
import type { HostFacts } from '../../engine/ports/index.js';
import { BootTimes } from './boot-times.js';
import { factsOf } from './judge.js';
import { hostPaths } from './layout.js';
import { parseLook } from './look.js';
import { stateText } from './state-files.js';

const paths = hostPaths(unsafeBrand<ClusterName>('prod'));
const host = unsafeBrand<HostName>('10.0.1.10');
const BOOTED_MS = 1_000_000_000;
const BOOT = 'boot-now';

const nul = (words: readonly string[]): string => words.map((word) => `${word}\0`).join('');
const etcd = ['/opt/quorate/etcd/3.6.15/etcd', '--name=m', `--data-dir=${paths.dataDir}`];
const launch = {
  purpose: 'birth',
  version: unsafeBrand<EtcdVersion>('3.6.15'),
  flags: { name: 'm', 'initial-cluster-state': 'new' },
} as const;
const memberFile = (bootID = BOOT) => stateText({ launch, unitDigest: 'd', bootID, askedAtMs: 5 });
const ended = (over: Readonly<Record<string, string | number>> = {}): string =>
  Object.entries({
    invocation: 'life1',
    result: 'signal',
    code: 'killed',
    status: 'KILL',
    asked: 0,
    inARow: 0,
    startedUs: 10_000_000,
    exitedUs: 90_000_000,
    boot: BOOT,
    ...over,
  })
    .map(([name, value]) => `${name}=${value}`)
    .join('\n');

/** What a host prints, with what differs from one where nothing ever ran. */
const printed = (parts: Readonly<Record<string, string>> = {}): Buffer => {
  const stopped = 'MainPID=0\nActiveState=inactive\nSubState=dead\nDropInPaths=\nInvocationID=';
  const all = {
    unit: stopped,
    'gateway.unit': stopped,
    boot: BOOT,
    uptime: '100.00 7.0',
    ...parts,
  };
  const lines = Object.entries(all).map(
    ([name, text]) => `@${name} ${Buffer.from(text).toString('base64')}\n`,
  );
  return Buffer.from(lines.join(''));
};
const factsFrom = (parts: Readonly<Record<string, string>> = {}): HostFacts => {
  const look = parseLook(printed(parts), paths.dataDir);
  if (typeof look === 'string') throw new Error(look);
  return factsOf(look, { host, paths, bootedAt: instantOf(BOOTED_MS), login: 'ssh 10.0.1.10' });
};
const running = (pid: number, command: readonly string[] = etcd) => ({
  unit: `MainPID=${pid}\nActiveState=active\nSubState=running\nDropInPaths=\nInvocationID=life1`,
  'member.cmdline': nul(command),
  'member.stat': `${pid} (etcd (x) y) S ${'0 '.repeat(18)}4200 0`,
});
/** `log` and `tail` are what one life wrote. */
const log = (text: string) => ({ 'member.log.head': text, 'member.log.tail': text });
const line = (msg: string, error: string): string => JSON.stringify({ level: 'fatal', msg, error });

describe('a process', () => {
  test('where nothing ever ran', () => {
    expect(factsFrom()).toEqual({ process: { kind: 'stopped' }, data: { kind: 'empty' } });
  });
  test('that runs is dated by this seat, and its flags are those it really has', () => {
    expect(factsFrom({ member: memberFile(), ...running(7) }).process).toEqual({
      kind: 'running',
      startedAt: BOOTED_MS + 42_000,
      version: '3.6.15',
      flags: { name: 'm', 'data-dir': paths.dataDir },
    });
  });
  test('that is being killed has no command line: its flags are those of its launch', () => {
    const facts = factsFrom({ member: memberFile(), ...running(7), 'member.cmdline': '' });
    expect(facts.process).toMatchObject({ kind: 'running', flags: launch.flags });
  });
  test.each([
    [nul(['etcd', `--data-dir=${paths.dataDir}`]), '', '/', 'by-hand'],
    [nul(['etcd', '-data-dir', `${paths.dataDir}/`]), '', '/', 'by-hand'],
    [nul(['etcd', '--data-dir', './prod']), '', '/var/lib/etcd', 'by-hand'],
    [nul(['etcd']), paths.dataDir, '/', 'by-hand'],
    [nul(['etcd', `--data-dir=${paths.dataDir}2`]), '', '/', 'stopped'],
    [nul(['vi', `${paths.dataDir}/notes`]), '', '/', 'stopped'],
  ])('of a person: %j', (cmdline, env, cwd, kind) => {
    const facts = factsFrom({ 'other.9': cmdline, 'env.9': env, 'cwd.9': cwd });
    expect(facts.process.kind).toBe(kind);
  });
});

describe('the last exit', () => {
  const exitOf = (parts: Readonly<Record<string, string>>) => {
    const { process } = factsFrom(parts);
    return process.kind === 'stopped' ? process.lastExit : undefined;
  };
  const member = memberFile();

  test('is dated by this seat, and counted by the host', () => {
    expect(exitOf({ member, ended: ended({ inARow: 3, startedUs: 89_000_000 }) })).toMatchObject({
      at: BOOTED_MS + 90_000,
      inARow: 3,
      reason: 'killed',
    });
  });
  test('that a stop of systemd asked for', () => {
    expect(exitOf({ member, ended: ended({ asked: 1 }) })).toMatchObject({ reason: 'asked' });
  });
  test('is told by its own last words, with a command for that host', () => {
    const words = line('listen failed', 'listen tcp :2379: bind: address already in use');
    const exit = exitOf({ member, ended: ended(), ...log(words) });
    expect(exit?.reason).toBe('port-taken');
    expect(exit?.problem.hint).toContain("\n  ssh 10.0.1.10 ss -ltnp 'sport = :2379'");
  });
  test('of a boot before is that the host was started again', () => {
    const exit = exitOf({
      member: memberFile('boot-before'),
      ended: ended({ boot: 'boot-before' }),
    });
    expect(exit).toMatchObject({ reason: 'killed', inARow: 0, beforeRaft: false });
    expect(exit?.problem.detail).toContain('started again');
  });
  test('is none when the start was interrupted before anything ran', () => {
    expect(exitOf({ member })).toBeUndefined();
  });
  test('of a binary that is not there is no end of etcd', () => {
    const words = "/usr/bin/env: '/opt/quorate/etcd/3.6.15/etcd': No such file or directory";
    const exit = exitOf({ member, ended: ended({ code: 'exited', status: '127' }), ...log(words) });
    expect(exit?.problem).toMatchObject({ code: 'binary-not-runnable' });
    expect(exit?.problem.detail).toContain('No such file');
  });
  test('was before raft only in the life that was allowed to be born', () => {
    const words = line('cannot fetch', 'cannot fetch cluster info from peer urls: x');
    const parts = { member, ended: ended(), ...log(words) };
    expect(exitOf({ ...parts, 'first-life': 'life1' })).toMatchObject({ beforeRaft: true });
    expect(exitOf({ ...parts, 'first-life': 'life0' })).toMatchObject({ beforeRaft: false });
    expect(exitOf(parts)).toMatchObject({ beforeRaft: false });
  });
});

describe('data', () => {
  const wal = { 'wal.names': '0000000000000000-0000000000000000.wal\n' };
  const dataOf = (parts: Readonly<Record<string, string>>) => {
    const { data } = factsFrom(parts);
    return data.kind === 'unreadable' ? data.problem.code : data.kind;
  };
  test('a log that does not begin like one', () => {
    expect(dataOf({ ...wal, 'wal.head': 'zzz' })).toBe('data-unreadable');
  });
  test('a directory of a log without a log', () => {
    expect(dataOf({ 'wal.names': '0.tmp\n' })).toBe('empty');
  });
  test('a database without a log', () => {
    expect(dataOf({ 'snap.names': 'db\n' })).toBe('data-unreadable');
  });
  test('what a failed birth left counts as nothing, also while the next one runs', () => {
    const words = line('cannot fetch', 'cannot fetch cluster info from peer urls: x');
    const left = {
      member: memberFile(),
      'snap.names': 'db\n',
      'first-life': 'life1',
      ...log(words),
    };
    expect(dataOf({ ...left, ended: ended() })).toBe('empty');
    expect(dataOf({ ...left, ...running(7) })).toBe('empty');
    expect(dataOf({ ...left, 'first-life': 'life0', ended: ended() })).toBe('data-unreadable');
  });
  test('a disk that answers with errors, and one that is not mounted', () => {
    expect(dataOf({ 'data.trouble': 'trouble: Input/output error' })).toBe('data-unreadable');
    expect(dataOf({ unmounted: '/var/lib/etcd' })).toBe('data-not-mounted');
  });
});

test('a gateway is seen with where it listens', () => {
  const gateway = stateText({
    listen: ['http://h:1'],
    endpoints: ['http://a:1'],
    bootID: BOOT,
    askedAtMs: 1,
  });
  expect(factsFrom({ gateway }).gateway).toEqual({ kind: 'stopped' });
  const unit = 'MainPID=8\nSubState=running\nInvocationID=g';
  expect(factsFrom({ gateway, 'gateway.unit': unit }).gateway).toMatchObject({
    kind: 'running',
    flags: { listen: 'http://h:1', endpoints: 'http://a:1' },
  });
});

test('an answer that lacks a part is no look, and a damaged file of ours is none', () => {
  expect(parseLook(Buffer.from('@boot Ym9vdA==\n'), paths.dataDir)).toContain('lacks a part');
  expect(factsFrom({ member: '{ half', ended: ended() }).process).toEqual({ kind: 'stopped' });
});

test('the boot of a host keeps its date while answers come sooner or later', () => {
  const times = new BootTimes();
  const at = (now: number, uptime: number, boot = BOOT) =>
    times.of(host, boot, instantOf(now), uptime);
  expect(at(100_000, 50)).toBe(50_000);
  expect(at(101_900, 51)).toBe(50_000);
  expect(at(102_100, 52.2)).toBe(50_000);
  // Much sooner: the first answer was late.
  expect(at(102_000, 53)).toBe(49_000);
  // The seat's clock was set, and the host was started again.
  expect(at(3_600_000, 60)).toBe(3_540_000);
  expect(at(3_700_000, 5, 'next')).toBe(3_695_000);
});

describe('what somebody else changed in what we wrote', () => {
  const driftFrom = (parts: Readonly<Record<string, string>>) =>
    factsFrom(parts).drift?.map(({ code, data }) => [code, (data as { file: string }).file]);

  test('nothing, where everything is as it was written', () => {
    expect(
      driftFrom({
        member: memberFile(),
        'unit.digest': 'd  -',
        'gateway.digest': 'g  -',
        'gateway.written': 'g',
      }),
    ).toBeUndefined();
  });

  test('nothing is said of units that we did not write', () => {
    expect(driftFrom({ 'unit.digest': 'd  -', 'gateway.digest': 'g  -' })).toBeUndefined();
  });

  test('a unit, a drop-in, the unit of the gateway, a binary: each with its file', () => {
    const binary = '/opt/quorate/etcd/3.6.15/etcd';
    expect(
      driftFrom({
        member: memberFile(),
        'unit.digest': 'other  -',
        'drop-ins': `${paths.unitFile}.d/own.conf:Restart=no`,
        'gateway.digest': 'other  -',
        'gateway.written': 'g',
        binaries: `proven other ${binary}`,
      }),
    ).toEqual([
      ['unit-changed', paths.unitFile],
      ['unit-changed', `${paths.unitFile}.d`],
      ['unit-changed', paths.gatewayUnitFile],
      ['binary-changed', binary],
    ]);
  });
});
