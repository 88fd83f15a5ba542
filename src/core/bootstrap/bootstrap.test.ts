import { describe, expect, test } from 'vitest';
import { type Result, memberIDOf, unsafeBrand } from '../../base/index.js';
import {
  type ClusterName,
  type ClusterRecord,
  type ClusterToken,
  type EtcdVersion,
  type HostAddresses,
  type Member,
  type MemberName,
  type PeerURL,
  type StartFlags,
  type Target,
  parseDomainName,
  differingFlags,
} from '../cluster/index.js';
import {
  type ClusterSpec,
  addMember,
  defaultSpec,
  renameMember,
  setPeerURLs,
} from '../spec/index.js';
import {
  birthFlags,
  checkFlags,
  etcdVariables,
  firstToStart,
  joinFlags,
  renderFlags,
  resolveTarget,
  restartFlags,
  FIRST_LIFE_FLAGS,
  withFastTimings,
} from './index.js';

const name = unsafeBrand<ClusterName>('demo');
const urlOf = (port: number) => unsafeBrand<PeerURL>(`http://127.0.0.1:${port}`);

const addressesAt = (port: number, host: string): HostAddresses => ({
  peerURLs: [urlOf(port + 1)],
  clientURLs: [unsafeBrand(`http://127.0.0.1:${port}`)],
  listenPeerURLs: [`http://127.0.0.1:${port + 1}`],
  listenClientURLs: [`http://127.0.0.1:${port}`],
  listenMetricsURLs: [`http://127.0.0.1:${port + 2}`],
  dataDir: `/state/${host}/data`,
});

const recordAt = (version: string): ClusterRecord => ({
  formatVersion: 1,
  name,
  token: unsafeBrand<ClusterToken>('token-1'),
  version: unsafeBrand<EtcdVersion>(version),
  issuedNew: [],
  addresses: {
    m1: addressesAt(21_000, 'm1'),
    m2: addressesAt(21_010, 'm2'),
    m3: addressesAt(21_020, 'm3'),
  },
  retire: [],
});

const specWith = (etcd: ClusterSpec['etcd'] = {}): ClusterSpec => ({
  ...defaultSpec({ name, memberCount: 3, version: '3.6' }),
  etcd,
});

const resolve = (spec: ClusterSpec, version = '3.6.15') =>
  resolveTarget({ spec, record: recordAt(version), state: 'up', firstLife: 'fast', retire: [] });

function targetOf(spec: ClusterSpec, version?: string): Target {
  const target = resolve(spec, version);
  if (!target.ok) throw new Error(target.error.map(({ summary }) => summary).join('\n'));
  return target.value;
}

function memberOf(spec: ClusterSpec, member = 'm1', version?: string) {
  const found = targetOf(spec, version).members.find((each) => each.name === member);
  if (found === undefined) throw new Error(`no ${member}`);
  return found;
}

const edited = (result: Result<ClusterSpec>): ClusterSpec => {
  if (!result.ok) throw new Error(result.error.summary);
  return result.value;
};

const member = (id: bigint, memberName: string, ...peerURLs: PeerURL[]): Member => ({
  id: memberIDOf(id),
  name: unsafeBrand<MemberName>(memberName),
  peerURLs,
  clientURLs: [],
  isLearner: false,
});

