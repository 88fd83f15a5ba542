import { type MemberID, memberIDOf } from '../../../src/base/index.js';
import {
  type Applied,
  type World,
  applyStep,
  fallBehind,
  landLate,
  settle,
} from '../../../src/core/model/index.js';
import type { Step } from '../../../src/core/planner/index.js';
import { type Violation as Broken, checkEffect, lostBy, wellVoters } from '../checkers/index.js';
import { type Decisions, type Sent, hostBits } from './decisions.js';
import { NumberList } from './number-list.js';
import { NumberMap } from './number-map.js';
import type { WorldTable } from './world-table.js';

export interface Landed {
  readonly outcome: Applied['outcome'];
  readonly after: number;
  /** Whether there is any number of failed voters for which it is to blame for a lost quorum. */
  readonly mayCost: boolean;
  readonly broken: readonly Broken[];
}

const OUTCOMES = ['applied', 'refused', 'unknown'] as const;
const NOTHING: readonly Broken[] = [];
const ANY_MARGIN = { well: [], margin: Infinity };

/** How steps land on worlds, each worked out once. */
export class Landings {
  /** World after, outcome and whether it may cost the quorum as one number, by world, step and the rest. */
  readonly #landed = new NumberMap();
  readonly #broken = new Map<number, readonly Broken[]>();
  readonly #used = new NumberList();
  readonly #well = new NumberList();
  readonly #worlds: WorldTable;
  readonly #decisions: Decisions;

  constructor(worlds: WorldTable, decisions: Decisions) {
    this.#worlds = worlds;
    this.#decisions = decisions;
  }

  /** `reserved`: ids that something on its way still speaks of; a new member gets another one. */
  of(world: number, sent: number, how: 'now' | 'late', reserved: number): Landed {
    const { step } = this.#decisions.sents.at(sent);
    const free = step.kind === 'add-learner' ? lowestZero(this.#usedIn(world) | reserved) : 0;
    const key = ((world * 2 ** 14 + sent) * 2 + Number(how === 'late')) * 32 + free;
    let known = this.#landed.at(key);
    if (known < 0) known = this.#landed.set(key, this.#land(key, world, step, how, free));
    return {
      outcome: OUTCOMES[(known >>> 1) % OUTCOMES.length] ?? 'unknown',
      after: Math.floor((known >>> 1) / OUTCOMES.length),
      mayCost: (known & 1) === 1,
      broken: this.#broken.size === 0 ? NOTHING : (this.#broken.get(key) ?? NOTHING),
    };
  }

  /** That a host is told `new` is in the record before it is told; a controller may be killed in between. */
  intended(id: number, sent: number): number {
    const { step } = this.#decisions.sents.at(sent);
    if (step.kind !== 'start-member' || step.launch.purpose !== 'birth') return id;
    const world = this.#worlds.at(id);
    if (world.record.issuedNew.includes(step.host)) return id;
    const issuedNew = [...world.record.issuedNew, step.host];
    return this.#worlds.idOf({ ...world, record: { ...world.record, issuedNew } });
  }

  /** Rule 1 as the step lands: `failed` are the hosts, as bits, that were taken away since it was decided. */
  costsQuorum(world: number, { after, mayCost }: Landed, sent: Sent, failed: number): boolean {
    if (!mayCost) return false;
    const before = this.#worlds.at(world);
    const gone = countBits(failed & sent.well & ~this.wellIn(world));
    return lostBy(before, this.#worlds.at(after), { well: [], margin: sent.margin }, gone);
  }

  /** The hosts of the voters that are well, as bits. */
  wellIn(id: number): number {
    const known = this.#well.at(id);
    if (known >= 0) return known;
    const world = this.#worlds.at(id);
    return this.#well.set(
      id,
      hostBits(
        world,
        wellVoters(world).map((member) => member.id),
      ),
    );
  }

  #land(key: number, id: number, step: Step, how: 'now' | 'late', free: number): number {
    const before = this.#worlds.at(id);
    const numbered = free === before.addedCount ? before : { ...before, addedCount: free };
    const { outcome, world } =
      how === 'late' ? landLate(numbered, step) : applyStep(numbered, step);
    const code = OUTCOMES.indexOf(outcome);
    if (world === numbered) return (id * OUTCOMES.length + code) * 2;
    const after = this.#worlds.idOf(settle(joinedBehind(world, step)));
    const broken = checkEffect({ before, step, outcome, after: this.#worlds.at(after) });
    if (broken.length > 0) this.#broken.set(key, broken);
    const mayCost = id !== after && lostBy(before, this.#worlds.at(after), ANY_MARGIN, 0);
    return (after * OUTCOMES.length + code) * 2 + Number(mayCost);
  }

  /** The ids of added members that a world speaks of, as bits. */
  #usedIn(world: number): number {
    const known = this.#used.at(world);
    return known >= 0 ? known : this.#used.set(world, usedIDs(this.#worlds.at(world)));
  }
}

/** Who joins has received nothing yet. */
const joinedBehind = (world: World, step: Step): World =>
  step.kind === 'start-member' && step.launch.purpose === 'join'
    ? fallBehind(world, step.host)
    : world;

/** The model numbers added members from 1 on, in the bits from 40 up. Others are those of the birth. */
const numberOf = (id: MemberID): number => {
  for (let number = 0; number < NUMBERED.length; number++)
    if (NUMBERED[number] === id) return number;
  return -1;
};
const NUMBERED: readonly MemberID[] = Array.from({ length: 24 }, (_, i) =>
  memberIDOf(BigInt(i + 1) << 40n),
);

const bitOf = (id: MemberID): number => {
  const number = numberOf(id);
  return number < 0 ? 0 : 1 << number;
};

function usedIDs({ members, hosts }: World): number {
  let bits = 0;
  for (const { id } of members) bits |= bitOf(id);
  for (const { data, oldList } of hosts) {
    if (data.kind === 'present') bits |= bitOf(data.memberID);
    for (const { id } of oldList ?? []) bits |= bitOf(id);
  }
  return bits;
}

/** The ids that a step on its way speaks of, as bits. */
export function idsIn(step: Step): number {
  switch (step.kind) {
    case 'promote-learner':
    case 'remove-member':
    case 'update-peer-urls':
      return bitOf(step.member);
    case 'move-leader':
      return bitOf(step.from) | bitOf(step.to);
    case 'set-aside-data':
      return step.proof.listed.reduce((bits, id) => bits | bitOf(id), bitOf(step.proof.memberID));
    case 'start-member':
    case 'stop-member':
    case 'add-learner':
    case 'start-gateway':
    case 'stop-gateway':
    case 'update-consumer':
    case 'install-certificates':
    case 'advance-rotation':
    case 'record-birth':
      return 0;
  }
}

function lowestZero(bits: number): number {
  let number = 0;
  while ((bits >> number) & 1) number++;
  return number;
}

export function countBits(bits: number): number {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count++;
  return count;
}
