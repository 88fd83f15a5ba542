import { type Random, instantOf, unsafeBrand } from '../../../src/base/index.js';
import { restartFlags } from '../../../src/core/bootstrap/index.js';
import {
  type ClusterName,
  type ClusterRecord,
  type ClusterToken,
  type EtcdVersion,
  type Member,
  clusterIDAtBirth,
  memberIDAtBirth,
} from '../../../src/core/cluster/index.js';
import type { World, WorldHost } from '../../../src/core/model/index.js';
import { defaultSpec } from '../../../src/core/spec/index.js';
import type { Wish } from '../../../src/engine/ports/index.js';
import { targetResolver } from '../../../src/main/resolve.js';
import { Checks } from './checks.js';
import { emptyDisk } from './disk.js';
import { addressesOf } from './driver-port.js';
import { Etcd } from './etcd.js';
import type { Run } from './run.js';
import { Site } from './site.js';

const VERSION = unsafeBrand<EtcdVersion>('3.6.15');

/** A cluster as a seed begins with it: founded a moment ago, or running for a long time. */
export function beginSite(run: Run, name: string, random: Random): Site {
  const { size, born, firstLife } = run.parameters;
  const spec = defaultSpec({
    name: unsafeBrand<ClusterName>(name),
    memberCount: size,
    version: '3.6',
  });
  const wish: Wish = { generation: 1, spec, state: 'up', paused: false, retire: [] };
  const founded: ClusterRecord = {
    formatVersion: 1,
    name: spec.name,
    token: unsafeBrand<ClusterToken>(`${name}-${random.hex(4)}`),
    version: VERSION,
    issuedNew: [],
    addresses: born
      ? Object.fromEntries(spec.members.map(({ host }) => [host, addressesOf(host)]))
      : {},
    retire: [],
  };
  const resolved = targetResolver(firstLife)(wish, {
    ...founded,
    addresses: Object.fromEntries(spec.members.map(({ host }) => [host, addressesOf(host)])),
  });
  if (!resolved.ok) throw new Error('the spec of the simulation makes no target');
  const target = resolved.value;
  const idOf = (member: { readonly peerURLs: Member['peerURLs'] }) =>
    memberIDAtBirth(member.peerURLs, target.token);
  const clusterID = clusterIDAtBirth(target.members.map(idOf));
  const record: ClusterRecord = born
    ? { ...founded, clusterID, issuedNew: target.members.map(({ host }) => host) }
    : founded;
  const now = run.clock.now();
  const world: World = {
    now,
    target,
    record,
    members: born
      ? target.members.map((member): Member => ({
          id: idOf(member),
          name: member.name,
          peerURLs: member.peerURLs,
          clientURLs: member.clientURLs,
          isLearner: false,
        }))
      : [],
    clusterID: born ? clusterID : undefined,
    leader: born ? target.members.map(idOf)[0] : undefined,
    term: 2n,
    hosts: target.members.map((member): WorldHost =>
      born
        ? {
            host: member.host,
            process: {
              kind: 'running',
              startedAt: instantOf(now - 3_600_000),
              flags: restartFlags(member.flags),
              version: VERSION,
            },
            data: { kind: 'present', clusterID, memberID: idOf(member) },
            metLeader: true,
          }
        : { host: member.host, process: { kind: 'stopped' }, data: { kind: 'empty' } },
    ),
    addedCount: 0,
  };
  const disk = emptyDisk();
  disk.wish = wish;
  disk.record = record;
  const site = new Site(run, name, disk, world);
  site.etcd = new Etcd(site);
  site.checks = new Checks(site);
  site.checks.begin(world);
  return site;
}