describe('the flags of a settled life', () => {
  test('are these, and none that only a birth needs', () => {
    expect(
      memberOf(specWith({ 'heartbeat-interval': '100ms', 'quota-backend-bytes': '8GiB' })).flags,
    ).toEqual({
      name: 'm1',
      'data-dir': '/state/m1/data',
      'listen-peer-urls': 'http://127.0.0.1:21001',
      'listen-client-urls': 'http://127.0.0.1:21000',
      'advertise-client-urls': 'http://127.0.0.1:21000',
      'listen-metrics-urls': 'http://127.0.0.1:21002',
      'heartbeat-interval': '100',
      'quota-backend-bytes': '8589934592',
      'log-outputs': 'stderr',
    });
  });

  test('say zap on 3.4, which logs for people otherwise', () => {
    expect(memberOf(specWith(), 'm1', '3.4.45').flags).toMatchObject({ logger: 'zap' });
    expect(memberOf(specWith(), 'm1', '3.5.34').flags).not.toHaveProperty('logger');
  });

  test('are accepted by every minor', () => {
    for (const version of ['3.4.45', '3.5.34', '3.6.15', '3.7.2']) {
      const { flags } = memberOf(specWith({ 'heartbeat-interval': 50 }), 'm1', version);
      expect(checkFlags(withFastTimings(flags), unsafeBrand<EtcdVersion>(version))).toEqual([]);
    }
  });

  test('a rename changes the name and nothing else', () => {
    const before = memberOf(specWith());
    const after = memberOf(edited(renameMember(specWith(), 'm1', 'west')), 'west');
    expect(differingFlags(before.flags, after.flags)).toEqual(['name']);
  });

  test('new peer URLs of the spec are listened on; a host name means every address', () => {
    const moved = memberOf(edited(setPeerURLs(specWith(), 'm1', ['http://127.0.0.1:22001'])));
    expect(moved.peerURLs).toEqual(['http://127.0.0.1:22001']);
    expect(moved.flags['listen-peer-urls']).toBe('http://127.0.0.1:22001');
    const named = memberOf(edited(setPeerURLs(specWith(), 'm1', ['http://m1.example.com:22001'])));
    expect(named.flags['listen-peer-urls']).toBe('http://0.0.0.0:22001');
  });
});

describe('the target', () => {
  test('joins spec and record', () => {
    const spec = edited(renameMember(specWith(), 'm2', 'west'));
    expect(targetOf(spec)).toMatchObject({
      name: 'demo',
      token: 'token-1',
      version: '3.6.15',
      state: 'up',
      firstLife: 'fast',
      members: [
        { name: 'm1', host: 'm1', byHand: false, peerURLs: ['http://127.0.0.1:21001'] },
        {
          name: 'west',
          host: 'm2',
          peerURLs: ['http://127.0.0.1:21011'],
          flags: { 'data-dir': '/state/m2/data' },
        },
        { name: 'm3', host: 'm3' },
      ],
    });
  });

  test('a host without addresses is a problem, and every one is told', () => {
    const four = edited(addMember(specWith(), { name: 'm4' }));
    const five = edited(addMember(four, { name: 'constructor', start: 'by-hand' }));
    const target = resolve(five);
    expect(target.ok ? [] : target.error.map(({ code, data }) => [code, data['host']])).toEqual([
      ['no-address', 'm4'],
      ['no-address', 'constructor'],
    ]);
  });

  test('a flag that this version does not have is told once, not once for each member', () => {
    const target = resolve(
      specWith({ 'experimental-corrupt-check-time': '1h', 'no-such': 1 }),
      '3.7.2',
    );
    expect(target.ok ? [] : target.error.map(({ code }) => code)).toEqual([
      'spec-flag-renamed',
      'spec-flag-unknown',
    ]);
  });
});

