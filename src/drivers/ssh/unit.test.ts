import { describe, expect, test } from 'vitest';
import { unsafeBrand } from '../../base/index.js';
import { BOOTSTRAP_ONLY_FLAGS, type ClusterName } from '../../core/cluster/index.js';
import { hostPaths } from './layout.js';
import { gatewayUnit, memberUnit, ticketOf, unfitForTicket, unitWord } from './unit.js';

const paths = hostPaths(unsafeBrand<ClusterName>('prod'));
const binary = '/opt/quorate/etcd/3.6.15/etcd';
const flags = {
  name: 'etcd0',
  'data-dir': paths.dataDir,
  'initial-cluster': 'etcd0=http://10.0.1.10:2380',
  'initial-cluster-state': 'new',
  'initial-cluster-token': 'prod-1',
  'initial-advertise-peer-urls': 'http://10.0.1.10:2380',
};
const unit = memberUnit({ paths, binary, flags });
const settings = (name: string): readonly string[] =>
  unit
    .split('\n')
    .filter((line) => line.startsWith(`${name}=`))
    .map((line) => line.slice(name.length + 1));

describe('the unit of a member', () => {
  test('never says new: no bootstrap flag of the launch is in it', () => {
    for (const name of BOOTSTRAP_ONLY_FLAGS) {
      if (name !== 'initial-cluster-state') expect(unit).not.toContain(`--${name}=`);
    }
    expect(unit.match(/--initial-cluster-state=\w+/g)).toEqual([
      '--initial-cluster-state=existing',
    ]);
    expect(memberUnit({ paths, binary, flags: { name: 'etcd0', 'data-dir': paths.dataDir } })).toBe(
      unit,
    );
  });

  test('starts nothing without a log or a ticket, and nothing that was removed', () => {
    expect(settings('AssertDirectoryNotEmpty')).toEqual(['|/var/lib/etcd/prod/member/wal']);
    expect(settings('AssertPathExists')).toEqual([
      '!/var/lib/quorate/prod/removed',
      '|/run/quorate/prod/ticket',
    ]);
  });

  test('takes its ticket from where nothing outlasts a boot', () => {
    expect(paths.ticket).toMatch(/^\/run\//);
    expect(settings('EnvironmentFile')).toEqual([`-${paths.usedTicket}`]);
    expect(paths.usedTicket).toMatch(/^\/run\//);
  });

  test('is tried again for ever, and given time to hand over', () => {
    expect(settings('Restart')).toEqual(['always']);
    expect(settings('StartLimitIntervalSec')).toEqual(['0']);
    expect(Number(settings('TimeoutStopSec')[0])).toBeGreaterThanOrEqual(15);
  });

  test('names of two clusters are never the same', () => {
    const other = hostPaths(unsafeBrand<ClusterName>('prod-gateway'));
    expect(other.unit).not.toBe(paths.gatewayUnit);
    expect(other.dataDir).not.toBe(paths.asideDir);
  });
});

test.each([
  ['plain', '"plain"'],
  ['', '""'],
  ['100%', '"100%%"'],
  ['$HOME', '"$$HOME"'],
  ['a "b" \\c', '"a \\"b\\" \\\\c"'],
  ['two\nlines', '"two\\nlines"'],
])('the word %j is written %s', (word, written) => {
  expect(unitWord(word)).toBe(written);
});

test('a ticket holds the bootstrap flags and nothing else', () => {
  expect(ticketOf(flags)).toBe(
    'QUORATE_FIRST="--initial-advertise-peer-urls=http://10.0.1.10:2380 --initial-cluster=etcd0=http://10.0.1.10:2380 --initial-cluster-state=new --initial-cluster-token=prod-1"\n',
  );
  expect(unfitForTicket(flags)).toEqual([]);
  expect(unfitForTicket({ ...flags, name: 'a b' })).toEqual([]);
  for (const token of ['a b', 'a"b', "a'b", 'a\\b', 'a\nb']) {
    expect(unfitForTicket({ 'initial-cluster-token': token })).toHaveLength(1);
  }
});

test('the unit of a gateway names where it listens and whom it forwards to', () => {
  const text = gatewayUnit({ paths, binary, listen: '0.0.0.0:2379', endpoints: ['a:1', 'b:1'] });
  expect(text).toContain(
    'gateway start \\\n    "--listen-addr=0.0.0.0:2379" \\\n    "--endpoints=a:1,b:1"',
  );
});
