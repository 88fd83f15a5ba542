import { leaderOf, quorumOf, votersOf } from '../../../src/core/cluster/index.js';
import { type World, type WorldHost, worldOf } from '../../../src/core/model/index.js';
import type { PlanInput } from '../../../src/core/planner/index.js';

/**
 * The world that the planner was shown, for those who judge its decisions: nobody is blamed for what changed between
 * the look and the step. Who runs and gave no answer counts as one that we do not reach, who knows no leader as one
 * that the others do not reach, unless it takes its vote to make the quorum that gave the list: then it knew one by then.
 */
export function asSeen(input: PlanInput): World {
  const leader = leaderOf(input.observation);
  const world = { ...worldOf(input), leader };
  if (input.record.clusterID === undefined) return world;
  const { hosts: sights } = input.observation;
  const isNeeded = listNeedsLeaderless(input);
  const hosts = world.hosts.map((host): WorldHost => {
    const sight = sights.find((candidate) => candidate.host === host.host);
    if (sight === undefined) return host;
    const { status } = sight;
    if (host.process.kind === 'stopped') return host;
    if (status.kind !== 'answered') return { ...withMember(input, host), seen: false };
    if (status.leader === undefined)
      return isNeeded ? { ...host, seen: false } : { ...host, side: 1 };
    const isKnown = host.process.kind === 'running' && host.blind !== true;
    if (isKnown && host.data.kind === 'present') return host;
    // The driver saw less than the member itself told; whatever it runs with, it runs.
    const { clusterID, memberID } = status;
    return {
      ...host,
      process: isKnown ? host.process : { kind: 'by-hand' },
      data: host.data.kind === 'empty' ? host.data : { kind: 'present', clusterID, memberID },
    };
  });
  return { ...world, hosts };
}

/** The list went through quorum, and those that were seen to know a leader are none. */
function listNeedsLeaderless({ observation: { hosts, memberList } }: PlanInput): boolean {
  if (memberList.kind !== 'linearizable') return false;
  const voters = votersOf(memberList.members);
  const led = voters.filter(({ id }) =>
    hosts.some(
      ({ status }) =>
        status.kind === 'answered' && status.memberID === id && status.leader !== undefined,
    ),
  );
  return led.length < quorumOf(voters.length);
}

/** A list through quorum says that somebody behind it votes; who is not seen may be the one. */
function withMember({ observation, record, target }: PlanInput, host: WorldHost): WorldHost {
  const { memberList } = observation;
  if (host.data.kind !== 'unseen' || memberList.kind !== 'linearizable') return host;
  const urls = [
    ...(target.members.find((member) => member.host === host.host)?.peerURLs ?? []),
    ...(record.addresses[host.host]?.peerURLs ?? []),
  ];
  const member = memberList.members.find(({ peerURLs }) =>
    peerURLs.some((url) => urls.includes(url)),
  );
  if (member === undefined) return host;
  const { clusterID } = memberList;
  return {
    ...host,
    process: { kind: 'by-hand' },
    data: { kind: 'present', clusterID, memberID: member.id },
  };
}
