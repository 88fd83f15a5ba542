import { describe, expect, test } from 'vitest';
import { type Result, unsafeBrand } from '../../base/index.js';
import {
  type Authorities,
  type ClusterName,
  type ClusterRecord,
  type ClusterToken,
  type EtcdVersion,
  type Fingerprint,
  type HostAddresses,
  type HostName,
  type PlaneTrust,
  type Target,
  IMAGINED_AUTHORITIES,
  advanced,
  differingFlags,
  nextPhase,
  parseDomainName,
  pkiDirectoryOf,
  trusts,
} from '../cluster/index.js';
import { type ClusterSpec, type TLSSpec, defaultSpec } from '../spec/index.js';
import { certificatesOn, flagsLike, resolveTarget, targetUnder } from './index.js';

const cluster = unsafeBrand<ClusterName>('prod');

const addressesAt = (host: string, port: number): HostAddresses => ({
  peerURLs: [unsafeBrand(`http://127.0.0.1:${port + 1}`)],
  clientURLs: [unsafeBrand(`http://127.0.0.1:${port}`)],
  listenPeerURLs: [`http://127.0.0.1:${port + 1}`],
  listenClientURLs: [`http://127.0.0.1:${port}`],
  listenMetricsURLs: [`http://127.0.0.1:${port + 2}`],
  dataDir: `/state/${host}/data`,
});

const record: ClusterRecord = {
  formatVersion: 1,
  name: cluster,
  token: unsafeBrand<ClusterToken>('prod-1'),
  version: unsafeBrand<EtcdVersion>('3.6.15'),
  issuedNew: [],
  addresses: {
    m1: addressesAt('m1', 21_000),
    m2: addressesAt('m2', 21_010),
    gone: addressesAt('gone', 21_020),
  },
  retire: [],
};

const specWith = (tls: TLSSpec, more: Partial<ClusterSpec> = {}): ClusterSpec => ({
  ...defaultSpec({ name: cluster, memberCount: 2, version: '3.6' }),
  tls,
  ...more,
});

const trust = (...names: readonly string[]): PlaneTrust => ({
  trusted: names.map((name) => unsafeBrand<Fingerprint>(name)),
  issuer: unsafeBrand<Fingerprint>(names[0] ?? ''),
  bundle: names.join('-'),
  ...(names.length > 1 ? { bundleAfter: names.at(-1) ?? '' } : {}),
});

const ONE: Authorities = { planes: { peer: trust('p1'), client: trust('c1') }, heldBy: [] };
const BOTH: Authorities = {
  planes: { peer: trust('p1', 'p2'), client: trust('c1', 'c2') },
  heldBy: [],
};

const resolved = (spec: ClusterSpec, authorities?: Authorities) =>
  resolveTarget({
    spec,
    record,
    state: 'up',
    firstLife: 'plain',
    retire: [],
    ...(authorities === undefined ? {} : { authorities }),
  });

function targetOf(spec: ClusterSpec, authorities?: Authorities): Target {
  const target: Result<Target, unknown> = resolved(spec, authorities);
  if (!target.ok) throw new Error(JSON.stringify(target.error));
  return target.value;
}

const AUTO: TLSSpec = { kind: 'auto' };

describe('a member with certificates of ours', () => {
  const target = targetOf(specWith(AUTO), ONE);
  const [m1] = target.members;

  test('speaks https on every URL but the metrics listener, whatever the record found', () => {
    expect(m1?.peerURLs).toEqual(['https://127.0.0.1:21001']);
    expect(m1?.clientURLs).toEqual(['https://127.0.0.1:21000']);
    expect(m1?.flags).toMatchObject({
      'listen-peer-urls': 'https://127.0.0.1:21001',
      'listen-client-urls': 'https://127.0.0.1:21000',
      'advertise-client-urls': 'https://127.0.0.1:21000',
      'listen-metrics-urls': 'http://127.0.0.1:21002',
    });
  });

  test('asks everybody for a certificate, and shows one file with certificate and key', () => {
    expect(m1?.flags).toMatchObject({
      'cert-file': '/state/m1/pki/server.pem',
      'key-file': '/state/m1/pki/server.pem',
      'trusted-ca-file': '/state/m1/pki/client-ca-c1.pem',
      'client-cert-auth': 'true',
      'peer-cert-file': '/state/m1/pki/peer.pem',
      'peer-key-file': '/state/m1/pki/peer.pem',
      'peer-trusted-ca-file': '/state/m1/pki/peer-ca-p1.pem',
      'peer-client-cert-auth': 'true',
    });
  });

  test('URLs that the spec fixes follow it too', () => {
    const spec = specWith(AUTO, {
      members: specWith(AUTO).members.map((member) => ({
        ...member,
        peerURLs: [unsafeBrand(`http://10.0.1.1${member.name.slice(1)}:2380`)],
      })),
    });
    expect(targetOf(spec, ONE).members[0]?.peerURLs).toEqual(['https://10.0.1.11:2380']);
  });

  test('without authorities nothing is said', () => {
    expect(resolved(specWith(AUTO))).toMatchObject({
      ok: false,
      error: [{ code: 'no-authorities' }],
    });
    expect(targetOf(specWith(AUTO), IMAGINED_AUTHORITIES).members).toHaveLength(2);
  });

  test('a change of trust is a change of two flags and nothing else; a new issuer is none', () => {
    const both = targetUnder(target, BOTH);
    const [before, after] = [m1?.flags ?? {}, both.members[0]?.flags ?? {}];
    expect(differingFlags(before, after)).toEqual(['peer-trusted-ca-file', 'trusted-ca-file']);
    const issuing = targetUnder(both, advanced(BOTH, 'issue-new'));
    expect(differingFlags(after, issuing.members[0]?.flags ?? {})).toEqual([]);
    expect(targetOf(specWith(AUTO), BOTH)).toEqual(both);
  });

  test('trusts what it was started with', () => {
    expect(trusts(m1?.flags ?? {}, ONE)).toBe(true);
    expect(trusts(m1?.flags ?? {}, BOTH)).toBe(false);
    expect(trusts({}, ONE)).toBe(false);
  });
});

