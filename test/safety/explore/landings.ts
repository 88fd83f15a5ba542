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
import type { WorldTable } from './world-table.js';

export interface Landed {
  readonly outcome: Applied['outcome'];
  readonly after: number;
  readonly broken: readonly Broken[];
}

/** How steps land on worlds, each worked out once. */
export class Landings {
  readonly #landed = new Map<number, Landed>();
  readonly #used: (number | undefined)[] = [];
  readonly #well: (number | undefined)[] = [];
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
    const known = this.#landed.get(key);
    if (known !== undefined) return known;
    const landed = this.#land(world, step, how, free);
    this.#landed.set(key, landed);
    return landed;
  }

  /** Rule 1 as the step lands: `failed` are the hosts, as bits, that were taken away since it was decided. */
  costsQuorum(world: number, { after }: Landed, sent: Sent, failed: number): boolean {
    const before = this.#worlds.at(world);
    const gone = countBits(failed & sent.well & ~this.wellIn(world));
    return lostBy(before, this.#worlds.at(after), { well: [], margin: sent.margin }, gone);
  }

  /** The hosts of the voters that are well, as bits. */
  wellIn(world: number): number {
    return (this.#well[world] ??= hostBits(
      this.#worlds.at(world),
      wellVoters(this.#worlds.at(world)).map(({ id }) => id),
    ));
  }

  #land(id: number, step: Step, how: 'now' | 'late', free: number): Landed {
    const before = this.#worlds.at(id);
    const numbered = { ...before, addedCount: free };
    const { outcome, world } =
      how === 'late' ? landLate(numbered, step) : applyStep(numbered, step);
    if (world === numbered) return { outcome, after: id, broken: [] };
    const settled = settle(joinedBehind(world, step));
    const after = this.#worlds.idOf(settled);
    return {
      outcome,
      after,
      broken: checkEffect({ before, step, outcome, after: this.#worlds.at(after) }),
    };
  }

  /** The ids of added members that a world speaks of, as bits. */
  #usedIn(world: number): number {
    return (this.#used[world] ??= usedIDs(this.#worlds.at(world)));
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
