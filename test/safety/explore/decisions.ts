import type { MemberID } from '../../../src/base/index.js';
import { type World, observe } from '../../../src/core/model/index.js';
import type { Plan, Step, UnresolvedChange } from '../../../src/core/planner/index.js';
import {
  type Decision,
  type PlannedStep,
  type Violation as Broken,
  checkDecision,
  pledgeOf,
} from '../checkers/index.js';
import type { Planner } from './case.js';
import { Interner } from './interner.js';
import { NOW, OLD_MS, type WorldTable } from './world-table.js';

/** What the controller remembers of an earlier membership request, as far as a plan can depend on it. */
export const MEMORIES = ['none', 'quiet', 'over'] as const;
export type Memory = (typeof MEMORIES)[number];

/** A step as it is on its way, with what is needed to judge how it lands. */
export interface Sent {
  readonly step: Step;
  /** The hosts, as bits, of the voters that were known to be well when it was decided. */
  readonly well: number;
  /** How many of them may fail before the step is to blame. */
  readonly margin: number;
}

/** What the planner says to one world, and which rules that breaks. */
export interface Verdict {
  readonly plan: Plan;
  /** The number of what would be sent; -1 when the plan is no step. */
  readonly sent: number;
  readonly broken: readonly Broken[];
}

/** Asks the planner once for every world and memory, and remembers the answer. */
export class Decisions {
  readonly sents = new Interner<Sent>();
  readonly #verdicts = new Map<number, Verdict>();
  readonly #readable: (boolean | undefined)[] = [];
  readonly #planner: Planner;
  readonly #worlds: WorldTable;

  constructor(planner: Planner, worlds: WorldTable) {
    this.#planner = planner;
    this.#worlds = worlds;
  }

  /** Whether a look at this world brings the list through quorum. */
  isReadable(world: number): boolean {
    return (this.#readable[world] ??=
      observe(this.#worlds.at(world)).memberList.kind === 'linearizable');
  }

  of(world: number, memory: Memory, earlier: Step['kind']): Verdict {
    const key = world * 3 + MEMORIES.indexOf(memory);
    const known = this.#verdicts.get(key);
    if (known !== undefined) return known;
    const verdict = this.#judge(this.#worlds.at(world), memory, earlier);
    this.#verdicts.set(key, verdict);
    return verdict;
  }

  #judge(world: World, memory: Memory, earlier: Step['kind']): Verdict {
    const unresolved = unresolvedOf(memory, earlier);
    const plan = this.#planner({
      target: world.target,
      record: world.record,
      observation: observe(world),
      now: world.now,
      ...(unresolved === undefined ? {} : { unresolved }),
    });
    if (plan.kind !== 'step') return { plan, sent: -1, broken: [] };
    const decision: Decision = { plan, at: NOW, world, unresolved };
    return { plan, sent: this.#sentOf(plan, decision), broken: checkDecision(decision) };
  }

  #sentOf({ step }: PlannedStep, decision: Decision): number {
    const { well, margin } = pledgeOf(decision);
    const sent: Sent = { step, well: hostBits(decision.world, well), margin };
    return this.sents.idOf(`${JSON.stringify(step)} ${sent.well} ${margin}`, sent);
  }
}

const unresolvedOf = (memory: Memory, step: Step['kind']): UnresolvedChange | undefined => {
  switch (memory) {
    case 'none':
      return undefined;
    case 'quiet':
      return { step, at: NOW };
    case 'over':
      return { step, at: instantBefore() };
  }
};

const instantBefore = (): typeof NOW => (NOW - OLD_MS) as typeof NOW;

/** The hosts on which these members' data is, as bits. */
export function hostBits({ hosts }: World, members: readonly MemberID[]): number {
  let bits = 0;
  hosts.forEach(({ data }, slot) => {
    if (data.kind === 'present' && members.includes(data.memberID)) bits |= 1 << slot;
  });
  return bits;
}
