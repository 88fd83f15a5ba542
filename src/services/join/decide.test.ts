import { describe, expect, test } from 'vitest';
import {
  type ClusterID,
  type MemberID,
  defineProblem,
  memberIDOf,
  unsafeBrand,
} from '../../base/index.js';
import {
  type ClusterToken,
  type DataSight,
  type EtcdVersion,
  type Member,
  type PeerURL,
  memberIDAtBirth,
} from '../../core/cluster/index.js';
import { type Asker, decide } from './decide.js';
import type { ClusterSight, PlaceSight, TokenSight } from './sight.js';

const URL = 'http://10.0.0.9:8087/abc';
const peerOf = (name: string): PeerURL => unsafeBrand<PeerURL>(`http://${name}:2380`);
const clientOf = (name: string): string => `http://${name}:2379`;
const CLUSTER = unsafeBrand<ClusterID>('c1');

const EMPTY: DataSight = { kind: 'empty' };
const LOG: DataSight = { kind: 'present', memberID: memberIDOf(7n), clusterID: CLUSTER };
const UNSEEN: ClusterSight = { kind: 'unseen', because: 'nothing listens there' };

const saying = defineProblem('fake', (d: { what: string }) => ({
  summary: d.what,
  detail: '',
  hint: '',
}));

function asker(more: Partial<Asker> = {}): Asker {
  return {
    name: 'd',
    peerURLs: [peerOf('d')],
    dataDir: '/data/d',
    sizeExceeded: 'gateway',
    version: unsafeBrand<EtcdVersion>('3.6.15'),
    protocol: 'v2',
    ...more,
  };
}

/** A token for three with these registrations, by the text that the test says. */
function place(
  names: readonly string[],
  more: Partial<TokenSight> = {},
  writtenAs = URL,
): PlaceSight {
  const members = names.map((name) => ({
    id: memberIDAtBirth([peerOf(name)], unsafeBrand<ClusterToken>(writtenAs)),
    name,
    peerURLs: [peerOf(name)],
  }));
  const isClosed = names.length >= 3;
  const token: TokenSight = {
    size: 3,
    state: isClosed ? 'closed' : 'open',
    clusterToken: URL,
    clusterID: isClosed ? CLUSTER : undefined,
    members,
    problems: [],
    ...more,
  };
  return { kind: 'read', token };
}

/** A list through quorum; a name in brackets is a member that has not started. */
function listed(...names: readonly string[]): ClusterSight {
  const members = names.map((word, at): Member => {
    const name = word.replace(/[[\]]/g, '');
    const isStarted = name === word;
    return {
      id: memberIDOf(BigInt(100 + at)),
      name: unsafeBrand<Member['name']>(isStarted ? name : ''),
      peerURLs: [peerOf(name)],
      clientURLs: unsafeBrand<Member['clientURLs']>(isStarted ? [clientOf(name)] : []),
      isLearner: false,
    };
  });
  return { kind: 'listed', clusterID: CLUSTER, members };
}

const told = (decision: ReturnType<typeof decide>): readonly string[] =>
  decision.kind === 'refuse' ? decision.problems.map(({ code }) => code) : [decision.kind];

test('a data directory that somebody has open is refused, unless it is what an earlier start left behind', () => {
  const holder = { pid: 7, isLeftOver: false };
  const sight = { data: LOG, holder, place: { kind: 'none' }, cluster: UNSEEN } as const;
  const decision = decide(asker(), sight);
  expect(decision.kind === 'refuse' && decision.problems.map(({ code }) => code)).toEqual([
    'join-data-in-use',
  ]);
  const left = decide(asker(), { ...sight, holder: { ...holder, isLeftOver: true } });
  expect(left.kind).toBe('wait');
});

describe('a log in the data directory', () => {
  test.each([
    ['without discovery flags', { kind: 'none' } as PlaceSight],
    [
      'at a place that is silent',
      { kind: 'silent', problem: saying({ what: 'no' }) } as PlaceSight,
    ],
    ['at a token that knows it', place(['a', 'b', 'd'])],
    ['at a token that never heard of it', place(['a'])],
  ])('is started from, %s', (_what, at) => {
    expect(decide(asker(), { data: LOG, place: at, cluster: UNSEEN })).toEqual({ kind: 'restart' });
  });

  test('that nobody can read is left alone', () => {
    const data: DataSight = { kind: 'unreadable', problem: saying({ what: 'rubble' }) };
    const decision = decide(asker(), { data, place: place(['a']), cluster: UNSEEN });
    expect(told(decision)).toEqual(['fake']);
  });
});

