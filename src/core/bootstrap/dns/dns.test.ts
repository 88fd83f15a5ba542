import { describe, expect, test } from 'vitest';
import { unsafeBrand } from '../../../base/index.js';
import {
  type ClusterToken,
  type EtcdVersion,
  SUPPORTED_MINORS,
  type TargetMember,
} from '../../cluster/index.js';
import { parseSpec } from '../../spec-text/index.js';
import { checkFlags } from '../check-flags.js';
import { birthFlags } from '../launch.js';
import {
  type ClusterDNS,
  type DNSMember,
  type DNSRecord,
  type DNSSight,
  addressesToSee,
  certificateFinding,
  clusterDNS,
  differenceOf,
  dnsFindings,
  dnsMembersOf,
  membersOfList,
  ownSets,
  publishable,
  renderDNS,
  setsToSee,
} from './index.js';

const place = { domain: 'example.com' };
const member = (n: number, scheme = 'http', host = `10.0.1.1${n}`): DNSMember => ({
  name: `m${n}`,
  peerURLs: [`${scheme}://${host}:2380`],
  clientURLs: [`${scheme}://${host}:2379`],
  addresses: [`10.0.1.1${n}`],
});
const three = (scheme = 'http') => [1, 2, 3].map((n) => member(n, scheme));

function made(
  members: readonly DNSMember[],
  more: { serviceName?: string; version?: string } = {},
): ClusterDNS {
  const { serviceName, version } = more;
  const dns = clusterDNS({
    place: { ...place, serviceName },
    members,
    version: version === undefined ? undefined : unsafeBrand<EtcdVersion>(version),
  });
  if (!dns.ok) throw new Error(dns.error.map(({ summary }) => summary).join('\n'));
  return dns.value;
}

const refusals = (members: readonly DNSMember[], version?: string): readonly string[] => {
  const dns = clusterDNS({
    place,
    members,
    version: version === undefined ? undefined : unsafeBrand<EtcdVersion>(version),
  });
  return dns.ok ? [] : dns.error.map(({ code }) => code);
};

describe('records of a cluster', () => {
  test('plain addresses get names of the domain, because an SRV record can name nothing else', () => {
    expect(renderDNS(made(three()), 'dig').replace(/ +/g, ' ')).toBe(
      [
        '_etcd-client._tcp.example.com. 30 IN SRV 0 0 2379 m1.example.com.',
        '_etcd-client._tcp.example.com. 30 IN SRV 0 0 2379 m2.example.com.',
        '_etcd-client._tcp.example.com. 30 IN SRV 0 0 2379 m3.example.com.',
        '_etcd-server._tcp.example.com. 30 IN SRV 0 0 2380 m1.example.com.',
        '_etcd-server._tcp.example.com. 30 IN SRV 0 0 2380 m2.example.com.',
        '_etcd-server._tcp.example.com. 30 IN SRV 0 0 2380 m3.example.com.',
        'm1.example.com. 30 IN A 10.0.1.11',
        'm2.example.com. 30 IN A 10.0.1.12',
        'm3.example.com. 30 IN A 10.0.1.13',
        '',
      ].join('\n'),
    );
  });

  test('with https only the -ssl names, with the name of the service in them', () => {
    const dns = made(three('https'), { serviceName: 'prod' });
    const names = new Set(dns.records.filter(({ type }) => type === 'SRV').map(({ name }) => name));
    expect([...names]).toEqual([
      '_etcd-client-ssl-prod._tcp.example.com',
      '_etcd-server-ssl-prod._tcp.example.com',
    ]);
    expect(dns.forbidden).toEqual([
      '_etcd-server-prod._tcp.example.com',
      '_etcd-client-prod._tcp.example.com',
    ]);
  });

  test('an advertised name of the domain leads to the address of its machine', () => {
    const dns = made([member(1, 'https', 'etcd-a.example.com')]);
    expect(dns.records.at(-1)).toMatchObject({ name: 'etcd-a.example.com', address: '10.0.1.11' });
    expect(dns.members[0]?.listed).toBe('https://etcd-a.example.com:2380');
  });

  test('a name outside the domain is somebody else’s to resolve', () => {
    const dns = made([member(1, 'https', 'etcd-a.other.net')]);
    expect(dns.records.every(({ type }) => type === 'SRV')).toBe(true);
  });

  test('IPv6 addresses get AAAA records', () => {
    const dns = made([member(1, 'http', '[fd00::11]')]);
    expect(dns.records.at(-1)).toMatchObject({ type: 'AAAA', address: 'fd00::11' });
  });

  test('clients that are served at another address have a name of their own', () => {
    const apart = { ...member(1), clientURLs: ['http://192.0.2.1:2379'] };
    const addresses = made([apart]).records.filter(({ type }) => type === 'A');
    expect(addresses).toMatchObject([
      { name: 'm1-client.example.com', address: '192.0.2.1' },
      { name: 'm1.example.com', address: '10.0.1.11' },
    ]);
  });

  test.each([
    [
      'both schemes at once',
      [member(1), member(2, 'https')],
      ['dns-mixed-schemes', 'dns-mixed-schemes'],
    ],
    [
      'two peer URLs',
      [{ ...member(1), peerURLs: ['http://10.0.0.1:1', 'http://10.0.0.2:1'] }],
      ['dns-one-peer-url'],
    ],
    ['localhost', [member(1, 'http', 'localhost')], ['dns-bad-target', 'dns-bad-target']],
    [
      'a name of ours without an address',
      [{ ...member(1, 'http', 'a.example.com'), clientURLs: [], addresses: [] }],
      ['dns-no-address'],
    ],
    [
      'names that differ in case only',
      [member(1), { ...member(2), name: 'M1' }],
      ['dns-same-name'],
    ],
  ])('refuses %s', (_, members, codes) => {
    expect(refusals(members)).toEqual(codes);
  });

  test('3.4 alone cannot be born without TLS', () => {
    expect(refusals(three(), '3.4.45')).toEqual(['dns-needs-tls']);
    expect(refusals(three('https'), '3.4.45')).toEqual([]);
    expect(refusals(three(), '3.5.0')).toEqual([]);
  });

  test('a zone file is relative to the domain, a hosts file holds addresses only', () => {
    const dns = made([member(1)]);
    expect(renderDNS(dns, 'zone')).toMatch(
      /^; .*\n\$ORIGIN example\.com\.\n_etcd-client\._tcp +30 IN SRV +0 0 2379 m1\.example\.com\.\n/,
    );
    expect(renderDNS(dns, 'hosts')).toBe('10.0.1.11        m1.example.com\n');
  });
});

