import type { HostName } from '../../../src/core/cluster/index.js';
import type { World, WorldHost } from '../../../src/core/model/index.js';
import type { Decision, Effect, Violation } from './decision.js';

/**
 * Rule 3: `new` is issued only while the cluster is unborn and every host of the spec is seen; never to a host that was
 * told so before while others hold data, unless it certainly ended before it could vote; never beside data of a cluster
 * that this birth would not lead to.
 */
export function checkOneBirth({ plan, world }: Decision): readonly Violation[] {
  const { step } = plan;
  if (step.kind !== 'start-member' || step.launch.purpose !== 'birth') return [];
  const { record, target } = world;
  const told = (why: string): Violation => ({
    rule: 3,
    what: `new is issued to ${step.host} ${why}`,
  });
  const found: Violation[] = [];
  if (record.clusterID !== undefined) found.push(told('although the cluster was born'));
  const hidden = world.hosts.find(({ host, seen }) => isWanted(host) && seen === false);
  if (hidden !== undefined) found.push(told(`while ${hidden.host} cannot be seen`));
  const others = withData(world, step.host);
  const self = world.hosts.find(({ host }) => host === step.host);
  if (others.length > 0 && record.issuedNew.includes(step.host) && !neverVoted(self)) {
    found.push(told(`a second time while ${names(others)} hold data`));
  }
  const list = step.launch.flags['initial-cluster'];
  const strange = others.find((other) => !isOfSameBirth(world, other, list));
  if (strange !== undefined) found.push(told(`beside data of another cluster on ${strange.host}`));
  return found;

  function isWanted(host: HostName): boolean {
    return target.members.some((member) => member.host === host);
  }
}

const withData = (world: World, except: HostName): readonly WorldHost[] =>
  world.hosts.filter(({ host, data }) => host !== except && data.kind !== 'empty');

/** etcd itself said that it ended before raft began. */
const neverVoted = (host: WorldHost | undefined): boolean =>
  host?.process.kind === 'stopped' && host.process.lastExit?.beforeRaft === true;

/** The ids of a birth come from the addresses; names are free, and may be changed meanwhile. */
const addressesIn = (initialCluster: string): string =>
  initialCluster
    .split(',')
    .map((entry) => entry.replace(/^[^=]*=/, ''))
    .sort()
    .join();

/** Its process was told the same list; who does not run is believed when it was told `new` by us. */
const isOfSameBirth = (
  { record }: World,
  { host, process, data }: WorldHost,
  list: string | undefined,
): boolean => {
  // One outside the spec that nobody ever told so has nothing of ours; whether it has anything need not be seen.
  if (!record.issuedNew.includes(host)) return data.kind === 'unseen';
  const own = process.kind === 'running' ? process.flags['initial-cluster'] : undefined;
  return own === undefined || list === undefined || addressesIn(own) === addressesIn(list);
};

/** Rule 3, whatever landed: the data of this incarnation is of one cluster. */
export function checkOneClusterID({ before, after, step }: Effect): readonly Violation[] {
  const has = clusterIDs(after);
  return has.size > 1 && has.size > clusterIDs(before).size
    ? [
        {
          rule: 3,
          what: `${step.kind} founded a second cluster: ${[...has].sort().join(', ')}`,
        },
      ]
    : [];
}

function clusterIDs({ hosts }: World): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { data } of hosts) if (data.kind === 'present') ids.add(data.clusterID);
  return ids;
}

const names = (hosts: readonly WorldHost[]): string => hosts.map(({ host }) => host).join(', ');
