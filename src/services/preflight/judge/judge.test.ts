import { describe, expect, test } from 'vitest';
import type { DialEnd, ListenEnd } from '../connections.js';
import type { DiskTiming, HostFacts, Storage } from '../facts.js';
import type { HandshakeEnd } from '../handshakes.js';
import { goodFacts, goodSights, goodStorage, hostAt, told } from '../testing/sights.js';
import type { ClockSight } from '../sights.js';
import { judge, type Sights } from './judge.js';

/** The first host says something else; what is told of it besides what is well. */
const withFacts = (change: Partial<HostFacts>): readonly string[] =>
  told(changed({ ...goodFacts, ...change }));
const withStorage = (change: Partial<Storage>): readonly string[] =>
  withFacts({ storage: { kind: 'seen', ...goodStorage, ...change } });
const withTiming = (timing: DiskTiming): readonly string[] => withStorage({ timing });

function changed(facts: HostFacts): Sights {
  const sights = goodSights();
  const [first, ...others] = sights.hosts;
  if (first === undefined) throw new Error('There is no host.');
  return { ...sights, hosts: [{ ...first, facts: { kind: 'seen', value: facts } }, ...others] };
}

const each = (tookMs: readonly number[]): DiskTiming => ({
  kind: 'each',
  tookMs,
  isGentle: false,
  isUnreserved: false,
});
const often = (count: number, value: number): number[] =>
  Array.from({ length: count }, () => value);

test('of hosts that are fit, nothing is told but that they are', () => {
  expect(told(goodSights())).toEqual([]);
  expect(judge(goodSights()).length).toBeGreaterThan(30);
});

test('whatever is no problem of somebody else has something to do', () => {
  const sights = changed({
    ...goodFacts,
    machine: 'i686',
    processors: 1,
    init: 'runit',
    missingTools: ['flock'],
    selinux: 'enforcing',
    active: [],
    synchronized: false,
    storage: { kind: 'seen', ...goodStorage, availableBytes: 1 },
  });
  const bad = judge(sights).filter(({ standing }) => standing !== 'ok');
  expect(bad).toHaveLength(7);
  expect(bad.filter(({ hint }) => hint === '')).toEqual([]);
});

