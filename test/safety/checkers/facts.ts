/**
 * What is true of a world, read by people who do not trust the planner: own arithmetic, own idea of who is well. Types
 * only are taken from src; a mistake there must not be repeated here.
 */
import type { MemberID } from '../../../src/base/index.js';
import type { HostSight, Member } from '../../../src/core/cluster/index.js';
import type { World, WorldHost } from '../../../src/core/model/index.js';

/** How many more may fail until half of `all` or more are gone. Below zero: it has happened. */
export const spare = (well: number, all: number): number => Math.ceil(well - all / 2) - 1;

export const isMajority = (some: number, all: number): boolean => 2 * some > all;

export const isDataHere = ({ data }: Pick<WorldHost | HostSight, 'data'>, id: MemberID): boolean =>
  data.kind === 'present' && data.memberID === id;

/** The host that holds this member's data. */
export const homeOf = (world: World, id: MemberID): WorldHost | undefined =>
  world.hosts.find((host) => isDataHere(host, id));

/** The host on which this member runs, as a member of this cluster. */
export function runningHome(world: World, id: MemberID): WorldHost | undefined {
  const home = homeOf(world, id);
  if (home === undefined || home.data.kind !== 'present') return undefined;
  const runs = home.process.kind === 'running' || home.process.kind === 'by-hand';
  return runs && home.data.clusterID === world.clusterID ? home : undefined;
}

export const votersIn = (world: World): readonly Member[] =>
  world.members.filter((member) => !member.isLearner);

/** Voters that run where more than half of the voters run and reach each other. */
export function wellVoters(world: World): readonly Member[] {
  const voters = votersIn(world);
  for (const side of [0, 1]) {
    const there = voters.filter(({ id }) => {
      const home = runningHome(world, id);
      return home !== undefined && (home.side ?? 0) === side;
    });
    if (isMajority(there.length, voters.length)) return there;
  }
  return [];
}

/** Of the well ones those that we could know of: we reach their host. */
export const knownWell = (world: World): readonly Member[] =>
  wellVoters(world).filter(({ id }) => runningHome(world, id)?.seen ?? true);

/** Voters are well, a leader among them is elected, and we reach one of them: a list through quorum can be had. */
export function canBeRead(world: World): boolean {
  const well = wellVoters(world);
  return well.some(({ id }) => id === world.leader) && knownWell(world).length > 0;
}

/** It has been a member in deed: it published its name, so it had a log. */
export const hasStarted = ({ name }: Member): boolean => name !== '';

/** The host where a member is registered to live, by the addresses of spec and record. */
export function addressedHost(world: World, member: Member): WorldHost | undefined {
  const isIts = (urls: readonly string[]) =>
    urls.some((url) => member.peerURLs.some((own) => placeOf(own) === placeOf(url)));
  const wanted = world.target.members.find(({ peerURLs }) => isIts(peerURLs))?.host;
  const recorded = Object.entries(world.record.addresses).find(([, { peerURLs }]) =>
    isIts(peerURLs),
  )?.[0];
  const name: string | undefined = wanted ?? recorded;
  return world.hosts.find(({ host }) => host === name);
}

/** The record has the addresses of before a cluster turned to TLS. */
const placeOf = (url: string): string => url.slice(url.indexOf(':'));

/**
 * Voters whose log is gone, as we can see it: they had one, no host has it, and the host where they live is empty.
 */
export const lostVoters = (world: World): readonly Member[] =>
  votersIn(world).filter((member) => {
    if (!hasStarted(member) || homeOf(world, member.id) !== undefined) return false;
    const host = addressedHost(world, member);
    return host?.data.kind === 'empty' && (host.seen ?? true);
  });

/** The spec has no place for this member: its host is not wanted, or it was asked to be replaced. */
export function isUnwanted(world: World, member: Member): boolean {
  if (world.target.retire.includes(member.id)) return true;
  const host = homeOf(world, member.id) ?? addressedHost(world, member);
  return !world.target.members.some((wanted) => wanted.host === host?.host);
}

export const nameOf = (world: World, id: MemberID): string => {
  const name = world.members.find((member) => member.id === id)?.name ?? '';
  return name === '' ? id : name;
};
