import type { World, WorldHost } from '../../../src/core/model/index.js';

/**
 * Hosts that nothing tells apart but their names and their place in the lists, as bits, a number for each group: what
 * happens to one of them need not be tried on another, but for ties that a planner breaks by order. The deep form leaves
 * twins out; the short form tries them all.
 */
export function twinsOf(world: World): readonly number[] {
  const groups = new Map<string, number>();
  world.hosts.forEach((host, slot) => {
    const key = looksOf(world, host);
    groups.set(key, (groups.get(key) ?? 0) | (1 << slot));
  });
  return [...groups.values()].filter(isSeveral);
}

/** What is on its way tells twins apart: the hosts it is about, and those it counts on. */
export const toldApart = (groups: readonly number[], masks: readonly number[]): readonly number[] =>
  masks.reduce<readonly number[]>(
    (parts, mask) => parts.flatMap((part) => [part & mask, part & ~mask].filter(isSeveral)),
    groups,
  );

const isSeveral = (bits: number): boolean => (bits & (bits - 1)) !== 0;

export const eachBit = (bits: number): readonly number[] =>
  [0, 1, 2, 3, 4, 5, 6].map((slot) => bits & (1 << slot)).filter((bit) => bit !== 0);

/** Of the twins that something happens to, there is none whose earlier twin is spared. */
export function isFirstOfAll(groups: readonly number[], hosts: number): boolean {
  for (const twins of groups) if (!isFirstOf(twins, hosts)) return false;
  return true;
}

function isFirstOf(twins: number, hosts: number): boolean {
  const hit = twins & hosts;
  const spared = twins & ~hosts;
  if (hit === 0 || spared === 0) return true;
  return 31 - Math.clz32(hit) < 31 - Math.clz32(spared & -spared);
}

function looksOf(world: World, host: WorldHost): string {
  const { process, data } = host;
  const member =
    data.kind === 'present' ? world.members.find(({ id }) => id === data.memberID) : undefined;
  const wanted = world.target.members.find((candidate) => candidate.host === host.host);
  const registered = world.members.some(({ peerURLs }) =>
    peerURLs.some((url) => wanted?.peerURLs.includes(url)),
  );
  const differs =
    process.kind === 'running' &&
    Object.entries(wanted?.flags ?? {}).some(([flag, value]) => process.flags[flag] !== value);
  return [
    process.kind,
    process.kind === 'running'
      ? `${process.startedAt} ${process.flags['initial-cluster-state']}`
      : '',
    process.kind === 'stopped' ? (process.lastExit?.reason ?? '') : '',
    differs,
    data.kind,
    member === undefined ? 'none' : `${member.isLearner} ${member.name === ''}`,
    member !== undefined && member.id === world.leader,
    member !== undefined && world.target.retire.includes(member.id),
    wanted === undefined,
    registered,
    host.side ?? 0,
    host.seen ?? true,
    host.caughtUp ?? true,
    host.metLeader ?? false,
    host.rejoinedAt ?? 0,
    host.alarms?.join() ?? '',
    host.oldList?.map(({ id, isLearner, name }) => `${id}${isLearner}${name === ''}`).join() ?? '',
  ].join(' ');
}