describe('a host', () => {
  test('that cannot be logged in to is told once, in the words of whoever tried', () => {
    const sights = goodSights();
    const [first, ...others] = sights.hosts;
    const problem = { code: 'x', summary: 'No login', detail: 'refused', hint: 'try', data: {} };
    const out = { ...first, login: { kind: 'out' as const, problem } } as Sights['hosts'][number];
    expect(told({ ...sights, hosts: [out, ...others] })).toEqual([
      'problem login 10.0.1.10: No login',
    ]);
  });

  test('that hangs in the middle is not taken for a bad one', () => {
    const sights = goodSights();
    const [first, ...others] = sights.hosts;
    const hung = { ...first, facts: { kind: 'unseen', because: 'it took over 40 s' } };
    expect(told({ ...sights, hosts: [hung as Sights['hosts'][number], ...others] })).toEqual([
      'unseen system 10.0.1.10: The host was not looked at, because it took over 40 s',
    ]);
  });

  test.each<[string, Partial<HostFacts>, string]>([
    [
      'a processor that etcd refuses',
      { machine: 'armv7l' },
      'problem system 10.0.1.10: etcd does not start on armv7l by itself (Debian GNU/Linux 12 (bookworm), kernel 6.1.0, armv7l)',
    ],
    [
      'one processor',
      { processors: 1 },
      'warning processors 10.0.1.10: 1 processor: a busy neighbour can hold up heartbeats',
    ],
    [
      'little memory',
      { memory: { ...goodFacts.memory, totalBytes: 1024 ** 3, availableBytes: 2 ** 29 } },
      'warning memory 10.0.1.10: 512.0 MiB available of 1.0 GiB: enough for a small database only',
    ],
    [
      'no memory left',
      { memory: { ...goodFacts.memory, availableBytes: 50 * 1024 ** 2 } },
      'problem memory 10.0.1.10: Only 50.0 MiB available of 8.0 GiB: a member would soon be killed for want of it',
    ],
    [
      'swap in use',
      { memory: { ...goodFacts.memory, swapTotalBytes: 2 ** 30, swapFreeBytes: 2 ** 29 } },
      'warning swap 10.0.1.10: 512.0 MiB of 1.0 GiB swap in use: a member whose pages are swapped out misses heartbeats',
    ],
    [
      'another init',
      { init: 'runit' },
      'problem systemd 10.0.1.10: systemd does not run this host: its first process is runit',
    ],
    [
      'an old systemd',
      { systemdVersion: 239 },
      'warning systemd 10.0.1.10: systemd 239 does not know all that shields the member',
    ],
    [
      'a systemd that is too old',
      { systemdVersion: 219 },
      'problem systemd 10.0.1.10: systemd 219 is too old for the unit of a member',
    ],
    [
      'missing programs',
      { missingTools: ['flock', 'diff'] },
      'problem tools 10.0.1.10: Programs are missing: flock, diff',
    ],
    [
      'a user etcd that is root',
      { user: 'etcd:x:0:0::/root:/bin/sh' },
      'problem user 10.0.1.10: User etcd is root by another name (uid 0)',
    ],
    [
      'SELinux',
      { selinux: 'enforcing' },
      'warning security 10.0.1.10: SELinux is enforcing; it may keep systemd from starting etcd',
    ],
    [
      'a profile of AppArmor',
      { appArmor: { enabled: true, profiles: ['etcd (enforce)'] } },
      'warning security 10.0.1.10: AppArmor has a profile for etcd: etcd (enforce)',
    ],
    [
      'a clock that nobody keeps',
      { active: [], synchronized: false },
      'warning time-keeping 10.0.1.10: Nothing keeps the clock right',
    ],
    [
      'a clock that follows nobody yet',
      { synchronized: false },
      'warning time-keeping 10.0.1.10: systemd-timesyncd runs, but the clock does not follow any server yet',
    ],
  ])('%s', (_what, facts, line) => {
    expect(withFacts(facts)).toEqual([line]);
  });
});

