import { describe, expect, test } from 'vitest';
import { instantOf, seededRandom, silentLogger, unsafeBrand } from '../../base/index.js';
import { virtualClock } from '../../base/testing/virtual-clock.js';
import type { ClusterName, EtcdVersion, HostName } from '../../core/cluster/index.js';
import type { HostShell, ShellCommand } from '../../engine/ports/index.js';
import { createSSHDriver } from './driver.js';

const HOST = unsafeBrand<HostName>('10.0.1.10');
const VERSION = unsafeBrand<EtcdVersion>('3.6.15');
const NEVER = new AbortController().signal;
const STOPPED = 'MainPID=0\nActiveState=inactive\nSubState=dead\nDropInPaths=\nInvocationID=';

/** The former unit's process as the host tells it. */
const former = (words: readonly string[], main = '7') => ({
  'former.pid': '7',
  'former.main': main,
  'former.cmdline': words.map((word) => `${word}\0`).join(''),
  'former.stat': `7 (etcd) S ${'0 '.repeat(18)}4200 0`,
  'former.cwd': '/var/lib/etcd\n',
  'former.environment': 'ETCD_SNAPSHOT_COUNT=5000\nETCD_NAME=infra0',
});
const ETCD = ['/usr/bin/etcd', '-data-dir', 'infra0.etcd', '-initial-cluster-state', 'new'];

/** A driver for a host that tells this at every look; what else is asked there is kept, and answered with this code. */
function driverOf(
  parts: Readonly<Record<string, string>>,
  code = 0,
  unit = 'etcd.service',
  then: readonly Readonly<Record<string, string>>[] = [],
) {
  const asked: ShellCommand[] = [];
  const looks = [parts, ...then].map((each) =>
    Object.entries({
      unit: STOPPED,
      'gateway.unit': STOPPED,
      boot: 'b',
      uptime: '100.00 7.0',
      ...each,
    })
      .map(([name, text]) => `@${name} ${Buffer.from(text).toString('base64')}\n`)
      .join(''),
  );
  const shell: HostShell = {
    run: async (_host, command) => {
      const isLook = command.doing === 'look at the member';
      if (!isLook) asked.push(command);
      const look = isLook && looks.length > 1 ? looks.shift() : looks[0];
      return {
        kind: 'ended',
        code: isLook ? 0 : code,
        stdout: Buffer.from(isLook ? (look ?? '') : ''),
        stderr: '',
      };
    },
  };
  const driver = createSSHDriver({
    cluster: unsafeBrand<ClusterName>('prod'),
    shell,
    loginTo: () => 'ssh host',
    candidates: () => [HOST],
    binaryFor: () => Promise.reject(new Error('no binary here')),
    gatewayVersion: () => VERSION,
    scheme: 'http',
    adopted: () => ({
      ...(unit === '' ? {} : { unit }),
      dataDir: '/var/lib/etcd/infra0.etcd',
      version: VERSION,
    }),
    clock: virtualClock(instantOf(1_000_000)),
    random: seededRandom(1),
    logger: silentLogger,
  });
  return { driver, asked };
}

describe('a member that a person made', () => {
  test('runs with the flags of the process that the person started, as ours would say them', async () => {
    const { driver } = driverOf(former(ETCD));
    const { process } = await driver.observe(HOST, NEVER);
    expect(process).toEqual({
      kind: 'running',
      startedAt: 1_000_000 - 100_000 + 42_000,
      flags: {
        name: 'infra0',
        'data-dir': '/var/lib/etcd/infra0.etcd',
        'listen-peer-urls': 'http://localhost:2380',
        'listen-client-urls': 'http://localhost:2379',
        'advertise-client-urls': 'http://localhost:2379',
        'log-outputs': 'stderr',
        'snapshot-count': '5000',
      },
    });
  });

  test('that is about to become etcd has no flags yet: nothing is concluded', async () => {
    const { driver } = driverOf(
      former(['/usr/lib/systemd/systemd-executor', '--deserialize', '9']),
    );
    expect((await driver.observe(HOST, NEVER)).process).toMatchObject({ kind: 'unseen' });
  });

  test('that ends or begins while it is looked at is looked at again', async () => {
    const ending = former([]);
    const { driver } = driverOf(ending, 0, 'etcd.service', [ending, {}]);
    expect((await driver.observe(HOST, NEVER)).process).toEqual({ kind: 'stopped' });
  });

  test('is stopped where the person’s unit runs it, and not where somebody started it beside that', async () => {
    // Our own unit is not there, and then the person's is asked.
    const beside = driverOf(former(ETCD, '0'), 36);
    expect(await beside.driver.stop(HOST, { graceMs: 10 }, NEVER)).toMatchObject({
      kind: 'refused',
      problem: { code: 'started-by-hand' },
    });
    expect(
      beside.asked.filter(({ script }) => script.includes('stop --no-block etcd.service')),
    ).toEqual([]);

    const units = driverOf(former(ETCD), 36);
    await units.driver.stop(HOST, { graceMs: 10 }, NEVER);
    expect(units.asked.at(-1)?.script).toContain('systemctl stop --no-block etcd.service');
  });

  test('that somebody typed is ended itself, as long as it has this database open', async () => {
    const typed = driverOf(former(ETCD, '0'), 36, '');
    await typed.driver.stop(HOST, { graceMs: 10 }, NEVER);
    const script = typed.asked.at(-1)?.script ?? '';
    expect(script).toContain('kill -s TERM 7');
    expect(script).toContain(' -> /var/lib/etcd/infra0.etcd/member/');
  });

  test('does not run when neither unit does', async () => {
    const { driver } = driverOf({});
    expect((await driver.observe(HOST, NEVER)).process).toEqual({ kind: 'stopped' });
  });
});
