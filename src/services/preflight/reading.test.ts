import { describe, expect, test } from 'vitest';
import { readDials, readListens } from './connections.js';
import { readHandshake } from './handshakes.js';
import { readFacts } from './read-facts.js';
import { readFields } from './scripts/common.js';

const bytes = (lines: readonly (readonly [string, string])[]): Uint8Array =>
  Buffer.from([...lines, ['end', '']].map(([name, value]) => `${name}\t${value}\n`).join(''));
const factsOf = (...lines: readonly (readonly [string, string])[]) => readFacts(bytes(lines));
const fieldsOf = (...lines: readonly (readonly [string, string])[]) => {
  const fields = readFields(bytes(lines));
  if (fields === undefined) throw new Error('It has an end.');
  return fields;
};

describe('what a host says of itself', () => {
  test('is not read at all when it was cut off', () => {
    expect(readFacts(Buffer.from('kernel\t6.1.0\nmemory\tMemTo'))).toBeUndefined();
  });

  test('is unknown where it said nothing', () => {
    expect(factsOf()).toMatchObject({
      kernel: undefined,
      processors: undefined,
      memory: { totalBytes: undefined },
      synchronized: undefined,
      storage: undefined,
      selinux: 'off',
    });
  });

  test('names who listens, by the kernel’s own table', () => {
    const listeners = factsOf(
      ['listener', '0100007F:094B 0 812 etcd'],
      ['listener', '00000000000000000000000000000000:094C 1000 - '],
      ['listener', '0000000000000000FFFF00000A01000A:094B 0 813 nginx'],
      ['listener', 'B80D01200000000000000000010000FE:094B 0 814 nginx'],
    )?.listeners;
    expect(listeners).toEqual([
      { address: '127.0.0.1', port: 2379, pid: 812, program: 'etcd' },
      { address: '::', port: 2380, pid: undefined, program: undefined },
      { address: '10.0.1.10', port: 2379, pid: 813, program: 'nginx' },
      { address: '2001:db8:0:0:0:0:fe00:1', port: 2379, pid: 814, program: 'nginx' },
    ]);
  });

  test('names etcds, with their data by flag or by environment', () => {
    const etcd = factsOf(
      ['etcd.process', '7 /usr/bin/etcd --name a --data-dir /srv/a '],
      ['etcd.process', '8 etcd --data-dir=/srv/b'],
      ['etcd.process', '9 etcd'],
      ['etcd.variables', '9 ETCD_NAME=c ETCD_DATA_DIR=/srv/c '],
      ['etcd.contained', '8'],
      ['etcd.unit', 'etcd.service active'],
      ['etcd.package', 'etcd-server 3.4.23'],
    )?.etcd;
    expect(
      etcd?.processes.map(({ pid, dataDir, isContained }) => [pid, dataDir, isContained]),
    ).toEqual([
      [7, '/srv/a', false],
      [8, '/srv/b', true],
      [9, '/srv/c', false],
    ]);
    expect(etcd).toMatchObject({
      units: [{ unit: 'etcd.service', state: 'active' }],
      packages: ['etcd-server 3.4.23'],
    });
  });

  test('tells what the data are on', () => {
    const storage = factsOf(
      ['data.base', '/var/lib/etcd'],
      ['data.exists', 'yes'],
      ['data.space', '/dev/sdb1 20511312 45000 19398904 1% /var/lib/etcd'],
      ['data.files', '/dev/sdb1 1310720 11 1310709 1% /var/lib/etcd'],
      [
        'data.mount',
        '36 25 8:17 / /var/lib/etcd rw,noatime shared:18 - ext4 /dev/sdb1 rw,barrier=0',
      ],
      ['data.rotational', '0'],
      ['disk.how', 'perl'],
      ['disk.took', '400 600 12000'],
    )?.storage;
    expect(storage).toMatchObject({
      kind: 'seen',
      exists: true,
      totalBytes: 20511312 * 1024,
      availableBytes: 19398904 * 1024,
      availableFiles: 1310709,
      mount: {
        point: '/var/lib/etcd',
        fileSystem: 'ext4',
        device: '/dev/sdb1',
        options: ['rw', 'noatime', 'barrier=0'],
      },
      rotational: false,
      timing: { kind: 'each', tookMs: [0.4, 0.6, 12], isGentle: false },
    });
  });

  test('knows a file system that does not count its files', () => {
    const storage = factsOf(['data.base', '/x'], ['data.files', 'tank/etcd 0 0 0 - /x'])?.storage;
    expect(storage).toMatchObject({ availableFiles: undefined });
  });

  test.each([
    [['disk.mean', '0.52 100'], { kind: 'mean', meanMs: 5.2, writes: 100 }],
    [
      ['disk.failed', '1 No space left on device '],
      { kind: 'failed', words: 'No space left on device' },
    ],
    [['disk.failed', '124 '], { kind: 'hung' }],
    [
      ['disk.failed', 'no perl, python3 or dd'],
      { kind: 'failed', words: 'no perl, python3 or dd' },
    ],
    [['storage.hung', 'yes'], { kind: 'hung' }],
    [['disk.how', 'perl'], { kind: 'failed' }],
  ] as const)('a disk of which it said %j', (line, timing) => {
    expect(factsOf(['data.base', '/x'], line)?.storage).toMatchObject({ timing });
  });

  test('a disk that answered nothing at all', () => {
    expect(factsOf(['storage.hung', 'yes'])?.storage).toEqual({ kind: 'hung' });
  });

  test('what a name is there, and whether it was answered', () => {
    expect(
      factsOf(
        ['name', 'a.test 0 10.0.1.10 fd00::1 '],
        ['name', 'b.test 2 '],
        ['name', 'c.test 124 '],
      )?.names,
    ).toEqual([
      { name: 'a.test', addresses: ['10.0.1.10', 'fd00::1'], isLate: false },
      { name: 'b.test', addresses: [], isLate: false },
      { name: 'c.test', addresses: [], isLate: true },
    ]);
  });
});

