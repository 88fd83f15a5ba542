import { leaderOf } from '../cluster/index.js';
import type { PlanInput } from '../planner/index.js';
import { consumersIn } from './consumers.js';
import { elected } from './leadership.js';
import type { World, WorldHost } from './world.js';

/** The world that an observation shows; what was not seen stays unseen in it. */
export function worldOf({ target, record, observation, now }: PlanInput): World {
  const list = observation.memberList;
  const hosts = observation.hosts.map(
    ({ host, process, data, gateway, status, certificates }): WorldHost => ({
      host,
      process,
      data,
      ...(gateway === undefined ? {} : { gateway }),
      ...(certificates === undefined ? {} : { certificates }),
      ...(status.kind === 'answered' ? { metLeader: true } : {}),
    }),
  );
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
