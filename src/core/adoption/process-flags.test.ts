import { describe, expect, test } from 'vitest';
import { unsafeBrand } from '../../base/index.js';
import type { EtcdMinor, EtcdVersion } from '../cluster/index.js';
import { flagsOfProcess } from './process-flags.js';
import { settledFlags } from './settled-flags.js';

const MINOR = unsafeBrand<EtcdMinor>('3.6');
const VERSION = unsafeBrand<EtcdVersion>('3.6.15');

const flagsOf = (line: string, environment: readonly string[] = [], config?: string) =>
  flagsOfProcess(
    { words: line.split(' '), environment, ...(config === undefined ? {} : { config }) },
    MINOR,
  );

describe('what a process was started with', () => {
  test('one dash or two, the value behind a sign or as the next word, and a word less for true', () => {
    expect(
      flagsOf('/usr/bin/etcd -name infra0 --data-dir=/data -client-cert-auth --enable-pprof=1'),
    ).toEqual({
      ok: true,
      value: {
        name: 'infra0',
        'data-dir': '/data',
        'client-cert-auth': 'true',
        'enable-pprof': 'true',
      },
    });
  });

  test('a variable counts where no flag is given; one that etcd does not know says nothing', () => {
    const environment = ['ETCD_NAME=infra1', 'ETCD_DATA_DIR=/data', 'ETCD_UNSUPPORTED_ARCH=arm64'];
    expect(flagsOf('etcd --data-dir /flag', environment)).toEqual({
      ok: true,
      value: { name: 'infra1', 'data-dir': '/flag' },
    });
  });

  test('a configuration file makes etcd ignore everything else', () => {
    const config = `
name: infra2
heartbeat-interval: 250
log-outputs: [stderr]
feature-gates: StopGRPCServiceOnDefrag=true
client-transport-security: { cert-file: /c.crt, key-file: /c.key, client-cert-auth: true }
peer-transport-security: { cert-file: /p.crt, allowed-cn: peer }
nobody-knows: this
`;
    expect(
      flagsOf('etcd --name flag --config-file /etc/etcd.yaml', ['ETCD_NAME=env'], config),
    ).toEqual({
      ok: true,
      value: {
        name: 'infra2',
        'heartbeat-interval': '250',
        'log-outputs': 'stderr',
        'feature-gates': 'StopGRPCServiceOnDefrag=true',
        'cert-file': '/c.crt',
        'key-file': '/c.key',
        'client-cert-auth': 'true',
        'peer-cert-file': '/p.crt',
        'peer-cert-allowed-cn': 'peer',
      },
    });
  });

  test.each([
    ['a file that cannot be read', 'etcd --config-file /gone', 'cannot be read'],
    ['a flag that no etcd has', 'etcd --frobnicate=1', '--frobnicate'],
    ['a word that is none', 'etcd serve', '"serve"'],
  ])('%s is told, not guessed', (_what, line, says) => {
    expect(flagsOf(line)).toMatchObject({ ok: false, error: expect.stringContaining(says) });
  });
});

describe('as a settled life would have said it', () => {
  test('defaults, what is read at a birth alone, and where the log goes say nothing', () => {
    expect(
      settledFlags(
        {
          name: 'infra0',
          'data-dir': '/data',
          'listen-client-urls': 'http://127.0.0.1:2379,http://10.0.1.10:2379',
          'initial-cluster': 'infra0=http://10.0.1.10:2380',
          'initial-cluster-state': 'new',
          'election-timeout': '1000',
          'log-outputs': '/var/log/etcd.log',
          logger: 'zap',
          'snapshot-count': '5000',
        },
        VERSION,
      ),
    ).toEqual({
      name: 'infra0',
      'data-dir': '/data',
      'listen-peer-urls': 'http://localhost:2380',
      'listen-client-urls': 'http://10.0.1.10:2379,http://127.0.0.1:2379',
      'advertise-client-urls': 'http://localhost:2379',
      'log-outputs': 'stderr',
      'snapshot-count': '5000',
    });
  });

  test('a duration and an old spelling are what the spec would make of them', () => {
    const flags = settledFlags(
      { 'grpc-keepalive-interval': '120m', 'experimental-corrupt-check-time': '60m' },
      VERSION,
    );
    expect(flags).not.toHaveProperty('grpc-keepalive-interval');
    expect(flags).toMatchObject({ 'corrupt-check-time': '1h' });
  });
});
