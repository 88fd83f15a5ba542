/** For tests only: a record, a wish and an entry. */
import { instantOf, unsafeBrand } from '../../../base/index.js';
import type { ClusterName, ClusterRecord } from '../../../core/cluster/index.js';
import type { ClusterSpec } from '../../../core/spec/index.js';
import type { JournalEntry, Wish } from '../../../engine/ports/index.js';

export const PROD = unsafeBrand<ClusterName>('prod');

/** `n` tells one from another. */
export const recordOf = (n: number): ClusterRecord => ({
  formatVersion: 1,
  name: PROD,
  token: unsafeBrand('prod-1a2b'),
  version: unsafeBrand('3.6.15'),
  issuedNew: [],
  addresses: {},
  retire: [unsafeBrand(n.toString(16))],
});

export const numberOf = (record: ClusterRecord | undefined): number | undefined =>
  record === undefined ? undefined : Number.parseInt(record.retire[0] ?? '', 16);

export const specOf = (...hosts: readonly string[]): ClusterSpec => ({
  name: PROD,
  version: '3.6',
  bootstrap: { kind: 'static' },
  driver: { kind: 'local' },
  members: hosts.map((host) => ({
    name: unsafeBrand(host),
    host: unsafeBrand(host),
    start: 'quorate',
  })),
  etcd: {},
  tls: { kind: 'off' },
  proxies: [],
  consumers: [],
});

export const wishOf = (...hosts: readonly string[]): Omit<Wish, 'generation'> => ({
  spec: specOf(...hosts),
  state: 'up',
  paused: false,
  retire: [],
});

export const entryOf = (n: number): JournalEntry => ({
  kind: 'wish',
  at: instantOf(n),
  generation: n,
  by: 'test',
});