describe('the place of the data', () => {
  test('data before a birth are in nobody’s way while their member runs and can say who it is', () => {
    const dataDir = '/var/lib/etcd/prod';
    const own = { pid: 7, commandLine: `etcd --data-dir ${dataDir}`, dataDir, isContained: false };
    const lines = withFacts({
      etcd: { ...goodFacts.etcd, processes: [own] },
      storage: { kind: 'seen', ...goodStorage, holds: [dataDir], exists: true },
    });
    expect(lines).toEqual([
      "warning data-directory 10.0.1.10: /var/lib/etcd/prod is a running member's, and nothing is known of its cluster",
    ]);
  });

  test.each<[string, Partial<Storage>, string]>([
    [
      'a member’s data before a birth',
      { holds: ['/var/lib/etcd/prod'], exists: true },
      "problem data-directory 10.0.1.10: /var/lib/etcd/prod holds a member's data, and the cluster is not born yet",
    ],
    [
      'a disk that is not mounted',
      { unmounted: ['/var/lib/etcd'] },
      'problem data-directory 10.0.1.10: The disk for the data is not mounted: /etc/fstab has /var/lib/etcd',
    ],
    [
      'something else',
      { strange: ['/var/lib/etcd/prod'], exists: true },
      "warning data-directory 10.0.1.10: /var/lib/etcd/prod holds something that is not a member's data",
    ],
    [
      'almost no space',
      { availableBytes: 9 * 1024 ** 2 },
      'problem free-space 10.0.1.10: Only 9.0 MiB free of 20.0 GiB: a member needs 256.0 MiB to begin with',
    ],
    [
      'less space than the database may take',
      { availableBytes: 1024 ** 3 },
      'warning free-space 10.0.1.10: 1.0 GiB free of 20.0 GiB: less than the database may grow to (2.0 GiB)',
    ],
    [
      'no inodes',
      { availableFiles: 3 },
      'problem free-space 10.0.1.10: 18.0 GiB free of 20.0 GiB, but room for 3 more files only',
    ],
  ])('%s', (_what, storage, line) => {
    expect(withStorage(storage)).toEqual([line]);
  });

  test.each([
    ['tmpfs', 'rw', /^warning file-system .* in memory, so that a reboot takes/],
    ['overlay', 'rw', /^warning file-system .* a layer, which goes/],
    ['nfs4', 'rw', /^warning file-system .* a sync may promise little/],
    ['fuse.sshfs', 'rw', /^warning file-system .* a sync may promise little/],
    ['ext4', 'ro', /^problem file-system .* mounted read-only$/],
    ['ext4', 'nobarrier', /^warning file-system .* with nobarrier: a power cut can take/],
  ])('on %s with %s', (fileSystem, option, line) => {
    const mount = { point: '/data', fileSystem, device: 'd', options: [option] };
    expect(withStorage({ mount })).toEqual([expect.stringMatching(line)]);
  });

  test('the disk of the system is shared with its logs', () => {
    const mount = { point: '/', fileSystem: 'xfs', device: '/dev/vda', options: ['rw'] };
    expect(withStorage({ mount })).toEqual([
      'warning file-system 10.0.1.10: /var/lib/etcd is on xfs (/dev/vda at /): shared with the system, whose logs can fill it and slow it',
    ]);
  });

  test('a member’s data are where they belong once the cluster was born', () => {
    const sights = changed({
      ...goodFacts,
      storage: { kind: 'seen', ...goodStorage, exists: true, holds: ['/var/lib/etcd/prod'] },
    });
    expect(told({ ...sights, wish: { ...sights.wish, isBorn: true } })).toEqual([]);
  });

  test('a disk that does not answer is the one thing told of it', () => {
    expect(withFacts({ storage: { kind: 'hung' } })).toEqual([
      'problem file-system 10.0.1.10: The disk of /var/lib/etcd/prod does not answer',
    ]);
  });
});

describe('how long fdatasync takes', () => {
  test('is judged by the slowest in a hundred, not by the middle', () => {
    expect(withTiming(each([...often(495, 0.4), ...often(5, 60)]))).toEqual([]);
    expect(withTiming(each([...often(490, 0.4), ...often(10, 60)]))).toEqual([
      'warning disk-latency 10.0.1.10: fdatasync p50 0.4 ms, p99 60 ms of 500 writes: slower than etcd wants',
    ]);
  });
  test('now and then as long as a heartbeat is a warning: busy processors do that to any disk', () => {
    expect(withTiming(each([...often(490, 0.4), ...often(10, 200)]))).toEqual([
      'warning disk-latency 10.0.1.10: fdatasync p50 0.4 ms, p99 200 ms of 500 writes: slower than etcd wants',
    ]);
  });
  test('as long as a heartbeat is a problem', () => {
    expect(withTiming(each(often(40, 250)))).toEqual([
      'problem disk-latency 10.0.1.10: fdatasync p50 250 ms, slowest 250 ms of 40 writes: as slow as heartbeats are frequent; leaders will be lost',
    ]);
  });
  test('by the mean alone, where only that is known', () => {
    expect(withTiming({ kind: 'mean', meanMs: 4, writes: 100 })).toEqual([]);
    expect(withTiming({ kind: 'mean', meanMs: 14, writes: 100 })).toEqual([
      'warning disk-latency 10.0.1.10: fdatasync 14 ms in the mean of 100 writes (its slowest were not seen, because the host has dd only)',
    ]);
  });
  test('for ever', () => {
    expect(withTiming({ kind: 'hung' })).toEqual([
      'problem disk-latency 10.0.1.10: The disk did not keep a single small write within 8 s',
    ]);
  });
  test('is not known when it could not be measured', () => {
    expect(withTiming({ kind: 'failed', words: 'No space left on device' })).toEqual([
      'unseen disk-latency 10.0.1.10: The disk was not timed, because it is full',
    ]);
  });
});