describe('first starts', () => {
  test('a birth names every member with every URL, in the same order everywhere', () => {
    const target = targetOf(specWith());
    const births = target.members.map((each) => birthFlags(each, target));
    expect(new Set(births.map((flags) => flags['initial-cluster'])).size).toBe(1);
    expect(births[1]).toMatchObject({
      'initial-advertise-peer-urls': 'http://127.0.0.1:21011',
      'initial-cluster':
        'm1=http://127.0.0.1:21001,m2=http://127.0.0.1:21011,m3=http://127.0.0.1:21021',
      'initial-cluster-state': 'new',
      'initial-cluster-token': 'token-1',
    });
  });

  test('a birth by discovery names the place and nobody, and whoever finds it full ends', () => {
    const record: ClusterRecord = {
      ...recordAt('3.5.34'),
      meetingPlace: {
        protocol: 'v2',
        url: 'http://10.0.0.9:8087/v2/keys/abc',
        size: 3,
        isOurs: false,
      },
    };
    const target = resolveTarget({
      spec: specWith(),
      record,
      state: 'up',
      firstLife: 'fast',
      retire: [],
    });
    if (!target.ok) throw new Error('no target');
    const [first] = target.value.members;
    if (first === undefined) throw new Error('no member');
    const flags = birthFlags(first, target.value);
    expect(flags).toMatchObject({
      discovery: 'http://10.0.0.9:8087/v2/keys/abc',
      'discovery-fallback': 'exit',
      'initial-advertise-peer-urls': 'http://127.0.0.1:21001',
    });
    expect(flags).not.toHaveProperty('initial-cluster');
    expect(flags).not.toHaveProperty('initial-cluster-token');
    // The ids of the birth come from the URL as a whole.
    expect(target.value.token).toBe('http://10.0.0.9:8087/v2/keys/abc');
    expect(checkFlags(flags, unsafeBrand<EtcdVersion>('3.5.34'))).toEqual([]);
    expect(checkFlags(flags, unsafeBrand<EtcdVersion>('3.7.2'))).toHaveLength(1);
  });

  test('a birth by discovery that nobody has made a place for is told', () => {
    const spec: ClusterSpec = {
      ...specWith(),
      bootstrap: { kind: 'discovery', at: { kind: 'serve' } },
    };
    const target = resolve(spec);
    expect(target.ok ? [] : target.error.map(({ code }) => code)).toEqual(['no-meeting-place']);
  });

  test('a birth by DNS names the domain, and members have the names of their records', () => {
    const domain = parseDomainName('example.com');
    if (!domain.ok) throw new Error(domain.error);
    const spec: ClusterSpec = { ...specWith(), bootstrap: { kind: 'dns', domain: domain.value } };
    const target = targetOf(spec);
    expect(target.members.map(({ peerURLs }) => peerURLs)).toEqual([
      ['http://m1.example.com:21001'],
      ['http://m2.example.com:21011'],
      ['http://m3.example.com:21021'],
    ]);
    const [first] = target.members;
    if (first === undefined) throw new Error('no member');
    const flags = birthFlags(first, target);
    expect(flags).toMatchObject({
      'discovery-srv': 'example.com',
      'initial-advertise-peer-urls': 'http://m1.example.com:21001',
      'initial-cluster-token': 'token-1',
      'listen-peer-urls': 'http://127.0.0.1:21001',
    });
    expect(flags).not.toHaveProperty('initial-cluster');
  });

  test('a join names as many entries as etcd has, whatever their names', () => {
    const self = memberIDOf(3n);
    const members = [
      member(1n, 'm3', urlOf(21_001), urlOf(21_501)),
      member(2n, '', urlOf(21_011)),
      member(3n, '', urlOf(21_021)),
    ];
    const flags = joinFlags(memberOf(specWith(), 'm3'), { members, self });
    expect(flags['initial-cluster-state']).toBe('existing');
    expect(flags).not.toHaveProperty('initial-cluster-token');
    const entries = (flags['initial-cluster'] ?? '').split(',').map((entry) => entry.split('='));
    expect(entries.map(([, url]) => url).sort()).toEqual(
      members.flatMap(({ peerURLs }) => peerURLs).sort(),
    );
    expect(new Set(entries.map(([entryName]) => entryName)).size).toBe(members.length);
    expect(entries.find(([, url]) => url === urlOf(21_021))?.[0]).toBe('m3');
  });

  test('a join goes by what was registered, even if the spec has moved on', () => {
    const members = [member(3n, '', urlOf(29_999))];
    const flags = joinFlags(memberOf(specWith(), 'm3'), { members, self: memberIDOf(3n) });
    expect(flags).toMatchObject({
      'initial-cluster': 'm3=http://127.0.0.1:29999',
      'initial-advertise-peer-urls': 'http://127.0.0.1:29999',
    });
  });

  test('every later start says existing, so that lost data is never a new cluster', () => {
    expect(restartFlags({ name: 'm1' })).toEqual({
      name: 'm1',
      'initial-cluster-state': 'existing',
    });
  });

  test('the fast first life differs in how it is elected alone, and asks before it campaigns on any minor', () => {
    const { flags } = memberOf(specWith());
    expect(differingFlags(flags, withFastTimings(flags))).toEqual([...FIRST_LIFE_FLAGS].sort());
    expect(withFastTimings(flags)).toMatchObject({
      'heartbeat-interval': '10',
      'election-timeout': '50',
      'pre-vote': 'true',
    });
  });

  test('the first to start is the one whose URL sorts first as text', () => {
    const at = (...ports: number[]) => ({ peerURLs: ports.map(urlOf) });
    expect(firstToStart([at(9000), at(21_000), at(21_010)])).toEqual(at(21_000));
    expect(firstToStart([at(30_000, 20_001), at(20_002)])).toEqual(at(30_000, 20_001));
    expect(firstToStart([])).toBeUndefined();
  });
});

