import type { HostName, Member } from '../../../src/core/cluster/index.js';
import type { World } from '../../../src/core/model/index.js';
import type { Decision, Violation } from './decision.js';
import {
  canBeRead,
  homeOf,
  isMajority,
  isUnwanted,
  knownWell,
  lostVoters,
  nameOf,
  runningHome,
  votersIn,
  wellVoters,
} from './facts.js';

/**
 * Rule 7: who leads is neither stopped nor removed while there is somebody to hand over to; leadership is moved for a
 * restart only when no follower is left to restart; and the sick go before the well.
 */
export function checkOrder({ plan, world }: Decision): readonly Violation[] {
  const { step } = plan;
  switch (step.kind) {
    case 'remove-member':
      return [
        ...(isLeading(world, step.member) && hasHeir(world)
          ? broken(`the leader, ${nameOf(world, step.member)}, is removed before it handed over`)
          : []),
        ...wellBeforeSick(world, step.member),
      ];
    case 'stop-member':
      return world.target.state === 'down'
        ? followersBeforeLeader(world, step.host)
        : leaderStopped(world, step.host);
    case 'move-leader':
      return leaderBeforeFollowers(world, step.from);
    default:
      return [];
  }
}

const broken = (what: string): readonly Violation[] => [{ rule: 7, what }];

const isLeading = (world: World, id: Member['id'] | undefined): boolean =>
  id !== undefined && id === world.leader && canBeRead(world);

const hasHeir = (world: World): boolean => wellVoters(world).length > 1;

const memberOn = (world: World, name: HostName): Member | undefined =>
  world.members.find(({ id }) => runningHome(world, id)?.host === name);

function leaderStopped(world: World, host: HostName): readonly Violation[] {
  const member = memberOn(world, host);
  // Before its birth is on record nobody has been told of the cluster: there is nobody to whom its leader matters.
  if (member === undefined || world.record.clusterID === undefined) return [];
  if (isLeading(world, member.id) && hasHeir(world)) {
    return broken(`the leader, ${nameOf(world, member.id)}, is stopped before it handed over`);
  }
  // A healthy one is stopped only for a restart; whoever needs one and is unwell anyway goes first.
  const isWell = wellVoters(world).some(({ id }) => id === member.id);
  const sick = isWell ? votersIn(world).find(({ id }) => isSickAndOutdated(world, id)) : undefined;
  return sick === undefined
    ? []
    : broken(
        `${nameOf(world, member.id)} is restarted before ${nameOf(world, sick.id)}, which is unwell`,
      );
}

function followersBeforeLeader(world: World, host: HostName): readonly Violation[] {
  const member = memberOn(world, host);
  if (!isLeading(world, member?.id)) return [];
  const follower = world.target.members.find((wanted) => {
    const other = world.hosts.find((candidate) => candidate.host === wanted.host);
    return other?.process.kind === 'running' && wanted.host !== host && (other.seen ?? true);
  });
  return follower === undefined ? [] : broken(`the leader is stopped while ${follower.name} runs`);
}

function leaderBeforeFollowers(world: World, from: Member['id']): readonly Violation[] {
  const leader = world.members.find(({ id }) => id === from);
  const stays = leader !== undefined && !isUnwanted(world, leader) && isOutdated(world, from);
  // Nobody can dial it anew: that is mended before anybody else is stopped (etcd-facts 5.7).
  if (leader !== undefined && isUnreachable(world, leader)) return [];
  if (!stays || homeOf(world, from) === undefined) return [];
  // One that is to go, or to be replaced, needs no restart.
  const follower = wellVoters(world).find(
    (voter) =>
      voter.id !== from &&
      !isUnwanted(world, voter) &&
      (runningHome(world, voter.id)?.seen ?? true) &&
      isOutdated(world, voter.id),
  );
  return follower === undefined
    ? []
    : broken(`leadership moves for a restart while ${nameOf(world, follower.id)} still needs one`);
}

/** It is registered where its process does not listen. */
function isUnreachable(world: World, member: Member): boolean {
  const home = runningHome(world, member.id);
  if (home?.process.kind !== 'running') return false;
  const listens = (home.process.flags['listen-peer-urls'] ?? '').split(',');
  return !member.peerURLs.some((url) => listens.includes(url));
}

const isSickAndOutdated = (world: World, id: Member['id']): boolean =>
  !wellVoters(world).some((well) => well.id === id) &&
  (homeOf(world, id)?.seen ?? true) &&
  isOutdated(world, id);

/** It runs with other flags or another version than the spec asks for. */
function isOutdated(world: World, id: Member['id']): boolean {
  const home = homeOf(world, id);
  const wanted = world.target.members.find(({ host }) => host === home?.host);
  if (home?.process.kind !== 'running' || wanted === undefined || wanted.byHand) return false;
  const { flags, version } = home.process;
  if (version !== undefined && version !== world.target.version) return true;
  return Object.entries(wanted.flags).some(([name, value]) => flags[name] !== value);
}

/** One that is well is let go although one that is not has to go too, and could. */
function wellBeforeSick(world: World, leaving: Member['id']): readonly Violation[] {
  const well = knownWell(world);
  if (!well.some(({ id }) => id === leaving)) return [];
  const mayGo = isMajority(well.length, votersIn(world).length - 1);
  const sick = [
    ...lostVoters(world),
    ...votersIn(world).filter(
      (member) =>
        isUnwanted(world, member) &&
        homeOf(world, member.id)?.process.kind === 'stopped' &&
        (homeOf(world, member.id)?.seen ?? true),
    ),
  ].find(({ id }) => id !== leaving);
  return mayGo && sick !== undefined
    ? broken(`${nameOf(world, leaving)} is removed before ${nameOf(world, sick.id)}, which is down`)
    : [];
}