describe('clocks', () => {
  const withClocks = (one: ClockSight, other: ClockSight): readonly string[] => {
    const sights = goodSights();
    const clocks = [one, other];
    const hosts = sights.hosts.map((sight, at) => ({
      ...sight,
      login: { kind: 'in' as const, clock: clocks[at] },
    }));
    return told({ ...sights, hosts });
  };
  const at = (aheadMs: number, uncertainMs = 5): ClockSight => ({ aheadMs, uncertainMs });

  test('that agree with each other and not with ours are told against ours', () => {
    expect(withClocks(at(2000), at(2100))).toEqual([
      'warning clock 10.0.1.10: 2 s ahead of this machine (± 5 ms): etcd will complain',
      'warning clock 10.0.1.11: 2.1 s ahead of this machine (± 5 ms): etcd will complain',
    ]);
  });
  test('that each are near ours and far from each other are told as a pair', () => {
    expect(withClocks(at(-700), at(700))).toEqual([
      'warning clock 10.0.1.10 → 10.0.1.11: 1.4 s behind 10.0.1.11 (± 10 ms): etcd will complain',
    ]);
  });
  test('an hour apart would not trust certificates', () => {
    expect(withClocks(at(0), at(-3_600_000))).toContain(
      'problem clock 10.0.1.11: 60 min behind this machine (± 5 ms): certificates that are new are not valid yet on the slower one',
    );
  });
  test('of a host that answers slowly are not judged', () => {
    expect(withClocks(at(300, 900), at(0))).toEqual([
      'unseen clock 10.0.1.10: Whether the clocks agree cannot be told, because it answers slowly: 300 ms ahead of this machine (± 900 ms)',
      'unseen clock 10.0.1.10 → 10.0.1.11: Whether the clocks agree cannot be told, because it answers slowly: 300 ms ahead of 10.0.1.11 (± 905 ms)',
    ]);
  });
});

describe('a port', () => {
  const withListen = (end: ListenEnd, facts: Partial<HostFacts> = {}): readonly string[] => {
    const sights = changed({ ...goodFacts, ...facts });
    const [first, ...others] = sights.hosts;
    const listens = { kind: 'seen', value: [end, { kind: 'up', pid: 7 }] };
    const host = { ...first, listens } as Sights['hosts'][number];
    return told({ ...sights, ways: [], hosts: [host, ...others] });
  };
  const etcd = (dataDir: string, isContained = false): Partial<HostFacts> => ({
    listeners: [{ address: '0.0.0.0', port: 2380, pid: 77, program: 'etcd' }],
    etcd: {
      ...goodFacts.etcd,
      processes: [{ pid: 77, commandLine: 'etcd', dataDir, isContained }],
    },
  });

  test('that is taken is told with who has it', () => {
    const listeners = [{ address: '0.0.0.0', port: 2380, pid: 42, program: 'nginx' }];
    expect(withListen({ kind: 'taken' }, { listeners })).toEqual([
      'problem port 10.0.1.10: 10.0.1.10:2380 (peer) is taken by nginx (process 42)',
    ]);
  });
  test('that the member itself has is well', () => {
    expect(withListen({ kind: 'taken' }, etcd('/var/lib/etcd/prod'))).toEqual([]);
  });
  test('that another etcd has is not, wherever it says its data are', () => {
    expect(withListen({ kind: 'taken' }, etcd('/srv/etcd'))).toEqual([
      'problem port 10.0.1.10: 10.0.1.10:2380 (peer) is taken by etcd (process 77)',
      'warning other-etcd 10.0.1.10: Another etcd runs here: process 77 with its data in /srv/etcd',
    ]);
    expect(withListen({ kind: 'taken' }, etcd('/var/lib/etcd/prod', true))).toHaveLength(2);
  });
  test('at an address that the host does not have', () => {
    expect(withListen({ kind: 'not-its-own' })).toEqual([
      'problem port 10.0.1.10: 10.0.1.10 is no address of this host: nothing can listen at 10.0.1.10:2380 (peer)',
    ]);
  });
  test('that nothing could try is not judged', () => {
    expect(withListen({ kind: 'no-listener' })).toEqual([
      'unseen port 10.0.1.10: 10.0.1.10:2380 (peer) was not tried, because the host has no systemd-socket-activate, perl or python3',
    ]);
  });
});