describe('flags of a birth', () => {
  const target: TargetMember = {
    name: unsafeBrand('m1'),
    host: unsafeBrand('m1'),
    byHand: false,
    peerURLs: [unsafeBrand('https://10.0.1.11:2380')],
    clientURLs: [],
    flags: { name: 'm1' },
  };
  const token = unsafeBrand<ClusterToken>('t1');
  const birth = { kind: 'dns', ...place, serviceName: 'prod' } as const;
  const flags = birthFlags(target, { members: [target], token, birth });

  test('name the domain and never the members', () => {
    expect(flags).toEqual({
      name: 'm1',
      'discovery-srv': 'example.com',
      'discovery-srv-name': 'prod',
      'initial-advertise-peer-urls': 'https://10.0.1.11:2380',
      'initial-cluster-state': 'new',
      'initial-cluster-token': 't1',
    });
  });

  test.each(SUPPORTED_MINORS)('exist in etcd %s', (minor) => {
    expect(checkFlags(flags, unsafeBrand<EtcdVersion>(`${minor}.0`))).toEqual([]);
  });
});

describe('members of a spec', () => {
  const specOf = (rest: string) => {
    const parsed = parseSpec(
      `apiVersion: quorate.dev/v1alpha1\nkind: EtcdCluster\nmetadata: { name: prod }\nspec: { version: "3.6", ${rest} }\n`,
    );
    if (!parsed.ok) throw new Error(parsed.error.map(({ summary }) => summary).join('\n'));
    return parsed.value.spec;
  };

  test('on hosts have etcd’s own ports there', () => {
    const spec = specOf('driver: { ssh: {} }, members: [{ name: a, host: 10.0.1.10 }]');
    const members = dnsMembersOf(spec, {});
    expect(members.ok && members.value).toEqual([
      {
        name: 'a',
        peerURLs: ['https://10.0.1.10:2380'],
        clientURLs: ['https://10.0.1.10:2379'],
        addresses: ['10.0.1.10'],
      },
    ]);
  });

  test('in slots of this machine need addresses that somebody found', () => {
    const members = dnsMembersOf(specOf('members: [{ name: a }]'), {});
    expect(!members.ok && members.error.map(({ code }) => code)).toEqual(['no-address']);
  });
});

