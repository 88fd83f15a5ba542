import { instantOf, unsafeBrand } from '../../base/index.js';
import {
  type HostSight,
  type Member,
  type MemberName,
  type Target,
  leaderOf,
} from '../cluster/index.js';
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

/**
 * Nobody gave a list: whoever holds a log of this cluster is taken for a voter at its host's addresses. Who is only wanted is
 * none, or a preview would take away a member that never was.
 */
function membersByTheirLogs({ target, record, observation }: PlanInput): readonly Member[] {
  if (record.clusterID === undefined) return [];
  return observation.hosts.flatMap(({ host, data }): readonly Member[] => {
    if (data.kind !== 'present' || data.clusterID !== record.clusterID) return [];
    const wanted = target.members.find((member) => member.host === host);
    const kept = Object.hasOwn(record.addresses, host) ? record.addresses[host] : undefined;
    return [
      {
        id: data.memberID,
        name: wanted?.name ?? unsafeBrand<MemberName>(host),
        peerURLs: kept?.peerURLs ?? wanted?.peerURLs ?? [],
        clientURLs: kept?.clientURLs ?? wanted?.clientURLs ?? [],
        isLearner: false,
      },
    ];
  });
}

/** The world that an observation shows; what was not seen stays unseen in it. */
export function worldOf(input: PlanInput): World {
  const { target, record, observation, now } = input;
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
    members: list.kind === 'unseen' ? membersByTheirLogs(input) : list.members,
    clusterID: list.kind === 'unseen' ? record.clusterID : list.clusterID,
    leader: leaderOf(observation),
    term: 2n,
    hosts: [...hosts, ...unseen],
    addedCount: 0,
    ...(target.consumers === undefined ? {} : { consumers: consumersIn(target, observation) }),
  });
}
