import { describe, expect, test } from 'vitest';
import {
  type ClusterID,
  type Problem,
  defineProblem,
  err,
  memberIDOf,
  ok,
  unsafeBrand,
} from '../../base/index.js';
import { type VirtualClock, virtualClock } from '../../base/testing/virtual-clock.js';
import type {
  ClientURL,
  DataSight,
  EtcdVersion,
  ExitReason,
  HostName,
  Member,
  MemberName,
  PeerURL,
  StartFlags,
} from '../../core/cluster/index.js';
import { type HostState, type JoinEnd, type JoiningHost, runJoin } from './run.js';
import type { PlaceSight } from './sight.js';
import type { EtcdEnd, JoinWorld } from './world.js';

const CLUSTER = unsafeBrand<ClusterID>('c1');
const peerOf = (name: string): PeerURL => unsafeBrand<PeerURL>(`http://${name}:2380`);
const clientOf = (name: string): ClientURL => unsafeBrand<ClientURL>(`http://${name}:2379`);

const said = defineProblem('fake', (d: { what: string }) => ({
  summary: d.what,
  detail: '',
  hint: '',
}));

const HOST: JoiningHost = {
  member: {
    name: unsafeBrand<MemberName>('d'),
    host: unsafeBrand<HostName>('d'),
    byHand: false,
    peerURLs: [peerOf('d')],
    clientURLs: [clientOf('d')],
    flags: { name: 'd' },
  },
  place: { protocol: 'v3', token: 'tok', endpoints: ['http://e:2379'] },
  dataDir: '/data/d',
  sizeExceeded: 'gateway',
  version: unsafeBrand<EtcdVersion>('3.6.15'),
};

/** A token for three, a cluster of those who registered, and this host. Etcd runs until the test ends it. */
class Stage {
  readonly clock: VirtualClock = virtualClock();
  data: DataSight = { kind: 'empty' };
  registered: readonly string[] = [];
  listed: readonly Member[] = [];
  serves = false;
  /** The service that keeps the token has ended. */
  isPlaceGone = false;
  /** Everything that happened here, in order. */
  readonly happened: string[] = [];
  readonly states: HostState['kind'][] = [];
  readonly starts: StartFlags[] = [];
  end: ((end: EtcdEnd) => void) | undefined;
  readonly #interrupt = new AbortController();
  result: JoinEnd | undefined;

  ask(): void {
    this.#interrupt.abort(new DOMException('interrupted', 'AbortError'));
  }

  endBy(reason: ExitReason): void {
    this.end?.({ reason, problem: said({ what: reason }) });
  }

  begin(host: JoiningHost = HOST): void {
    void runJoin(host, this.#world(), {
      interrupt: this.#interrupt.signal,
      onState: ({ kind }) => this.states.push(kind),
    }).then((result) => (this.result = result));
  }

  /** Time passes until this is so; fails when it never is. */
  async until(isDone: () => boolean): Promise<void> {
    const untilMs = this.clock.monotonicMs() + 60_000;
    const stop = await this.clock.run({ isDone, untilMs });
    if (stop !== 'done') throw new Error(`${stop}: ${this.happened.join(', ')}`);
  }

  #place(): PlaceSight {
    if (this.isPlaceGone) return { kind: 'silent', problem: said({ what: 'refused' }) };
    const members = this.registered.map((name) => ({ id: name, name, peerURLs: [peerOf(name)] }));
    const isClosed = members.length >= 3;
    return {
      kind: 'read',
      token: {
        size: 3,
        state: isClosed ? 'closed' : 'open',
        clusterToken: 'tok',
        clusterID: isClosed ? CLUSTER : undefined,
        members,
        problems: [],
      },
    };
  }

  #world(): JoinWorld {
    const listed = () => this.listed;
    return {
      clock: this.clock,
      admin: {
        peer: async () =>
          listed().length === 0
            ? { kind: 'silent', because: 'nothing listens there' }
            : { kind: 'answered', clusterID: CLUSTER, members: listed() },
        memberList: async () =>
          listed().length === 0
            ? err(said({ what: 'no list' }))
            : ok({ clusterID: CLUSTER, members: listed() }),
        status: async () =>
          this.serves
            ? ({
                kind: 'answered',
                memberID: memberIDOf(9n),
                clusterID: CLUSTER,
                isLearner: false,
              } as Awaited<ReturnType<JoinWorld['admin']['status']>>)
            : { kind: 'silent', because: 'not yet' },
      },
      lookAtData: async () => this.data,
      lookForHolder: async () => undefined,
      lookAtPlace: async () => this.#place(),
      startEtcd: async (flags) => {
        this.starts.push(flags);
        this.happened.push(`etcd ${flags['initial-cluster-state']}`);
        const ended = new Promise<EtcdEnd>((resolve) => (this.end = resolve));
        return ok({
          ended,
          stop: () => {
            this.happened.push('SIGTERM');
            this.endBy('killed');
          },
        });
      },
      startGateway: async (endpoints) => {
        this.happened.push(`gateway ${endpoints.join()}`);
        return ok({ drain: async () => void this.happened.push('drained') });
      },
    };
  }
}

const member = (name: string, id: bigint, isStarted = true): Member => ({
  id: memberIDOf(id),
  name: unsafeBrand<Member['name']>(isStarted ? name : ''),
  peerURLs: [peerOf(name)],
  clientURLs: isStarted ? [clientOf(name)] : [],
  isLearner: false,
});