describe('what may be published while a cluster changes', () => {
  const listed = (n: number, name = `m${n}`) => ({
    id: `${n}`,
    name,
    peerURLs: [`http://m${n}.example.com:2380`],
    clientURLs: name === '' ? [] : [`http://10.0.1.1${n}:2379`],
  });
  const names = (members: readonly DNSMember[]) => members.map(({ name }) => name);

  test('before the birth: everybody the spec names', () => {
    expect(names(publishable(three(), undefined))).toEqual(['m1', 'm2', 'm3']);
  });

  test('growing: a newcomer is published after it was added, without clients until it has started', () => {
    const wanted = [...three(), member(4)];
    expect(
      names(
        publishable(
          wanted,
          [1, 2, 3].map((n) => listed(n)),
        ),
      ),
    ).toEqual(['m1', 'm2', 'm3']);
    const added = publishable(wanted, [...[1, 2, 3].map((n) => listed(n)), listed(4, '')]);
    expect(added.at(-1)).toMatchObject({ name: 'm4', clientURLs: [] });
  });

  test('a birth: a member that etcd lists by a number keeps its record, because it is about to look for it', () => {
    const during = [
      listed(1),
      { ...listed(2, '1'), clientURLs: [] },
      { ...listed(3, '2'), clientURLs: [] },
    ];
    expect(names(publishable(three(), during))).toEqual(['m1', 'm2', 'm3']);
  });

  test('shrinking: one that leaves is taken out before it is removed', () => {
    const wanted = [member(1), member(2)];
    expect(
      names(
        publishable(
          wanted,
          [1, 2, 3].map((n) => listed(n)),
        ),
      ),
    ).toEqual(['m1', 'm2']);
  });

  test('without a spec: the list, with addresses from its client URLs', () => {
    const dns = made(membersOfList([listed(1)]));
    expect(dns.records.at(-1)).toMatchObject({ name: 'm1.example.com', address: '10.0.1.11' });
  });

  test('the record of a replaced member moves, and nobody else’s', () => {
    const before = made(three());
    const moved = { ...member(2, 'http', '10.0.1.99'), addresses: ['10.0.1.99'] };
    const { add, remove } = differenceOf(
      made([member(1), moved, member(3)]).records,
      before.records,
    );
    expect(add).toMatchObject([{ name: 'm2.example.com', address: '10.0.1.99' }]);
    expect(remove).toMatchObject([{ name: 'm2.example.com', address: '10.0.1.12' }]);
  });

  test('what is looked at includes the other scheme and targets that nobody wants any more', () => {
    const found = made(three()).records;
    const sets = ownSets(made([member(1)]), found).map(({ name }) => name);
    expect(sets).toContain('_etcd-server-ssl._tcp.example.com');
    expect(sets).toContain('m3.example.com');
  });
});

describe('what is found', () => {
  const wanted = made(three());
  /** A DNS that answers with these records over both transports. */
  const sightOf = (records: readonly DNSRecord[], silent: readonly string[] = []): DNSSight => {
    const sets = setsToSee(wanted);
    const seen = (['udp', 'tcp'] as const).flatMap((transport) => {
      const ask = ({ name, type }: (typeof sets)[number]) => {
        const matching = records.filter((each) => each.name === name && each.type === type);
        const answer = silent.includes(transport)
          ? ({ kind: 'failed', because: 'No answer came.' } as const)
          : matching.length === 0
            ? ({ kind: 'none' } as const)
            : ({ kind: 'records', records: matching } as const);
        return { name, type, transport, answer };
      };
      const services = sets.map(ask);
      return [...services, ...addressesToSee(wanted, services).map(ask)];
    });
    return { place: 'this machine', server: '10.0.0.53', seen };
  };
  const codes = (records: readonly DNSRecord[], ...silent: readonly string[]) =>
    dnsFindings(wanted, sightOf(records, silent)).map(({ code }) => code);

  test('nothing, when everything is as it should be', () => {
    expect(codes(wanted.records)).toEqual([]);
  });

  test('a target without an address, which etcd would drop in silence', () => {
    const records = wanted.records.filter(({ name }) => name !== 'm2.example.com');
    expect(codes(records)).toEqual(
      expect.arrayContaining(['dns-target-unresolved', 'dns-own-address-missing']),
    );
  });

  test('records of both schemes', () => {
    const https = made(three('https')).records;
    const findings = codes([...wanted.records, ...https.filter(({ type }) => type === 'SRV')]);
    expect(findings).toEqual(['dns-both-schemes', 'dns-both-schemes']);
  });

  test('a member whose address is not among the targets', () => {
    const records = wanted.records.map((record) =>
      record.type === 'A' && record.name === 'm3.example.com'
        ? { ...record, address: '10.9.9.9' }
        : record,
    );
    expect(codes(records)).toEqual(['dns-records-differ', 'dns-own-address-missing']);
  });

  test('a record that is missing, and one too many', () => {
    const { records } = made([...three().slice(0, 2), member(4)]);
    const [first] = dnsFindings(wanted, sightOf(records));
    expect(first?.data).toMatchObject({
      missing: ['0 0 2380 m3.example.com.'],
      extra: ['0 0 2380 m4.example.com.'],
    });
  });

  test('silence over one transport, and over both', () => {
    expect(codes(wanted.records, 'tcp')).toEqual(['dns-server-silent']);
    expect(codes(wanted.records, 'udp', 'tcp')).toEqual(['dns-server-silent', 'dns-server-silent']);
    const hints = (...silent: string[]) =>
      dnsFindings(wanted, sightOf(wanted.records, silent)).map(({ hint }) => hint);
    expect(hints('tcp')).toEqual([expect.stringContaining('TCP to port 53')]);
    expect(hints('udp', 'tcp').join()).not.toContain('TCP to port 53');
  });

  test.each([
    ['host name and domain', ['m1.example.com', 'example.com'], []],
    ['a wildcard and the domain', ['*.example.com', 'example.com', '10.0.1.11'], []],
    ['the host name only', ['m1.example.com'], ['example.com']],
    ['a wildcard one label too high', ['*.com', 'example.com'], ['m1.example.com']],
    ['nothing', [], ['m1.example.com', 'example.com']],
  ])('a certificate with %s', (_, names, missing) => {
    const seen = { place: 'this machine', target: 'm1.example.com', port: 2380, names };
    const finding = certificateFinding(made(three('https')), seen);
    expect(finding?.data['missing'] ?? []).toEqual(missing);
  });
});
