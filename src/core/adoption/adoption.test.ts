import { describe, expect, test } from 'vitest';
import { type Problem, parseMemberID, unsafeBrand } from '../../base/index.js';
import type { ClusterName, EtcdVersion, HostName, Member, StatusSight } from '../cluster/index.js';
import type { FilesOfPlane } from '../spec/index.js';
import { adoptionOf } from './adoption.js';
import type { ClusterSighting, EtcdSighting, HostSighting } from './sights.js';

type ID = Member['id'];
const id = (text: string): ID => {
  const parsed = parseMemberID(text);
  if (parsed === undefined) throw new Error(text);
  return parsed;
};

const CLUSTER_ID = unsafeBrand<ClusterSighting['membership']['clusterID']>('00000000000000cc');
const IDS = ['0a', '0b', '0c'].map((end) => id(`00000000000000${end}`));
const SEAT: FilesOfPlane = { cert: '/seat.crt', key: '/seat.key', ca: '/ca.crt' };

const address = (i: number): string => `10.0.1.1${i}`;

/** Three members as the seed makes them; a test changes what it is about. */
interface World {
  readonly members: Member[];
  readonly statuses: Map<ID, StatusSight>;
  readonly hosts: EtcdSighting[][];
  authOn: boolean | undefined;
  seat: FilesOfPlane | undefined;
}

function world(scheme: 'http' | 'https' = 'http', more: readonly string[] = []): World {
  const statuses = new Map<ID, StatusSight>(IDS.map((each) => [each, statusOf(each)]));
  const members = IDS.map((each, i): Member => ({
    id: each,
    name: unsafeBrand<Exclude<Member['name'], ''>>(`infra${i}`),
    peerURLs: [unsafeBrand(`${scheme}://${address(i)}:2380`)],
    clientURLs: [unsafeBrand(`${scheme}://${address(i)}:2379`)],
    isLearner: false,
  }));
  const hosts = IDS.map((_, i) => [processOf(i, scheme, more)]);
  return { members, statuses, hosts, authOn: false, seat: undefined };
}

const statusOf = (memberID: ID, version = '3.6.15'): StatusSight => ({
  kind: 'answered',
  memberID,
  clusterID: CLUSTER_ID,
  leader: id('000000000000000a'),
  isLearner: false,
  version: unsafeBrand<EtcdVersion>(version),
  raftTerm: unsafeBrand(2n),
  raftIndex: unsafeBrand(9n),
  raftAppliedIndex: unsafeBrand(9n),
  dbSizeBytes: 1,
  errors: [],
});

function processOf(i: number, scheme = 'http', more: readonly string[] = []): EtcdSighting {
  const at = `${scheme}://${address(i)}`;
  return {
    pid: 100 + i,
    words: [
      '/usr/bin/etcd',
      `-name=infra${i}`,
      `--data-dir=/data/etcd`,
      `--listen-peer-urls=${at}:2380`,
      `--listen-client-urls=${at}:2379`,
      `--advertise-client-urls=${at}:2379`,
      '--initial-cluster-token=etcd-cluster-1',
      ...more,
    ],
    environment: [],
    user: 'root',
    keeper: { kind: 'unit', unit: 'etcd.service', atBoot: true },
    dataDir: '/data/etcd',
    walDir: '/data/etcd/member/wal',
    identity: { memberID: IDS[i] ?? id('0'), clusterID: CLUSTER_ID },
    closedDirectories: [],
    closedFiles: [],
    changedFiles: [],
  };
}

function adopted(of: World) {
  const { members, statuses, authOn, seat } = of;
  return adoptionOf({
    name: unsafeBrand<ClusterName>('prod'),
    ssh: { user: 'root' },
    cluster: {
      membership: { clusterID: CLUSTER_ID, members },
      statuses,
      authOn,
      ...(seat === undefined ? {} : { seat }),
    },
    hosts: of.hosts.map((processes, i): HostSighting => ({
      kind: 'seen',
      host: unsafeBrand<HostName>(address(i)),
      processes,
    })),
  });
}