test.each([
  ['0 up 4711 systemd', { kind: 'up', pid: 4711 }],
  [`0 failed Failed to open '0.0.0.0:2380': Address already in use`, { kind: 'taken' }],
  [
    `0 failed Failed to open '10.0.1.10:2380': Cannot assign requested address`,
    { kind: 'not-its-own' },
  ],
  ['0 failed Permission denied', { kind: 'failed', words: 'Permission denied' }],
  ['0 none', { kind: 'no-listener' }],
])('listening that ended with "%s"', (line, end) => {
  expect(readListens(fieldsOf(['listen', line]), 1)).toEqual([end]);
});

test('the ports of a host that holds a member were left alone', () => {
  const left = { kind: 'left-alone' };
  expect(readListens(fieldsOf(['held', '/var/lib/etcd/prod']), 2)).toEqual([left, left]);
});

test.each([
  [
    '0 0 connected 412 quorate-check t h 1',
    { kind: 'connected', tookMs: 0.412, word: 'quorate-check t h 1' },
  ],
  ['0 0 connected - ', { kind: 'connected', tookMs: undefined, word: '' }],
  [
    '0 1 dial: connect: Connection refused dial: line 2: /dev/tcp/h/1: Connection refused',
    { kind: 'refused' },
  ],
  ['0 1 dial: connect: No route to host', { kind: 'no-route' }],
  ['0 1 dial: connect: Network is unreachable', { kind: 'no-route' }],
  ['0 1 dial: x.test: Name or service not known', { kind: 'name-unknown' }],
  ['0 1 x.test: Temporary failure in name resolution', { kind: 'name-unknown' }],
  ['0 124 ', { kind: 'silent' }],
  ['0 1 timed out', { kind: 'silent' }],
  ['0 1 Permission denied', { kind: 'failed', words: 'Permission denied' }],
])('connecting that ended with "%s"', (line, end) => {
  expect(readDials(fieldsOf(['how', 'bash'], ['dial', line]), 1)).toEqual([end]);
});

test('a host that has nothing to connect with', () => {
  expect(readDials(fieldsOf(['how', ''], ['dial', '0 1 ']), 1)).toEqual([{ kind: 'no-dialler' }]);
});

test.each([
  [
    `0 CONNECTION ESTABLISHED;Protocol version: TLSv1.3;Peer certificate: CN = s;Verification: OK`,
    { kind: 'seen', value: { kind: 'well' } },
  ],
  [
    `1 depth=0 CN = w;verify error:num=64:IP address mismatch;4017:error:0A000086:SSL routines:tls_post_process_server_certificate:certificate verify failed:../ssl/statem/statem_clnt.c:1889:`,
    { kind: 'seen', value: { kind: 'untrusted', words: 'IP address mismatch' } },
  ],
  [
    `1 CONNECTION ESTABLISHED;Verification: OK;4057:error:0A000418:SSL routines:ssl3_read_bytes:tlsv1 alert unknown ca:../ssl/record/rec_layer_s3.c:1601:SSL alert number 48`,
    { kind: 'seen', value: { kind: 'refused', words: 'alert unknown ca' } },
  ],
  [
    `1 4037:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl/record/ssl3_record.c:350:`,
    { kind: 'seen', value: { kind: 'plain-text' } },
  ],
  ['124 ', { kind: 'unseen', because: 'no answer within 5 s' }],
])('what openssl says: %s', (said, end) => {
  expect(readHandshake(said)).toEqual(end);
});
