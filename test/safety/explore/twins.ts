import type { World, WorldHost } from '../../../src/core/model/index.js';
import type { Sent } from './decisions.js';
import { Interner } from './interner.js';
import { NumberList } from './number-list.js';
import { NumberMap } from './number-map.js';
import { LEADERS, LISTS, PARTS, ROW_LENGTH, TARGETS, type WorldTable } from './world-table.js';

/** Of no world any two hosts look alike: the number of groups when there are none. */
export const NO_TWINS = 0;
const HOSTS = 2 ** 7;

/**
 * Hosts that nothing tells apart but their names and their place in the lists, as bits, a number for each group: what
 * happens to one of them need not be tried on another, but for ties that a planner breaks by order. The deep form leaves
 * twins out; the short form tries them all. Groups that are the same have one number.
 */
export class Twins {
  readonly #worlds: WorldTable;
  readonly #row = new Int32Array(ROW_LENGTH);
  readonly #groups = new Interner<readonly number[]>();
  readonly #ofWorld = new NumberList();
  readonly #apart = new NumberMap();
  readonly #looks = new Interner<null>();
  /** By how far a meeting has come: the number of a look has no room for it. */
  readonly #lookOf: NumberMap[] = [];

  constructor(worlds: WorldTable) {
    this.#worlds = worlds;
    this.#idOf([]);
  }

  /** The groups with this number. */
  at(groups: number): readonly number[] {
    return this.#groups.at(groups);
  }

  of(world: number): number {
    const known = this.#ofWorld.at(world);
    return known >= 0 ? known : this.#ofWorld.set(world, this.#workOut(world));
  }

  /** What is on its way tells twins apart: the hosts it is about, and those it counts on. */
  toldApart(groups: number, { well, touches }: Sent, failed: number): number {
    if (groups === NO_TWINS) return groups;
    const key = ((groups * HOSTS + well) * HOSTS + failed) * HOSTS + (touches & (HOSTS - 1));
    const known = this.#apart.at(key);
    if (known >= 0) return known;
    const parts = toldApart(this.at(groups), [well, failed, ...eachBit(touches)]);
    return this.#apart.set(key, this.#idOf(parts));
  }

  #idOf(groups: readonly number[]): number {
    return this.#groups.idOf(groups.join(), groups);
  }

  #workOut(id: number): number {
    const world = this.#worlds.at(id);
    const row = this.#row;
    this.#worlds.unpack(id, row);
    const looks = world.hosts.map((host, slot) => this.#lookIn(world, host, slot));
    const bits = new Map<number, number>();
    looks.forEach((look, slot) => bits.set(look, (bits.get(look) ?? 0) | (1 << slot)));
    return this.#idOf([...bits.values()].filter(isSeveral));
  }

  /** Equal for hosts that look alike. Depends on the world by its list, leader, target and meeting alone. */
  #lookIn(world: World, host: WorldHost, slot: number): number {
    const part = (at: number): number => this.#row[at] ?? -1;
    const key =
      ((part(PARTS.hosts + slot) * LISTS + part(PARTS.list)) * LEADERS + part(PARTS.leader)) *
        TARGETS +
      part(PARTS.target);
    const looks = (this.#lookOf[part(PARTS.registered)] ??= new NumberMap());
    const known = looks.at(key);
    return known >= 0 ? known : looks.set(key, this.#looks.idOf(looksOf(world, host), null));
  }
}

const toldApart = (groups: readonly number[], masks: readonly number[]): readonly number[] =>
  masks.reduce<readonly number[]>(
    (parts, mask) => parts.flatMap((part) => [part & mask, part & ~mask].filter(isSeveral)),
    groups,
  );

const isSeveral = (bits: number): boolean => (bits & (bits - 1)) !== 0;

const eachBit = (bits: number): readonly number[] =>
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
    (world.registered ?? []).some(({ member: { name } }) => name === wanted?.name),
    host.side ?? 0,
    host.seen ?? true,
    host.caughtUp ?? true,
    host.metLeader ?? false,
    host.rejoinedAt ?? 0,
    host.alarms?.join() ?? '',
    host.oldList?.map(({ id, isLearner, name }) => `${id}${isLearner}${name === ''}`).join() ?? '',
  ].join(' ');
}