/** One process of the world with something else in it. */
function change(of: World, i: number, changed: Partial<EtcdSighting>): World {
  const [process] = of.hosts[i] ?? [];
  if (process !== undefined) of.hosts[i] = [{ ...process, ...changed }];
  return of;
}

const problemsOf = (of: World): readonly Problem[] => {
  const result = adopted(of);
  return result.ok ? [] : result.error;
};
const codesOf = (of: World): readonly string[] => problemsOf(of).map(({ code }) => code);

describe('a cluster made by hand', () => {
  test('becomes a spec and a record in which every member has its place', () => {
    const result = adopted(world('http', ['--snapshot-count=5000', '--enable-pprof']));
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    const { spec, record } = result.value;
    expect(spec).toMatchObject({
      name: 'prod',
      version: '3.6.15',
      driver: { kind: 'ssh', options: { user: 'root' } },
      members: [0, 1, 2].map((i) => ({ name: `infra${i}`, host: address(i) })),
      etcd: { 'snapshot-count': 5000, 'enable-pprof': true },
      tls: { kind: 'off' },
    });
    expect(record).toMatchObject({ clusterID: CLUSTER_ID, token: 'etcd-cluster-1' });
    expect(record.addresses[address(1)]).toEqual({
      peerURLs: ['http://10.0.1.11:2380'],
      clientURLs: ['http://10.0.1.11:2379'],
      listenPeerURLs: ['http://10.0.1.11:2380'],
      listenClientURLs: ['http://10.0.1.11:2379'],
      listenMetricsURLs: [],
      dataDir: '/data/etcd',
      adopted: { unit: 'etcd.service' },
    });
  });

  test('a data directory that depends on where it was started is the one that it holds open', () => {
    const of = world();
    const [process] = of.hosts[0] ?? [];
    const words = (process?.words ?? []).filter((word) => !word.startsWith('--data-dir'));
    const dataDir = '/srv/infra0.etcd';
    change(of, 0, { words, dataDir, walDir: `${dataDir}/member/wal` });
    const result = adopted(of);
    expect(result.ok && result.value.record.addresses[address(0)]?.dataDir).toBe(dataDir);
  });

  test('an even number of members is meant', () => {
    const of = world();
    of.members.pop();
    of.hosts.pop();
    const result = adopted(of);
    expect(result.ok && result.value.spec.allowEvenSize).toBe(true);
  });

  test('its certificates stay its own', () => {
    const files = ['client', 'peer'].flatMap((plane) => {
      const prefix = plane === 'peer' ? '--peer-' : '--';
      return [
        `${prefix}cert-file=/etc/etcd/${plane}.crt`,
        `${prefix}key-file=/etc/etcd/${plane}.key`,
        `${prefix}trusted-ca-file=/etc/etcd/ca.crt`,
        `${prefix}client-cert-auth`,
      ];
    });
    const of = world('https', files);
    expect(codesOf(of)).toEqual(['adopt-tls']);
    of.seat = SEAT;
    const result = adopted(of);
    expect(result.ok && result.value.spec.tls).toEqual({
      kind: 'files',
      files: {
        client: {
          cert: '/etc/etcd/client.crt',
          key: '/etc/etcd/client.key',
          ca: '/etc/etcd/ca.crt',
        },
        peer: { cert: '/etc/etcd/peer.crt', key: '/etc/etcd/peer.key', ca: '/etc/etcd/ca.crt' },
        seat: SEAT,
      },
    });
    // Whoever lets clients in without a certificate runs otherwise than a spec would have it.
    const open = world(
      'https',
      files.filter((flag) => flag !== '--client-cert-auth'),
    );
    open.seat = SEAT;
    expect(problemsOf(open)).toMatchObject(
      [0, 1, 2].map((i) => ({
        code: 'adopt-flag',
        data: { host: address(i), flag: 'client-cert-auth' },
      })),
    );
  });
});