describe('the names of a certificate', () => {
  const namesOf = (spec: ClusterSpec) =>
    targetOf(spec, ONE).members[0]?.certificates?.leafs.client.names;

  test('are where it is dialled, and this machine', () => {
    expect(namesOf(specWith(AUTO))).toEqual(['127.0.0.1', 'localhost']);
  });

  test('hold extra ones, gateways in front of it, and one spelling for each address', () => {
    const spec = specWith(
      { kind: 'auto', extraNames: ['ETCD.example.com', '2001:DB8::1'] },
      {
        members: specWith(AUTO).members.map((member, i) => ({
          ...member,
          clientURLs: [unsafeBrand(`http://10.0.1.${10 + i}:2379`)],
        })),
        proxies: [{ name: unsafeBrand('gone'), host: unsafeBrand('gone') }],
      },
    );
    expect(namesOf(spec)).toEqual([
      '10.0.1.10',
      '127.0.0.1',
      '2001:db8:0:0:0:0:0:1',
      'etcd.example.com',
      'localhost',
    ]);
  });

  test('hold the host where hosts have names, and the domain of a birth by DNS', () => {
    const domain = parseDomainName('example.com');
    if (!domain.ok) throw new Error(domain.error);
    const spec = specWith(AUTO, {
      driver: { kind: 'ssh', options: {} },
      bootstrap: { kind: 'dns', domain: domain.value },
    });
    expect(namesOf(spec)).toEqual(
      expect.arrayContaining(['example.com', 'm1', 'm1.example.com', 'localhost']),
    );
  });
});

describe('certificates of somebody else', () => {
  const files = (plane: string) => ({
    cert: `/etc/etcd/${plane}.crt`,
    key: `/etc/etcd/${plane}.key`,
    ca: '/etc/etcd/ca.crt',
  });
  const tls: TLSSpec = {
    kind: 'files',
    files: { client: files('server'), peer: files('peer'), seat: files('seat') },
  };

  test('are the same paths on every host, and nothing is written', () => {
    for (const { flags, certificates } of targetOf(specWith(tls)).members) {
      expect(certificates).toBeUndefined();
      expect(flags).toMatchObject({
        'cert-file': '/etc/etcd/server.crt',
        'peer-key-file': '/etc/etcd/peer.key',
        'trusted-ca-file': '/etc/etcd/ca.crt',
        'listen-client-urls': expect.stringMatching(/^https:/) as string,
      });
    }
  });

  test('also on a host that the spec has no place for any more', () => {
    const [sibling] = targetOf(specWith(tls)).members;
    const addresses = addressesAt('gone', 21_020);
    const flags = flagsLike(sibling?.flags ?? {}, { name: 'gone', addresses });
    expect(flags).toMatchObject({ name: 'gone', 'cert-file': '/etc/etcd/server.crt' });
  });
});

test('a host that the spec has no place for any more holds its own files', () => {
  const target = targetOf(specWith(AUTO), ONE);
  const addresses = addressesAt('gone', 21_020);
  const flags = flagsLike(target.members[0]?.flags ?? {}, {
    name: 'gone',
    addresses,
    authorities: target.authorities,
  });
  expect(flags).toMatchObject({
    'cert-file': '/state/gone/pki/server.pem',
    'trusted-ca-file': '/state/gone/pki/client-ca-c1.pem',
    'listen-peer-urls': 'https://127.0.0.1:21021',
  });
  const wanted = certificatesOn(target, record.addresses, unsafeBrand<HostName>('gone'));
  expect(wanted?.leafs.peer).toMatchObject({
    path: '/state/gone/pki/peer.pem',
    names: ['127.0.0.1', 'localhost'],
  });
});

test('in plain text nothing is held and no flag speaks of it', () => {
  const target = targetOf(specWith({ kind: 'off' }));
  expect(target.members[0]?.certificates).toBeUndefined();
  expect(
    Object.keys(target.members[0]?.flags ?? {}).filter((flag) => /cert|ca-file/.test(flag)),
  ).toEqual([]);
  expect(certificatesOn(target, record.addresses, unsafeBrand<HostName>('gone'))).toBeUndefined();
});

describe('a rotation', () => {
  test('has the phases that are left', () => {
    expect(nextPhase(ONE)).toBeUndefined();
    expect(nextPhase(BOTH)).toBe('issue-new');
    const issuing = advanced(BOTH, 'issue-new');
    expect(nextPhase(issuing)).toBe('trust-new');
    const alone = advanced(issuing, 'trust-new');
    expect(nextPhase(alone)).toBeUndefined();
    expect(alone.planes.peer).toEqual({ trusted: ['p2'], issuer: 'p2', bundle: 'p2' });
  });

  test('of one plane leaves the other alone', () => {
    const onlyPeer: Authorities = {
      planes: { peer: trust('p1', 'p2'), client: trust('c1') },
      heldBy: [],
    };
    const issuing = advanced(onlyPeer, 'issue-new');
    expect(issuing.planes.client).toEqual(onlyPeer.planes.client);
    expect(nextPhase(issuing)).toBe('trust-new');
  });
});

test('certificates lie beside the data, never in it', () => {
  expect(pkiDirectoryOf('/state/m1/data')).toBe('/state/m1/pki');
  expect(pkiDirectoryOf('/var/lib/etcd/prod')).toBe('/var/lib/etcd/prod.pki');
});
