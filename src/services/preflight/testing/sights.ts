/** For tests only: hosts on which all is well, to be changed in one respect. */
import { unsafeBrand } from '../../../base/index.js';
import type { HostFacts, Storage } from '../facts.js';
import type { PreflightHost, PreflightWish } from '../hosts.js';
import { type Sights, judge } from '../judge/judge.js';
import type { HostSight, WaySight } from '../sights.js';
import type { Verdict } from '../verdict.js';

export const hostAt = (name: string): PreflightHost => ({
  host: unsafeBrand(name),
  listens: [
    { plane: 'peer', address: name, port: 2380 },
    { plane: 'client', address: name, port: 2379 },
  ],
  dialled: [
    { plane: 'peer', scheme: 'http', name, port: 2380 },
    { plane: 'client', scheme: 'http', name, port: 2379 },
  ],
  dataDirs: ['/var/lib/etcd/prod'],
});

export const wishFor = (hosts: readonly PreflightHost[]): PreflightWish => ({
  cluster: unsafeBrand('prod'),
  hosts,
  isBorn: false,
  keptBy: 'systemd',
  ownUnits: ['etcd-prod.service'],
  user: 'etcd',
  quotaBytes: 2 * 1024 ** 3,
  heartbeatMs: 100,
});

const GIB = 1024 ** 3;

export const goodStorage: Storage = {
  base: '/var/lib/etcd',
  exists: false,
  holds: [],
  strange: [],
  unmounted: [],
  totalBytes: 20 * GIB,
  availableBytes: 18 * GIB,
  availableFiles: 1_000_000,
  mount: { point: '/var/lib/etcd', fileSystem: 'ext4', device: '/dev/sdb1', options: ['rw'] },
  rotational: false,
  timing: {
    kind: 'each',
    tookMs: Array.from({ length: 500 }, () => 0.5),
    isGentle: false,
    isUnreserved: false,
  },
};

export const goodFacts: HostFacts = {
  system: 'Debian GNU/Linux 12 (bookworm)',
  kernel: '6.1.0',
  machine: 'x86_64',
  processors: 4,
  memory: {
    totalBytes: 8 * GIB,
    availableBytes: 6 * GIB,
    swapTotalBytes: 0,
    swapFreeBytes: 0,
  },
  init: 'systemd',
  systemdVersion: 252,
  missingTools: [],
  user: undefined,
  selinux: 'off',
  appArmor: { enabled: true, profiles: [] },
  active: ['systemd-timesyncd'],
  synchronized: true,
  addresses: ['127.0.0.1', '10.0.1.10'],
  names: [],
  listeners: [],
  etcd: {
    processes: [],
    units: [],
    packages: [],
    dataDirs: [],
    binary: undefined,
    manifest: undefined,
  },
  storage: { kind: 'seen', ...goodStorage },
};

export const goodSight = (host: PreflightHost): HostSight => ({
  host,
  login: { kind: 'in', clock: { aheadMs: 3, uncertainMs: 5 } },
  facts: { kind: 'seen', value: goodFacts },
  listens: { kind: 'seen', value: host.listens.map((_, at) => ({ kind: 'up', pid: 100 + at })) },
});

/** From one to the other's ports, all open. */
export const goodWays = (from: string, to: PreflightHost): readonly WaySight[] =>
  to.dialled.map((dialled) => ({
    from,
    to,
    dialled,
    listen: { kind: 'up', pid: 100 },
    word: 'ours',
    end: { kind: 'seen', value: { kind: 'connected', tookMs: 0.4, word: 'ours' } },
  }));

/** Two hosts that are fit. */
export function goodSights(): Sights {
  const hosts = [hostAt('10.0.1.10'), hostAt('10.0.1.11')];
  const ways = hosts.flatMap((from) =>
    hosts.filter((to) => to !== from).flatMap((to) => goodWays(from.host, to)),
  );
  return { wish: wishFor(hosts), hosts: hosts.map(goodSight), ways, tls: [] };
}

/** As a person would see them, without what is well: `problem free-space 10.0.1.10: Only 9.0 MiB free …`. */
export const told = (sights: Sights): readonly string[] =>
  judge(sights)
    .filter(({ standing }) => standing !== 'ok')
    .map(lineOf);

export const lineOf = ({ standing, check, host, to, summary }: Verdict): string =>
  `${standing} ${check} ${to === undefined ? host : `${host} → ${to}`}: ${summary}`;