describe('another etcd', () => {
  const withEtcd = (etcd: Partial<HostFacts['etcd']>): readonly string[] =>
    withFacts({ etcd: { ...goodFacts.etcd, ...etcd } });

  test('shows by its service, its data or its manifest', () => {
    expect(withEtcd({ units: [{ unit: 'etcd.service', state: 'active' }] })).toEqual([
      'warning other-etcd 10.0.1.10: Another etcd is a service here: etcd.service',
    ]);
    expect(withEtcd({ dataDirs: ['/var/lib/etcd/default'] })).toEqual([
      'warning other-etcd 10.0.1.10: Another etcd has left its data here: /var/lib/etcd/default',
    ]);
    expect(withEtcd({ manifest: '/etc/kubernetes/manifests/etcd.yaml' })).toEqual([
      'warning other-etcd 10.0.1.10: The kubelet starts an etcd here: /etc/kubernetes/manifests/etcd.yaml',
    ]);
  });
  test('that is only installed, and our own service, are no trouble', () => {
    expect(withEtcd({ packages: ['etcd-server 3.4.23'], binary: '/usr/bin/etcd' })).toEqual([]);
    expect(withEtcd({ units: [{ unit: 'etcd-prod.service', state: 'active' }] })).toEqual([]);
  });
});

describe('names', () => {
  const named = (one: readonly string[], other: readonly string[], isLate = false) => {
    const sights = goodSights();
    const [first, second] = sights.hosts;
    const third = { ...hostAt('10.0.1.12'), dialled: hostAt('c.test').dialled };
    if (first === undefined || second === undefined) throw new Error('There are two hosts.');
    const seen = [one, other].map((addresses) => ({
      kind: 'seen' as const,
      value: { ...goodFacts, names: [{ name: 'c.test', addresses, isLate }] },
    }));
    return told({
      ...sights,
      wish: { ...sights.wish, hosts: [first.host, second.host, third] },
      hosts: [
        { ...first, facts: seen[0] },
        { ...second, facts: seen[1] },
      ],
    });
  };

  test('that everybody knows alike are well', () => {
    expect(named(['10.0.1.12'], ['10.0.1.12'])).toEqual([]);
  });
  test('that somebody does not know', () => {
    expect(named([], ['10.0.1.12'])).toEqual(['problem names 10.0.1.10: c.test is not known here']);
  });
  test('that are not answered in time', () => {
    expect(named([], [], true)).toContain(
      'problem names 10.0.1.10: c.test is not resolved within 4 s',
    );
  });
  test('that lead a host to itself', () => {
    expect(named(['127.0.1.1'], ['10.0.1.12'])).toContain(
      'problem names 10.0.1.10: c.test is 127.0.1.1 here: it would talk to itself',
    );
  });
  test('that differ from host to host', () => {
    expect(named(['10.0.1.12'], ['10.0.9.9'])).toContain(
      'warning names 10.0.1.10: c.test is 10.0.1.12 here and 10.0.9.9 on 10.0.1.11',
    );
  });
});

