import type { MemberID } from '../../../src/base/index.js';
import type { HostName } from '../../../src/core/cluster/index.js';
import { type World, observe } from '../../../src/core/model/index.js';
import type { Plan, Step, UnresolvedChange } from '../../../src/core/planner/index.js';
import {
  type Violation as Broken,
  type Decision,
  type PlannedStep,
  checkDecision,
  pledgeOf,
} from '../checkers/index.js';
import type { Planner } from './case.js';
import type { OpenRequest } from './controller-states.js';
import { Interner } from './interner.js';
import { NumberList } from './number-list.js';
import { LONG_AGO, NOW, type WorldTable } from './world-table.js';

/** A step as it is on its way, with what is needed to judge how it lands. */
export interface Sent {
  readonly step: Step;
  /** The hosts, as bits, of the voters that were known to be well when it was decided. */
  readonly well: number;
  /** How many of them may fail before the step is to blame. */
  readonly margin: number;
  /** The hosts, as bits, that it is about. */
  readonly touches: number;
}

/** What the planner says to a world, and which rules that breaks. */
export interface Verdict {
  readonly plan: Plan;
  /** The number of what would be sent; -1 when the plan is no step. */
  readonly sent: number;
  readonly broken: readonly Broken[];
}

/** What the controller remembers of an open request, as far as a plan can depend on it. */
export type Memory = Pick<OpenRequest, 'kind' | 'isOver'> | undefined;

const KINDS: readonly Step['kind'][] = [
  'add-learner',
  'promote-learner',
  'remove-member',
  'update-peer-urls',
];
const MEMORIES = 1 + 2 * KINDS.length;

/** Asks the planner once for every world and memory. Answers that are the same are kept once. */
export class Decisions {
  readonly sents = new Interner<Sent>();
  readonly #verdicts = new Interner<Verdict>();
  readonly #known = new NumberList();
  readonly #remembering = new Map<number, number>();
  readonly #readable = new NumberList();
  readonly #planner: Planner;
  readonly #worlds: WorldTable;

  constructor(planner: Planner, worlds: WorldTable) {
    this.#planner = planner;
    this.#worlds = worlds;
  }

  /** Whether a look at this world brings the list through quorum. */
  isReadable(world: number): boolean {
    const known = this.#readable.at(world);
    if (known >= 0) return known === 1;
    const { kind } = observe(this.#worlds.at(world)).memberList;
    return this.#readable.set(world, Number(kind === 'linearizable')) === 1;
  }

  of(world: number, memory: Memory): Verdict {
    if (memory === undefined) {
      const known = this.#known.at(world);
      return this.#verdicts.at(
        known >= 0 ? known : this.#known.set(world, this.#judge(world, memory)),
      );
    }
    const key = world * MEMORIES + 1 + KINDS.indexOf(memory.kind) * 2 + Number(memory.isOver);
    let known = this.#remembering.get(key);
    if (known === undefined) this.#remembering.set(key, (known = this.#judge(world, memory)));
    return this.#verdicts.at(known);
  }

  #judge(id: number, memory: Memory): number {
    const world = this.#worlds.at(id);
    const unresolved = unresolvedOf(memory);
    const plan = this.#planner({
      target: world.target,
      record: world.record,
      observation: observe(world),
      now: world.now,
      ...(unresolved === undefined ? {} : { unresolved }),
    });
    if (plan.kind !== 'step') {
      return this.#verdicts.idOf(wordsOf(plan), { plan, sent: -1, broken: [] });
    }
    const decision: Decision = { plan, at: NOW, world, unresolved };
    const sent = this.#sentOf(plan, decision);
    const broken = checkDecision(decision);
    const key = broken.length === 0 ? `step ${sent}` : `step ${sent} ${JSON.stringify(broken)}`;
    return this.#verdicts.idOf(key, { plan, sent, broken });
  }

  #sentOf({ step }: PlannedStep, decision: Decision): number {
    const { well, margin } = pledgeOf(decision);
    const { world } = decision;
    const sent: Sent = {
      step,
      well: hostBits(world, well),
      margin,
      touches: touchedBy(world, step),
    };
    return this.sents.idOf(`${JSON.stringify(step)} ${sent.well} ${margin}`, sent);
  }
}

/** Waits and problems differ in their texts; how they end does not depend on that. */
function wordsOf(plan: Exclude<Plan, { kind: 'step' }>): string {
  switch (plan.kind) {
    case 'wait':
      return `wait ${plan.for} ${plan.because}`;
    case 'blocked':
      return `blocked ${plan.problem.code}`;
    case 'converged':
      return plan.kind;
  }
}

const unresolvedOf = (memory: Memory): UnresolvedChange | undefined =>
  memory === undefined ? undefined : { step: memory.kind, at: memory.isOver ? LONG_AGO : NOW };

function touchedBy(world: World, step: Step): number {
  switch (step.kind) {
    case 'start-member':
    case 'stop-member':
    case 'set-aside-data':
    case 'start-gateway':
    case 'stop-gateway':
    case 'add-learner':
      return bitsOf(world, step.host);
    case 'promote-learner':
    case 'remove-member':
    case 'update-peer-urls': {
      const member = world.members.find(({ id }) => id === step.member);
      const host = world.target.members.find(({ peerURLs }) =>
        peerURLs.some((url) => member?.peerURLs.includes(url)),
      )?.host;
      return hostBits(world, [step.member]) | (host === undefined ? 0 : bitsOf(world, host));
    }
    case 'move-leader':
      return hostBits(world, [step.from, step.to]);
    case 'record-birth':
      return 0;
  }
}

const bitsOf = ({ hosts }: World, name: HostName): number =>
  1 << hosts.findIndex(({ host }) => host === name);

/** The hosts on which these members' data is, as bits. */
export function hostBits({ hosts }: World, members: readonly MemberID[]): number {
  let bits = 0;
  hosts.forEach(({ data }, slot) => {
    if (data.kind === 'present' && members.includes(data.memberID)) bits |= 1 << slot;
  });
  return bits;
}
