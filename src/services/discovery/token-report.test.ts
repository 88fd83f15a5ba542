import { describe, expect, test } from 'vitest';
import { type ClusterID, unsafeBrand } from '../../base/index.js';
import type { PeerSight } from '../../core/cluster/index.js';
import { clusterIDFrom, memberIDFrom } from './identity.js';
import { startFlagsOf } from './start-flags.js';
import { type TokenFacts, peersToAsk, tokenReportOf } from './token-report.js';

const URL = 'http://10.0.0.1:8087/abc';
const peerOf = (name: string): string => `http://${name}:2380`;

/** Members that registered as their etcd does, or with what the test says otherwise. */
function facts(
  members: readonly { name: string; peer?: string; url?: string }[],
  size = 3,
): TokenFacts {
  return {
    token: 'abc',
    protocol: 'v2',
    size,
    clusterToken: URL,
    registrations: members.map(({ name, peer = peerOf(name), url = URL }, i) => ({
      token: 'abc',
      id: memberIDFrom([peer], url),
      value: `${name}=${peer}`,
      createdIndex: BigInt(10 + i),
    })),
  };
}

const codes = (report: ReturnType<typeof tokenReportOf>) => report.problems.map(({ code }) => code);
const answered = (clusterID: ClusterID): PeerSight => ({
  kind: 'answered',
  clusterID,
  members: [],
});
const NAMES = [{ name: 'a' }, { name: 'b' }, { name: 'c' }];
const CLUSTER = clusterIDFrom(NAMES.map(({ name }) => memberIDFrom([peerOf(name)], URL)));

describe('a token', () => {
  test('is open while places are free; nobody is asked yet', () => {
    const open = facts(NAMES.slice(0, 2));
    expect(peersToAsk(open)).toEqual([]);
    expect(tokenReportOf(open)).toMatchObject({
      state: 'open',
      missing: 1,
      clusterID: undefined,
      problems: [],
    });
  });

  test('names who registered again, over v3, once all places were taken; before that it is a repeated try', () => {
    const all: TokenFacts = { ...facts(NAMES), protocol: 'v3' };
    const again = (at: number, againIndex: bigint): TokenFacts => ({
      ...all,
      registrations: all.registrations.map((each, i) =>
        i === at ? { ...each, againIndex } : each,
      ),
    });
    expect(codes(tokenReportOf(again(0, 11n)))).toEqual([]);
    expect(codes(tokenReportOf(again(0, 20n)))).toEqual(['discovery-came-back-empty']);
  });

  test('is complete with the cluster that its registrations make; a fourth came too late', () => {
    const all = facts([...NAMES, { name: 'd' }]);
    expect(peersToAsk(all)).toEqual(NAMES.map(({ name }) => peerOf(name)));
    const sights = new Map(NAMES.map(({ name }) => [peerOf(name), answered(CLUSTER)]));
    const report = tokenReportOf(all, sights);
    expect(report).toMatchObject({ state: 'closed', clusterID: CLUSTER, missing: 0 });
    expect(report.members.map(({ answers }) => answers)).toEqual([
      'this-cluster',
      'this-cluster',
      'this-cluster',
      'beyond',
    ]);
    expect(codes(report)).toEqual(['discovery-beyond-size']);
  });

  test('a member that is silent, and one that speaks for another cluster, are named', () => {
    const other = unsafeBrand<ClusterID>('abc');
    const sights = new Map<string, PeerSight>([
      [peerOf('a'), answered(CLUSTER)],
      [peerOf('b'), answered(other)],
      [peerOf('c'), { kind: 'silent', because: 'connection refused' }],
    ]);
    const report = tokenReportOf(facts(NAMES), sights);
    expect(codes(report)).toEqual(['discovery-foreign-cluster', 'discovery-member-absent']);
  });

  test.each([
    ['a name twice', [{ name: 'a' }, { name: 'a', peer: peerOf('b') }], 'discovery-duplicate-name'],
    ['a peer URL twice', [{ name: 'a' }, { name: 'b', peer: peerOf('a') }], 'discovery-burnt'],
    ['another spelling', [{ name: 'a', url: `${URL}/` }], 'discovery-burnt'],
  ])('is burnt by %s', (_what, members, code) => {
    const report = tokenReportOf(facts(members));
    expect(report.state).toBe('burnt');
    expect(codes(report)).toEqual([code]);
  });

  test('is burnt by what no etcd reads', () => {
    const noise = { token: 'abc', id: 'a1', value: 'nonsense', createdIndex: 9n };
    const report = tokenReportOf({ ...facts([]), registrations: [noise] });
    expect(report).toMatchObject({ state: 'burnt', members: [], missing: 3 });
  });
});

describe('flags', () => {
  const token = { token: 'abc', size: 3, secret: 's', endpoints: ['http://e:2379'] };

  test('v2 up to the last minor that has it, v3 from the first', () => {
    const both = startFlagsOf({ ...token, url: URL, protocols: ['v2', 'v3'] });
    expect(both.map(({ protocol, minors }) => [protocol, minors])).toEqual([
      ['v2', ['3.4', '3.5']],
      ['v3', ['3.6', '3.7']],
    ]);
    const [v2] = startFlagsOf({ ...token, url: URL, protocols: ['v2'] });
    expect(v2?.minors).toEqual(['3.4', '3.5', '3.6']);
    expect(v2?.flags).toContain('--discovery-fallback=exit');
  });

  test('an etcd with TLS is told that it has', () => {
    const endpoints = ['https://e:2379'];
    const [v3] = startFlagsOf({ ...token, endpoints, url: undefined, protocols: ['v3'] });
    expect(v3?.flags).toContain('--discovery-insecure-transport=false');
  });
});