describe('the way from one host to another', () => {
  /** The first way, which is to the peer port of 10.0.1.11; its other port stays open unless both are changed. */
  const withEnds = (
    ends: readonly DialEnd[],
    listen: ListenEnd = { kind: 'up', pid: 1 },
    facts: Partial<HostFacts> = {},
  ): Sights => {
    const sights = goodSights();
    return {
      ...sights,
      hosts: sights.hosts.map((sight, at) =>
        at === 1 ? { ...sight, facts: { kind: 'seen', value: { ...goodFacts, ...facts } } } : sight,
      ),
      ways: sights.ways.map((way, at) => {
        const end = ends[at];
        return end === undefined ? way : { ...way, listen, end: { kind: 'seen', value: end } };
      }),
    };
  };
  const [way, port] = ['reach 10.0.1.10 → 10.0.1.11', '10.0.1.11:2380 (peer)'];

  test('whose packets vanish has a firewall in it, for certain when the other port answers', () => {
    expect(told(withEnds([{ kind: 'silent' }]))).toEqual([
      `problem ${way}: ${port} does not answer: packets vanish on the way`,
    ]);
    const hintOf = (sights: Sights) =>
      judge(sights).find(({ standing }) => standing === 'problem')?.hint;
    expect(hintOf(withEnds([{ kind: 'silent' }]))).toMatch(/^The host answers at its other port/);
    expect(hintOf(withEnds([{ kind: 'silent' }, { kind: 'silent' }]))).toMatch(
      /or the host is off/,
    );
  });
  test('is opened by the firewall that the host has', () => {
    const sights = withEnds([{ kind: 'silent' }], undefined, { active: ['firewalld', 'chronyd'] });
    const [problem] = judge(sights).filter(({ standing }) => standing === 'problem');
    expect(problem?.hint).toContain('firewall-cmd --permanent --add-port=2380/tcp');
  });
  test('that is refused although we listen', () => {
    expect(told(withEnds([{ kind: 'refused' }]))).toEqual([
      `problem ${way}: ${port} is refused, although we listen there`,
    ]);
  });
  test('that is refused where nothing listens is not judged', () => {
    expect(told(withEnds([{ kind: 'refused' }], { kind: 'no-listener' }))).toEqual([
      `unseen ${way}: ${port}: the host answers, but nothing listens there to connect to`,
    ]);
  });
  test('that is not there, and that a firewall says is not there', () => {
    expect(told(withEnds([{ kind: 'no-route' }, { kind: 'no-route' }]))).toEqual([
      `problem ${way}: There is no route to ${port}`,
      `problem ${way}: There is no route to 10.0.1.11:2379 (client)`,
    ]);
    expect(told(withEnds([{ kind: 'no-route' }]))).toEqual([
      `problem ${way}: ${port} is rejected by a firewall: the host answers at its other port`,
    ]);
  });
  test('that leads to somebody else', () => {
    expect(told(withEnds([{ kind: 'connected', tookMs: 1, word: 'SSH-2.0' }]))).toEqual([
      `problem ${way}: ${port} leads to somebody else: it did not answer as our listener there`,
    ]);
  });
  test('that is longer than a heartbeat', () => {
    expect(told(withEnds([{ kind: 'connected', tookMs: 180, word: 'ours' }]))).toEqual([
      `warning ${way}: ${port} takes 180 ms, longer than a heartbeat`,
    ]);
  });
  test('to a member that runs needs no word of ours', () => {
    const ends: DialEnd[] = [{ kind: 'connected', tookMs: 1, word: '' }];
    expect(told(withEnds(ends, { kind: 'left-alone' }))).toEqual([]);
  });
});

describe('TLS between members', () => {
  test.each<[HandshakeEnd, string | undefined]>([
    [{ kind: 'well' }, undefined],
    [
      { kind: 'untrusted', words: 'IP address mismatch' },
      'The certificate of 10.0.1.11:2380 (peer) is not trusted on 10.0.1.10',
    ],
    [
      { kind: 'refused', words: 'alert unknown ca' },
      '10.0.1.11:2380 (peer) ends the handshake with 10.0.1.10',
    ],
    [{ kind: 'plain-text' }, '10.0.1.11:2380 (peer) does not speak TLS'],
  ])('%o', (end, summary) => {
    const to = hostAt('10.0.1.11');
    const dialled = { plane: 'peer', scheme: 'https', name: '10.0.1.11', port: 2380 } as const;
    const tls = [{ from: '10.0.1.10', to, dialled, end: { kind: 'seen' as const, value: end } }];
    const head = 'problem tls 10.0.1.10 → 10.0.1.11: ';
    expect(told({ ...goodSights(), tls })).toEqual(summary === undefined ? [] : [head + summary]);
  });
});