const THREE = ['a', 'b', 'c'].map((name, at) => member(name, BigInt(at + 1)));
const LOG: DataSight = { kind: 'present', memberID: memberIDOf(9n), clusterID: CLUSTER };
const problemsOf = (end: JoinEnd | undefined): readonly Problem[] =>
  end === undefined || end.kind === 'asked' ? [] : end.problems;

describe('one host', () => {
  test('meets the others, serves, and ends when asked, its etcd first', async () => {
    const stage = new Stage();
    stage.begin();
    await stage.until(() => stage.starts.length === 1);
    expect(stage.starts[0]).toMatchObject({
      'discovery-token': 'tok',
      'discovery-fallback': 'exit',
      'initial-cluster-state': 'new',
    });
    stage.serves = true;
    await stage.until(() => stage.states.includes('member'));
    stage.ask();
    await stage.until(() => stage.result !== undefined);
    expect(stage.result).toEqual({ kind: 'asked' });
    expect(stage.happened).toEqual(['etcd new', 'SIGTERM']);
  });

  test('starts from its log with `existing`, and asks nobody', async () => {
    const stage = new Stage();
    stage.data = LOG;
    stage.begin({ ...HOST, place: undefined });
    await stage.until(() => stage.starts.length === 1);
    expect(stage.starts).toEqual([{ name: 'd', 'initial-cluster-state': 'existing' }]);
    stage.endBy('removed');
    await stage.until(() => stage.result !== undefined);
    expect(stage.result).toEqual({ kind: 'failed', problems: [said({ what: 'removed' })] });
  });

  test('forwards beyond the size, drains when it was added, and joins by the list, also when the token is served no more', async () => {
    const stage = new Stage();
    stage.registered = ['a', 'b', 'c'];
    stage.listed = THREE;
    stage.begin();
    await stage.until(() => stage.states.includes('gateway'));
    stage.isPlaceGone = true;
    stage.listed = [...THREE, member('d', 9n, false)];
    await stage.until(() => stage.starts.length === 1);
    expect(stage.happened).toEqual([
      `gateway ${['a', 'b', 'c'].map(clientOf).join()}`,
      'drained',
      'etcd existing',
    ]);
    expect(stage.starts[0]?.['initial-cluster']?.split(',')).toHaveLength(4);
    expect(stage.starts[0]?.['initial-advertise-peer-urls']).toBe(peerOf('d'));
  });

  test('ends as a gateway when asked', async () => {
    const stage = new Stage();
    stage.registered = ['a', 'b', 'c'];
    stage.listed = THREE;
    stage.begin();
    await stage.until(() => stage.states.includes('gateway'));
    stage.ask();
    await stage.until(() => stage.result !== undefined);
    expect(stage.result).toEqual({ kind: 'asked' });
    expect(stage.happened.at(-1)).toBe('drained');
  });

  test('that loses the last place to another becomes a gateway, past what etcd left behind', async () => {
    const stage = new Stage();
    stage.registered = ['a', 'b'];
    stage.begin();
    await stage.until(() => stage.starts.length === 1);
    stage.registered = ['a', 'b', 'c'];
    stage.listed = THREE;
    stage.data = { kind: 'unreadable', problem: said({ what: 'a database without a log' }) };
    stage.endBy('meeting-refused');
    await stage.until(() => stage.states.includes('gateway'));
    stage.ask();
    await stage.until(() => stage.result !== undefined);
  });

  test('that is refused while nothing changes tries once, and says why', async () => {
    const stage = new Stage();
    stage.begin();
    await stage.until(() => stage.starts.length === 1);
    stage.endBy('meeting-refused');
    await stage.until(() => stage.result !== undefined);
    expect(stage.starts).toHaveLength(1);
    expect(stage.result?.kind).toBe('failed');
    expect(problemsOf(stage.result)).toEqual([said({ what: 'meeting-refused' })]);
  });

  test('whose list changed while it joined joins by the new one', async () => {
    const stage = new Stage();
    stage.registered = ['a', 'b', 'c'];
    stage.listed = [...THREE, member('d', 9n, false)];
    stage.begin();
    await stage.until(() => stage.starts.length === 1);
    stage.listed = [...stage.listed, member('e', 10n, false)];
    stage.endBy('cannot-join');
    await stage.until(() => stage.starts.length === 2);
    expect(stage.starts[1]?.['initial-cluster']?.split(',')).toHaveLength(5);
  });

  test('waits while nobody of the cluster answers, says so once, and goes on by itself', async () => {
    const stage = new Stage();
    stage.registered = ['a', 'b', 'c'];
    stage.begin();
    const askedAtMs = stage.clock.monotonicMs();
    await stage.until(() => stage.clock.monotonicMs() > askedAtMs + 10_000);
    expect(stage.states).toEqual(['waiting']);
    stage.listed = THREE;
    await stage.until(() => stage.states.includes('gateway'));
    stage.ask();
    await stage.until(() => stage.result !== undefined);
  });

  test('that lost its data is not started', async () => {
    const stage = new Stage();
    stage.registered = ['a', 'b', 'd'];
    stage.listed = [...THREE.slice(0, 2), member('d', 9n)];
    stage.begin();
    await stage.until(() => stage.result !== undefined);
    expect(stage.result?.kind).toBe('refused');
    expect(problemsOf(stage.result).map(({ code }) => code)).toEqual(['join-data-lost']);
    expect(stage.happened).toEqual([]);
  });
});