test('the variables of `member add` are those of etcdctl, with names that etcd accepts', () => {
  const members = [
    member(1n, 'm1', urlOf(21_001)),
    member(2n, 'm1', urlOf(21_011)),
    member(0xabcn, '', urlOf(21_021)),
    member(4n, '', urlOf(21_031)),
  ];
  expect(
    etcdVariables({ name: unsafeBrand<MemberName>('m4'), members, self: memberIDOf(4n) }),
  ).toEqual({
    ETCD_NAME: 'm4',
    ETCD_INITIAL_CLUSTER:
      'm1-2=http://127.0.0.1:21011,m1=http://127.0.0.1:21001,m4=http://127.0.0.1:21031,member-abc=http://127.0.0.1:21021',
    ETCD_INITIAL_ADVERTISE_PEER_URLS: 'http://127.0.0.1:21031',
    ETCD_INITIAL_CLUSTER_STATE: 'existing',
  });
});

describe('flags as a person would run them', () => {
  const flags: StartFlags = {
    name: 'm1',
    'data-dir': "/var/lib/it's here",
    'log-rotation-config-json': '{"maxsize": 100}',
    metrics: '100%',
  };

  test('a command line', () => {
    expect(renderFlags(flags, 'flags')).toBe(
      [
        'etcd \\',
        `  '--data-dir=/var/lib/it'\\''s here' \\`,
        `  '--log-rotation-config-json={"maxsize": 100}' \\`,
        '  --metrics=100% \\',
        '  --name=m1\n',
      ].join('\n'),
    );
  });

  test('an environment file', () => {
    expect(renderFlags(flags, 'env')).toBe(
      [
        `ETCD_DATA_DIR="/var/lib/it's here"`,
        'ETCD_LOG_ROTATION_CONFIG_JSON="{\\"maxsize\\": 100}"',
        'ETCD_METRICS=100%',
        'ETCD_NAME=m1\n',
      ].join('\n'),
    );
  });

  test('a systemd unit, where a percent sign must be doubled', () => {
    const unit = renderFlags(flags, 'unit');
    expect(unit).toContain('Type=notify\n');
    expect(unit).toContain('Environment="ETCD_METRICS=100%%"\n');
    expect(unit).toContain('Environment="ETCD_LOG_ROTATION_CONFIG_JSON={\\"maxsize\\": 100}"\n');
    expect(unit).toContain('ExecStart=/usr/local/bin/etcd\n');
    expect(renderFlags(flags, 'unit', '/opt/etcd')).toContain('ExecStart=/opt/etcd\n');
  });
});

test('the last look before a start names what this version would refuse', () => {
  const flags = { 'enable-v2': 'true', 'heartbeat-interval': '100ms', 'no-such': '1', name: 'm1' };
  const problems = checkFlags(flags, unsafeBrand<EtcdVersion>('3.6.15'));
  expect(problems.map(({ code, data }) => [code, data['flag'], data['allowed']])).toEqual([
    ['bad-start-flag', 'enable-v2', 'only etcd 3.4, 3.5 has this flag'],
    ['bad-start-flag', 'heartbeat-interval', expect.stringContaining('milliseconds')],
    ['bad-start-flag', 'no-such', 'no version of etcd has this flag'],
  ]);
});