describe('an empty data directory', () => {
  const decided = (at: PlaceSight, cluster: ClusterSight = UNSEEN, more: Partial<Asker> = {}) =>
    decide(asker(more), { data: EMPTY, place: at, cluster });

  test('meets the others while there is room', () => {
    expect(decided(place([]))).toEqual({ kind: 'meet', size: 3 });
    expect(decided(place(['a', 'b']))).toEqual({ kind: 'meet', size: 3 });
  });

  test('with nothing to join is told what to say', () => {
    expect(told(decided({ kind: 'none' }))).toEqual(['join-nothing-to-join']);
  });

  test('waits for a place that is silent, and not for one that does not exist', () => {
    const problem = saying({ what: 'no such token' });
    expect(decided({ kind: 'silent', problem }).kind).toBe('wait');
    expect(told(decided({ kind: 'unusable', problem }))).toEqual(['fake']);
  });

  test('never meets with a protocol that its etcd does not know', () => {
    const newer = { version: unsafeBrand<EtcdVersion>('3.7.1') };
    const older = { version: unsafeBrand<EtcdVersion>('3.5.30'), protocol: 'v3' } as const;
    expect(told(decided(place([]), UNSEEN, newer))).toEqual(['join-protocol-unfit']);
    expect(told(decided(place([]), UNSEEN, older))).toEqual(['join-protocol-unfit']);
    // Whoever forwards or joins by the list has to meet nobody.
    const full = place(['a', 'b', 'c']);
    expect(told(decided(full, listed('a', 'b', 'c'), newer))).toEqual(['forward']);
    expect(told(decided(full, listed('a', 'b', 'c', '[d]'), newer))).toEqual(['join']);
  });

  test('a name that is taken, TLS, and another spelling are told before anybody registers', () => {
    expect(told(decided(place(['a', 'b']), UNSEEN, { name: 'b' }))).toEqual(['join-name-taken']);
    const secure = [{ id: 'a1', name: 'a', peerURLs: ['https://a:2380'] }];
    expect(told(decided(place([], { members: secure })))).toEqual(['join-needs-tls']);
    const burnt = [saying({ what: 'burnt' })];
    const elsewhere = place(['a'], { state: 'burnt', problems: burnt }, `${URL}x`);
    expect(told(decided(elsewhere))).toEqual(['join-other-spelling']);
    expect(told(decided(place(['a'], { state: 'burnt', problems: burnt })))).toEqual(['fake']);
  });
});

describe('beyond the size', () => {
  const full = place(['a', 'b', 'c']);
  const decided = (cluster: ClusterSight, more: Partial<Asker> = {}) =>
    decide(asker(more), { data: EMPTY, place: full, cluster });

  test('it forwards to those who have started', () => {
    expect(decided(listed('a', 'b', 'c', '[x]'))).toEqual({
      kind: 'forward',
      endpoints: ['a', 'b', 'c'].map(clientOf),
    });
    const endpoints = [clientOf('a')];
    const unlisted = { kind: 'unlisted', because: 'no leader', endpoints } as const;
    expect(decided(unlisted)).toEqual({ kind: 'forward', endpoints });
  });

  test('it waits while nobody answers, and also while nobody says where clients go', () => {
    expect(decided(UNSEEN).kind).toBe('wait');
    expect(decided({ kind: 'unlisted', because: 'no leader', endpoints: [] }).kind).toBe('wait');
  });

  test('or it ends, when told to', () => {
    const fail = { sizeExceeded: 'fail' } as const;
    expect(told(decided(listed('a', 'b', 'c'), fail))).toEqual(['join-cluster-full']);
    expect(told(decided(UNSEEN, fail))).toEqual(['join-cluster-full']);
    expect(told(decided(listed('a', 'b', 'c', '[d]'), fail))).toEqual(['join']);
  });

  test('a member that somebody added joins with the list as it is', () => {
    const cluster = listed('a', 'b', 'c', '[d]');
    const members = cluster.kind === 'listed' ? cluster.members : [];
    const self: MemberID | undefined = members[3]?.id;
    expect(decided(cluster)).toEqual({ kind: 'join', self, members });
  });

  test('who registered after the last place is no member', () => {
    const late = place(['a', 'b', 'c', 'd']);
    const sight = { data: EMPTY, place: late, cluster: listed('a', 'b', 'c') };
    expect(decide(asker(), sight).kind).toBe('forward');
  });

  test('a cluster that runs although its token is open takes nobody by it', () => {
    const open = place(['a', 'b']);
    const sight = { data: EMPTY, place: open, cluster: listed('a', 'b') };
    expect(decide(asker(), sight).kind).toBe('forward');
  });
});

describe('a member without its data', () => {
  const decided = (at: PlaceSight, cluster: ClusterSight) =>
    decide(asker(), { data: EMPTY, place: at, cluster });
  const full = place(['a', 'b', 'd']);

  test('is never started: the token knows it, or the list does', () => {
    expect(told(decided(full, UNSEEN))).toEqual(['join-data-lost']);
    const unlisted = { kind: 'unlisted', because: 'no leader', endpoints: ['http://a'] } as const;
    expect(told(decided(full, unlisted))).toEqual(['join-data-lost']);
    expect(told(decided(full, listed('a', 'b', 'd')))).toEqual(['join-data-lost']);
    expect(told(decided(place(['a', 'b', 'c']), listed('a', 'b', 'd')))).toEqual([
      'join-data-lost',
    ]);
  });

  test('while the token is still open, too', () => {
    expect(told(decided(place(['a', 'd']), UNSEEN))).toEqual(['join-registered-before']);
  });

  test('forwards once it was removed, and joins once it was added again', () => {
    expect(told(decided(full, listed('a', 'b')))).toEqual(['forward']);
    expect(told(decided(full, listed('a', 'b', '[d]')))).toEqual(['join']);
  });
});