describe('what stands in the way', () => {
  const OTHER = unsafeBrand<typeof CLUSTER_ID>('00000000000000dd');
  const cases: readonly (readonly [string, (of: World) => unknown, readonly string[]])[] = [
    [
      'a member that never started',
      (of) => (of.members[2] = { ...of.members[2], name: '' } as Member),
      ['adopt-member-unready', 'adopt-contradiction'],
    ],
    [
      'a learner',
      (of) => (of.members[2] = { ...of.members[2], isLearner: true } as Member),
      ['adopt-member-unready'],
    ],
    [
      'a member that does not answer',
      (of) => of.statuses.set(id('000000000000000c'), { kind: 'silent', because: 'refused' }),
      ['adopt-member-unready'],
    ],
    [
      'an etcd that Quorate does not run',
      (of) => IDS.forEach((each) => of.statuses.set(each, statusOf(each, '3.3.27'))),
      ['adopt-version'],
    ],
    [
      'an upgrade in its middle',
      (of) => of.statuses.set(id('000000000000000b'), statusOf(id('000000000000000b'), '3.6.14')),
      ['adopt-version'],
    ],
    ['a host that nobody named', (of) => of.hosts.pop(), ['adopt-host-missing']],
    [
      'a member of another cluster',
      (of) => change(of, 2, { identity: { memberID: id('000000000000000c'), clusterID: OTHER } }),
      ['adopt-no-member', 'adopt-host-missing'],
    ],
    [
      'two members on one host',
      (of) => of.hosts.splice(1, 2, [processOf(1), processOf(2)]),
      ['adopt-several-members', 'adopt-host-missing', 'adopt-host-missing'],
    ],
    [
      'a process that nothing keeps',
      (of) => change(of, 0, { keeper: { kind: 'other', what: 'by hand' } }),
      ['adopt-kept-elsewhere'],
    ],
    ['a log on a disk of its own', (of) => change(of, 0, { walDir: '/fast/wal' }), ['adopt-data']],
    [
      'data that a boot takes away',
      (of) =>
        change(of, 0, {
          words: processOf(0).words.map((word) => word.replace('/data/', '/tmp/')),
          dataDir: '/tmp/etcd',
          walDir: '/tmp/etcd/member/wal',
        }),
      ['adopt-data'],
    ],
    [
      'data elsewhere than the flags say',
      (of) => change(of, 0, { dataDir: '/old', walDir: '/old/member/wal' }),
      ['adopt-contradiction'],
    ],
    [
      'data below what our user cannot pass',
      (of) => change(of, 0, { closedDirectories: ['/root'] }),
      ['adopt-data'],
    ],
    [
      'a key that our user cannot read',
      (of) => change(of, 0, { closedFiles: ['/etc/etcd/key.pem'] }),
      ['adopt-file-closed'],
    ],
    [
      'a configuration file that says something else by now',
      (of) =>
        change(of, 0, {
          config: 'name: infra0\n',
          changedFiles: ['/etc/etcd/etcd.yaml'],
        }),
      ['adopt-contradiction'],
    ],
    [
      'members that do not run alike',
      (of) => change(of, 1, { words: [...processOf(1).words, '--snapshot-count=7'] }),
      ['adopt-members-unlike'],
    ],
    [
      'a flag that no cluster should run with',
      (of) => change(of, 1, { words: [...processOf(1).words, '--unsafe-no-fsync'] }),
      ['adopt-flag'],
    ],
    [
      'another name than the member list has',
      (of) => change(of, 1, { words: [...processOf(1).words, '--name=other'] }),
      ['adopt-contradiction'],
    ],
    ['users, and no certificate to show', (of) => (of.authOn = true), ['adopt-auth']],
  ];

  test.each(cases)('%s', (_what, make, codes) => {
    const of = world();
    make(of);
    expect(codesOf(of)).toEqual(codes);
  });

  test('everything is told at once', () => {
    const of = world();
    of.authOn = true;
    of.hosts.pop();
    change(of, 0, { keeper: { kind: 'other', what: 'by hand' }, closedFiles: ['/k'] });
    change(of, 1, { words: [...processOf(1).words, '--snapshot-count=7', '--unsafe-no-fsync'] });
    expect(codesOf(of)).toEqual([
      'adopt-auth',
      'adopt-kept-elsewhere',
      'adopt-file-closed',
      'adopt-host-missing',
      'adopt-members-unlike',
      'adopt-flag',
    ]);
  });
});
