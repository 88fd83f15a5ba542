import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, readFile, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type Outcome,
  type Result,
  defineProblem,
  err,
  ok,
  seededRandom,
  silentLogger,
  systemClock,
} from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import type { HostDriver } from '../../engine/ports/index.js';
import { labEtcd, untilData, untilLogSays, untilProcess } from '../conformance/index.js';
import { createLocalDriver } from './driver.js';
import { memberPaths } from './layout.js';
import { type LocalRig, makeLocalRig, recordedPid } from './local-rig.js';
import { LOG_BYTES_MAX } from './member-log.js';

const NEVER = new AbortController().signal;
/** For what does not depend on etcd's version. */
const ANY_MINOR = '3.6';
const codeOf = (outcome: Outcome<unknown>): string =>
  outcome.kind === 'applied' ? 'applied' : `${outcome.kind}: ${outcome.problem.code}`;

describe('members as processes of this machine', () => {
  let rig: LocalRig;
  let host: HostName;
  let driver: HostDriver;
  const mounts: string[] = [];
  beforeEach(async () => {
    rig = await makeLocalRig(ANY_MINOR);
    host = rig.hosts[0];
    driver = rig.driver;
  });
  afterEach(async () => {
    const left = mounts.splice(0).reverse();
    await rig.end();
    for (const path of left) execFileSync('umount', [path]);
    await rig.dispose();
  });

  const paths = () => memberPaths(rig.stateDir, host);
  const start = (purpose: 'birth' | 'join' | 'restart') =>
    driver.start(host, rig.launchFor(host, purpose), NEVER);
  const stop = () => driver.stop(host, { graceMs: 10_000 }, NEVER);
  const observe = () => driver.observe(host, NEVER);
  const born = async () => {
    expect(codeOf(await start('birth'))).toBe('applied');
    await untilLogSays(driver, host, 'newRaft ');
  };
  const driverWith = (binary: Result<string>): HostDriver =>
    createLocalDriver({
      gatewayCommand: [],
      stateDir: rig.stateDir,
      binaryFor: () => Promise.resolve(binary),
      clock: systemClock,
      random: seededRandom(1),
      logger: silentLogger,
    });
  /** A small file system of its own. Needs root; without it the test fails and says so. */
  const mount = async (path: string, options: string) => {
    await mkdir(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', path]);
    mounts.push(path);
  };

  describe('whose process it is', () => {
    test('a spawn that we died before recording is found by its data directory', async () => {
      await born();
      const { pid, startMark, ...intent } = JSON.parse(
        await readFile(paths().process, 'utf8'),
      ) as Record<string, unknown>;
      expect(pid).toBeTypeOf('number');
      expect(startMark).toBeTypeOf('string');
      await writeFile(paths().process, JSON.stringify(intent));
      const next = await rig.anotherDriver();
      expect((await next.observe(host, NEVER)).process.kind).toBe('running');
      const again = await next.start(host, rig.launchFor(host, 'restart'), NEVER);
      expect(codeOf(again)).toBe('refused: already-running');
      expect(codeOf(await next.stop(host, { graceMs: 10_000 }, NEVER))).toBe('applied');
      expect((await next.observe(host, NEVER)).process).toMatchObject({
        kind: 'stopped',
        lastExit: { reason: 'asked' },
      });
    });

    test.each(['', '{"launch":', '{"launch":{}}'])(
      'a process file that says %j does not hide the process',
      async (content) => {
        await born();
        await writeFile(paths().process, content);
        expect((await observe()).process.kind).toBe('running');
        expect(codeOf(await stop())).toBe('applied');
        expect((await observe()).process).toEqual({ kind: 'stopped' });
      },
    );

    test('etcd that a person started there is by hand, and is left alone', async () => {
      await born();
      await stop();
      const { flags } = rig.launchFor(host, 'restart');
      const { 'data-dir': dataDir = '', ...rest } = flags;
      const words = Object.entries(rest).map(([name, value]) => `--${name}=${value}`);
      const { path } = await labEtcd(ANY_MINOR);
      const child = spawn(path, ['--data-dir', dataDir, ...words], {
        stdio: 'ignore',
      });
      await once(child, 'spawn');
      expect((await observe()).process).toEqual({ kind: 'by-hand' });
      expect(codeOf(await start('restart'))).toBe('refused: started-by-hand');
      expect(codeOf(await stop())).toBe('refused: started-by-hand');
      expect(child.exitCode).toBeNull();
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect((await observe()).process.kind).toBe('stopped');
    });

    test('it has a session of its own, none of our ETCD_ variables, and private directories', async () => {
      process.env['ETCD_NAME'] = 'from-our-environment';
      try {
        await born();
      } finally {
        delete process.env['ETCD_NAME'];
      }
      const pid = await recordedPid(paths().process);
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
      expect(environment).not.toContain('ETCD_');
      expect(environment).toContain('PATH=');
      const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).replace(/^.*\) /, '').split(' ');
      // The process group and the session.
      expect(fields.slice(2, 4)).toEqual([String(pid), String(pid)]);
      expect((await stat(paths().directory)).mode & 0o777).toBe(0o700);
      expect((await stat(paths().log)).mode & 0o777).toBe(0o600);
    });

    test('the machine was started again: the life is over, and it is no failed start', async () => {
      await born();
      await rig.signalMember(host, 'SIGKILL');
      await untilProcess(driver, host, 'stopped');
      const life = await readFile(paths().process, 'utf8');
      await writeFile(
        paths().process,
        life.replace(/"startMark": "[^/]+/, '"startMark": "earlier'),
      );
      expect((await observe()).process).toMatchObject({
        kind: 'stopped',
        lastExit: { reason: 'killed', inARow: 0 },
      });
    });
  });

  describe('the binary', () => {
    test('that is not there, or cannot be executed: refused, and nothing is remembered as a life', async () => {
      const missing = join(rig.stateDir, 'no-such-etcd');
      const launch = rig.launchFor(host, 'birth');
      const outcome = await driverWith(ok(missing)).start(host, launch, NEVER);
      expect(codeOf(outcome)).toBe('refused: binary-not-runnable');
      await writeFile(missing, 'not a program');
      await chmod(missing, 0o600);
      const again = await driverWith(ok(missing)).start(host, launch, NEVER);
      expect(codeOf(again)).toBe('refused: binary-not-runnable');
      expect(await observe()).toEqual({ process: { kind: 'stopped' }, data: { kind: 'empty' } });
    });

    test('whose source has a problem with it: that problem is passed on', async () => {
      const lies = defineProblem('binary-lies', () => ({ summary: 's', detail: '', hint: '' }));
      const launch = rig.launchFor(host, 'birth');
      const outcome = await driverWith(err(lies({}))).start(host, launch, NEVER);
      expect(codeOf(outcome)).toBe('refused: binary-lies');
    });
  });

  describe('the disk', () => {
    test('is too small for a log: disk-full, before raft, and nothing counts as data', async () => {
      await mount(paths().dataDir, 'size=2m');
      expect(codeOf(await start('birth'))).toBe('applied');
      const { lastExit } = await untilProcess(driver, host, 'stopped');
      expect(lastExit).toMatchObject({ reason: 'disk-full', beforeRaft: true });
      expect((await observe()).data).toEqual({ kind: 'empty' });
    });

    test('has no room for our own files: refused with the true reason', async () => {
      await mount(rig.stateDir, 'size=64k');
      await writeFile(join(rig.stateDir, 'fill'), Buffer.alloc(1024 * 1024)).catch(() => undefined);
      expect(codeOf(await start('birth'))).toBe('refused: directory-full');
    });

    test('of the data is read-only', async () => {
      await mount(paths().dataDir, 'size=2m,ro');
      expect(codeOf(await start('birth'))).toBe('applied');
      const { lastExit } = await untilProcess(driver, host, 'stopped');
      expect(lastExit).toMatchObject({ reason: 'read-only', beforeRaft: true });
    });

    test('of our own files is read-only: refused with the true reason', async () => {
      await mount(rig.stateDir, 'size=64k,ro');
      expect(codeOf(await start('birth'))).toBe('refused: directory-read-only');
    });
  });

  describe('the log', () => {
    test('that has grown too long is moved aside at the next start', async () => {
      await born();
      await stop();
      await truncate(paths().log, LOG_BYTES_MAX + 1);
      expect(codeOf(await start('restart'))).toBe('applied');
      await untilLogSays(driver, host, 'newRaft ');
      expect((await stat(paths().olderLog)).size).toBe(LOG_BYTES_MAX + 1);
      expect((await stat(paths().log)).size).toBeLessThan(LOG_BYTES_MAX);
    });
  });

  describe('killed at any moment of its birth', () => {
    test('its data is whole or nothing, never unreadable, and it can go on', async () => {
      const random = seededRandom(7);
      for (let round = 0; round < 30; round++) {
        const { data } = await observe();
        if (data.kind === 'present') await rig.wipe(host);
        expect(codeOf(await start('birth'))).toBe('applied');
        await systemClock.sleep(random.next() * 60, NEVER);
        await rig.signalMember(host, 'SIGKILL').catch(() => undefined);
        await untilProcess(driver, host, 'stopped');
        const { data: after } = await observe();
        if (after.kind === 'unreadable') throw new Error(after.problem.detail);
        expect(['empty', 'present']).toContain(after.kind);
      }
      const purpose = (await observe()).data.kind === 'present' ? 'restart' : 'birth';
      expect(codeOf(await start(purpose))).toBe('applied');
      await untilData(driver, host, 'present');
    });
  });

  describe('a taken metrics port', () => {
    test('ends it after its log was made: its data is kept, and it may not be born again', async () => {
      const launch = rig.launchFor(host, 'birth');
      const url = launch.flags['listen-client-urls'] ?? '';
      const other = rig.launchFor(rig.hosts[1], 'birth').flags['listen-metrics-urls'] ?? '';
      const flags = { ...launch.flags, 'listen-metrics-urls': other };
      const release = await rig.takePort(Number(other.split(':').at(-1)));
      expect(url).not.toBe(other);
      expect(codeOf(await driver.start(host, { ...launch, flags }, NEVER))).toBe('applied');
      const { lastExit } = await untilProcess(driver, host, 'stopped');
      expect(lastExit).toMatchObject({ reason: 'port-taken', beforeRaft: false });
      await release();
      expect((await observe()).data.kind).toBe('present');
      expect(codeOf(await start('birth'))).toBe('refused: data-present');
      expect(codeOf(await start('restart'))).toBe('applied');
    });
  });
});
