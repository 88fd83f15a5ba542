import { instantOf } from '../../base/index.js';
import { type HostSight, type Target, leaderOf } from '../cluster/index.js';
import type { PlanInput } from '../planner/index.js';
import { consumersIn } from './consumers.js';
import { elected } from './leadership.js';
import type { World, WorldHost } from './world.js';

/**
 * Of a host that does not answer us its member tells that it lives there. With what flags nobody knows: those that are
 * wanted stand for them, and are not seen either.
 */
function behindItsMember({ host, process, status }: HostSight, target: Target): Partial<WorldHost> {
  if (process.kind !== 'unseen' || status.kind !== 'answered') return {};
  const { clusterID, memberID, version } = status;
  const flags = target.members.find((member) => member.host === host)?.flags ?? {};
  return {
    process: { kind: 'running', startedAt: instantOf(0), flags, version },
    data: { kind: 'present', clusterID, memberID },
    blind: true,
  };
}

/** The world that an observation shows; what was not seen stays unseen in it. */
export function worldOf({ target, record, observation, now }: PlanInput): World {
  const list = observation.memberList;
  const hosts = observation.hosts.map((sight): WorldHost => {
    const { host, process, data, gateway, status, certificates } = sight;
    return {
      host,
      process,
      data,
      ...(gateway === undefined ? {} : { gateway }),
      ...(certificates === undefined ? {} : { certificates }),
      ...(status.kind === 'answered' ? { metLeader: true } : {}),
      ...behindItsMember(sight, target),
    };
  });
  const byHand = target.members.filter((member) => member.byHand).map(({ host }) => host);
  const unseen = [...target.members, ...target.proxies]
    .filter((member) => !hosts.some(({ host }) => host === member.host))
    .map(({ host }): WorldHost => ({
      host,
      process: byHand.includes(host) ? { kind: 'by-hand' } : { kind: 'stopped' },
      data: { kind: 'empty' },
    }));
  return elected({
    now,
    target,
    record,
    members: list.kind === 'unseen' ? [] : list.members,
    clusterID: list.kind === 'unseen' ? record.clusterID : list.clusterID,
    leader: leaderOf(observation),
    term: 2n,
    hosts: [...hosts, ...unseen],
    addedCount: 0,
    ...(target.consumers === undefined ? {} : { consumers: consumersIn(target, observation) }),
  });
}
