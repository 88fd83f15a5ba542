import type { MemberID } from '../../base/index.js';
import { quorumOf } from '../cluster/index.js';
import type { Side, World, WorldHost } from './world.js';

export const sideOf = (host: WorldHost): Side => host.side ?? 0;
export const isSeen = (host: WorldHost): boolean => host.seen ?? true;
/** Whether the driver reaches it: to look at it, and to do anything there. */
export const isInReach = (host: WorldHost): boolean => isSeen(host) && host.blind !== true;
export const isCaughtUp = (host: WorldHost): boolean => host.caughtUp ?? true;

/** A process runs on this host's own data of this cluster. */
export const lives = ({ clusterID }: World, { process, data }: WorldHost): boolean =>
  (process.kind === 'running' || process.kind === 'by-hand') &&
  data.kind === 'present' &&
  data.clusterID === clusterID;

/** The host on whose data a member lives or lies; absent when no host has it. */
export const hostOf = (world: World, id: MemberID): WorldHost | undefined =>
  world.hosts.find(({ data }) => data.kind === 'present' && data.memberID === id);

/** The host on which this very member runs now. */
export function liveHostOf(world: World, id: MemberID): WorldHost | undefined {
  for (const host of world.hosts) {
    if (host.data.kind === 'present' && host.data.memberID === id && lives(world, host))
      return host;
  }
  return undefined;
}

/** A member is alive when a process runs on its own data. */
export const isAlive = (world: World, id: MemberID): boolean => liveHostOf(world, id) !== undefined;

/** The side of the cut on which a quorum of voters is alive; at most one has it. Only there anything is committed. */
export function quorumSide(world: World): Side | undefined {
  let voters = 0;
  let here = 0;
  let there = 0;
  for (const { id, isLearner } of world.members) {
    if (isLearner) continue;
    voters++;
    const host = liveHostOf(world, id);
    if (host === undefined) continue;
    if (sideOf(host) === 0) here++;
    else there++;
  }
  if (voters === 0) return undefined;
  const quorum = quorumOf(voters);
  return here >= quorum ? 0 : there >= quorum ? 1 : undefined;
}

export const hasQuorum = (world: World): boolean => quorumSide(world) !== undefined;

/** The side that has a leader now. A quorum without one is still electing; `settle` lets it. */
export const ledSide = (world: World): Side | undefined =>
  world.leader === undefined ? undefined : ifLed(world, quorumSide(world));

/** The side with the quorum when the leader lives there, else undefined. */
export function ifLed(world: World, side: Side | undefined): Side | undefined {
  if (world.leader === undefined || side === undefined) return undefined;
  const host = liveHostOf(world, world.leader);
  return host !== undefined && sideOf(host) === side ? side : undefined;
}

export const elected = (world: World): World => electedOn(world, quorumSide(world));

/** Keeps the leader while it lives on the side with the quorum; otherwise that side elects one that has the whole log. */
export function electedOn(world: World, side: Side | undefined): World {
  if (side === undefined) {
    return world.leader === undefined ? world : { ...world, leader: undefined };
  }
  if (world.leader !== undefined && isVoterOn(world, world.leader, side)) return world;
  const able = world.members.filter(
    ({ id, isLearner }) => !isLearner && isVoterOn(world, id, side),
  );
  // Committed entries are on a quorum, so one of these has them all; who lags is not elected.
  const next = able.find(({ id }) => isLogWhole(world, id)) ?? able[0];
  return { ...world, leader: next?.id, term: world.term + 1n };
}

function isVoterOn(world: World, id: MemberID, side: Side): boolean {
  const host = liveHostOf(world, id);
  if (host === undefined || sideOf(host) !== side) return false;
  return world.members.some((member) => member.id === id && !member.isLearner);
}

function isLogWhole(world: World, id: MemberID): boolean {
  const host = liveHostOf(world, id);
  return host !== undefined && isCaughtUp(host) && host.oldList === undefined;
}
