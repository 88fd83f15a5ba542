import { describe, expect, test } from 'vitest';
import {
  type ClusterDNS,
  type DNSRecord,
  type HostAnswers,
  type ResolverSaid,
  clusterDNS,
  judgeHosts,
  setsToSee,
} from './index.js';

const member = (n: number) => ({
  name: `m${n}`,
  peerURLs: [`http://10.0.1.1${n}:2380`],
  clientURLs: [`http://10.0.1.1${n}:2379`],
  addresses: [`10.0.1.1${n}`],
});

const made = clusterDNS({ place: { domain: 'example.com' }, members: [1, 2, 3].map(member) });
if (!made.ok) throw new Error('no records');
const wanted: ClusterDNS = made.value;

const at = (address: string): ResolverSaid => ({ kind: 'addresses', addresses: [address] });
const NAMES = {
  'm1.example.com': at('10.0.1.11'),
  'm2.example.com': at('10.0.1.12'),
  'm3.example.com': at('10.0.1.13'),
};

/** As a host answers that sees these records. */
function answersOf(
  host: string,
  addresses: Readonly<Record<string, ResolverSaid>> = NAMES,
  records: readonly DNSRecord[] = wanted.records,
): HostAnswers {
  const srv = setsToSee(wanted).flatMap((set) =>
    (['udp', 'tcp'] as const).map((transport) => {
      const own = records.filter(({ name, type }) => name === set.name && type === 'SRV');
      const answer =
        own.length === 0
          ? ({ kind: 'none' } as const)
          : ({ kind: 'records', records: own } as const);
      return { ...set, transport, server: '10.0.0.53', answer };
    }),
  );
  // As it comes over the wire.
  const carried = { host, resolverSays: { srv, addresses }, unasked: [] };
  return JSON.parse(JSON.stringify(carried)) as HostAnswers;
}

const codes = (...hosts: readonly HostAnswers[]) =>
  judgeHosts(wanted, hosts).findings.map(
    ({ code, data }) => `${code} ${String(data['place'] ?? data['host'] ?? data['name'])}`,
  );

describe('what hosts answered', () => {
  test('is well when each sees what is wanted', () => {
    expect(judgeHosts(wanted, [answersOf('h1'), answersOf('h2')])).toEqual({
      findings: [],
      unasked: [],
    });
  });

  test('names the host that sees other records than the rest', () => {
    const late = wanted.records.filter(
      (record) => record.type !== 'SRV' || record.target !== 'm3.example.com',
    );
    const found = codes(answersOf('h1'), answersOf('h2', NAMES, late));
    expect(new Set(found)).toEqual(
      new Set(['dns-records-differ h2', 'dns-own-address-missing h2']),
    );
  });

  test('names the host on which a target does not resolve: it alone would found a smaller cluster', () => {
    const found = codes(answersOf('h1', { ...NAMES, 'm2.example.com': { kind: 'none' } }));
    expect(found).toContain('dns-target-unresolved h1');
  });

  test('names a line of /etc/hosts that hides a member from itself', () => {
    const found = codes(
      answersOf('h1', { ...NAMES, 'm1.example.com': at('127.0.1.1') }),
      answersOf('h2'),
    );
    expect(found).toContain('dns-own-name-elsewhere h1');
    expect(found).not.toContain('dns-hosts-differ m1.example.com');
  });

  test('names hosts that are told different addresses', () => {
    const found = judgeHosts(wanted, [
      answersOf('h1'),
      answersOf('h2', { ...NAMES, 'm3.example.com': at('10.9.9.9') }),
    ]).findings;
    const differ = found.find(({ code }) => code === 'dns-hosts-differ');
    expect(differ?.detail).toBe('h1: 10.0.1.13. h2: 10.9.9.9.');
  });

  test('that could not be asked is said, and is no finding', () => {
    const because = 'Neither bash nor python3 is there, and getent asks for addresses alone.';
    const { findings, unasked } = judgeHosts(wanted, [
      {
        host: 'h1',
        resolverSays: { srv: [], addresses: NAMES },
        unasked: [{ what: 'srv', because }],
      },
    ]);
    expect(findings).toEqual([]);
    expect(unasked).toEqual([{ host: 'h1', what: 'srv', because }]);

    // What it could be asked counts.
    const addresses = { ...NAMES, 'm2.example.com': { kind: 'none' as const } };
    const partly = { host: 'h1', resolverSays: { srv: [], addresses }, unasked: [] };
    expect(judgeHosts(wanted, [partly]).findings.map(({ code }) => code)).toEqual([
      'dns-target-unresolved',
    ]);
  });
});
