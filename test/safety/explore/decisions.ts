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
import { Looks } from './looks.js';
import { NumberList } from './number-list.js';
import { NumberMap } from './number-map.js';
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

/** An answer of the planner, with the number that all equal answers have. */
interface Answer {
  readonly plan: Plan;
  /** Of the step, or of the verdict when it is none. */
  readonly number: number;
}

/**
 * Asks the planner once for everything that a controller can see and remember, and judges the answer in every world that
 * looks like that. Answers that are the same are kept once.
 */
export class Decisions {
  readonly sents = new Interner<Sent>();
  readonly looks: Looks;
  readonly #verdicts = new Interner<Verdict>();
  readonly #steps = new Interner<Step>();
  readonly #known = new NumberList();
  readonly #remembering = new NumberMap();
  /** By look and memory. */
  readonly #answers = new NumberMap();
  readonly #answered: Answer[] = [];
  /** By look. */
  readonly #readable = new NumberList();
  readonly #planner: Planner;
  readonly #worlds: WorldTable;

  constructor(planner: Planner, worlds: WorldTable) {
    this.#planner = planner;
    this.#worlds = worlds;
    this.looks = new Looks(worlds);
  }

  /** Whether a look at this world brings the list through quorum. */
  isReadable(world: number): boolean {
    const look = this.looks.of(world);
    const known = this.#readable.at(look);
    if (known >= 0) return known === 1;
    const { kind } = observe(this.#worlds.at(world)).memberList;
    return this.#readable.set(look, Number(kind === 'linearizable')) === 1;
  }

  of(world: number, memory: Memory): Verdict {
    if (memory === undefined) {
      const known = this.#known.at(world);
      return this.#verdicts.at(
        known >= 0 ? known : this.#known.set(world, this.#judge(world, memory)),
      );
    }
    const key = world * MEMORIES + codeOf(memory);
    const known = this.#remembering.at(key);
    return this.#verdicts.at(
      known >= 0 ? known : this.#remembering.set(key, this.#judge(world, memory)),
    );
  }

  #judge(id: number, memory: Memory): number {
    const { plan, number } = this.#answerTo(id, memory);
    if (plan.kind !== 'step') return number;
    const world = this.#worlds.at(id);
    const decision: Decision = { plan, at: NOW, world, unresolved: unresolvedOf(memory) };
    const sent = this.#sentOf(number, plan, decision);
    const broken = checkDecision(decision);
    const key = broken.length === 0 ? `step ${sent}` : `step ${sent} ${JSON.stringify(broken)}`;
    return this.#verdicts.idOf(key, { plan, sent, broken });
  }

  #answerTo(id: number, memory: Memory): Answer {
    const key = this.looks.of(id) * MEMORIES + codeOf(memory);
    const known = this.#answered[this.#answers.at(key)];
    if (known !== undefined) return known;
    const plan = planIn(this.#worlds.at(id), this.#planner, memory);
    const number =
      plan.kind === 'step'
        ? this.#steps.idOf(JSON.stringify(plan.step), plan.step)
        : this.#verdicts.idOf(wordsOf(plan), { plan, sent: -1, broken: [] });
    const answer = { plan, number };
    this.#answers.set(key, this.#answered.push(answer) - 1);
    return answer;
  }

  #sentOf(number: number, { step }: PlannedStep, decision: Decision): number {
    const { well, margin } = pledgeOf(decision);
    const { world } = decision;
    const sent: Sent = {
      step,
      well: hostBits(world, well),
      margin,
      touches: touchedBy(world, step),
    };
    return this.sents.idOf(`${number} ${sent.well} ${margin}`, sent);
  }
}

/** What the planner says to a controller that looks at this world. */
export function planIn(world: World, planner: Planner, memory: Memory): Plan {
  const { target, record, now } = world;
  const unresolved = unresolvedOf(memory);
  const observation = observe(world);
  return planner({
    target,
    record,
    observation,
    now,
    ...(unresolved === undefined ? {} : { unresolved }),
  });
}

/** 0 when nothing is remembered. */
const codeOf = (memory: Memory): number =>
  memory === undefined ? 0 : 1 + KINDS.indexOf(memory.kind) * 2 + Number(memory.isOver);

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
    case 'install-certificates':
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
    case 'update-consumer':
    case 'advance-rotation':
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
