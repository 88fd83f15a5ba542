import type { Violation as Broken } from '../checkers/index.js';
import { Budget } from './budget.js';
import type { Case, CaseResult, Planner, Stage, Violation } from './case.js';
import { type ControllerState, ControllerStates } from './controller-states.js';
import { Convergence } from './convergence.js';
import { Decisions, type Verdict } from './decisions.js';
import { PRICES } from './environment.js';
import { FIELDS, Happenings, failedOf, hostsOf } from './happenings.js';
import { Landings, idsIn } from './landings.js';
import { kindOfMove, moveOf } from './moves.js';
import { stageOf } from './stage.js';
import { NumberList } from './number-list.js';
import { StateList } from './state-list.js';
import { type Traced, scenarioOf } from './trace.js';
import { NO_TWINS, Twins, isFirstOfAll } from './twins.js';
import { WorldTable } from './world-table.js';

const CONTROLLERS_MAX = 2 ** 18;
const NOBODY: readonly number[] = [];
const MEMBERSHIP: ReadonlySet<string> = new Set([
  'add-learner',
  'promote-learner',
  'remove-member',
  'update-peer-urls',
]);

export interface SearchOptions {
  readonly planner: Planner;
  readonly statesMax: number;
  /** Stops at so many violations of a case. */
  readonly violationsMax: number;
}

/** Breadth first through everything that can happen in one case; so the first way to a violation is a shortest one. */
export function search(explored: Case, options: SearchOptions): CaseResult {
  return new Search(explored, options).run();
}

class Search {
  readonly #case: Case;
  readonly #stage: Stage;
  readonly #options: SearchOptions;
  readonly #worlds: WorldTable;
  readonly #controllers = new ControllerStates();
  readonly #states: StateList;
  readonly #decisions: Decisions;
  readonly #landings: Landings;
  readonly #convergence: Convergence;
  readonly #budget: Budget;
  readonly #happenings: Happenings;
  readonly #twins: Twins;
  readonly #judged = new NumberList();
  readonly #blocked: Record<string, number> = {};
  readonly #violations: Violation[] = [];
  #reachedWorlds = 0;
  #converging = 0;
  #turnsMax = 0;
  #transitions = 0;
  #here = 0;

  constructor(explored: Case, options: SearchOptions) {
    this.#case = explored;
    this.#options = options;
    this.#worlds = new WorldTable(explored.isTimeCoarse === true);
    this.#stage = stageOf(explored, options.planner);
    this.#budget = new Budget(this.#stage.faults);
    this.#states = new StateList(this.#budget.coverage());
    this.#decisions = new Decisions(options.planner, this.#worlds);
    this.#twins = new Twins(this.#worlds);
    this.#landings = new Landings(this.#worlds, this.#decisions);
    this.#happenings = new Happenings(this.#worlds, this.#landings, this.#stage.otherTarget);
    this.#convergence = new Convergence(
      this.#worlds,
      this.#decisions,
      this.#landings,
      options.planner,
    );
  }

  run(): CaseResult {
    const startedMs = performance.now();
    const { violationsMax, statesMax } = this.#options;
    this.#reach(this.#worlds.idOf(this.#stage.start), 0, this.#budget.full, -1, 0);
    while (
      this.#here < this.#states.size &&
      this.#violations.length < violationsMax &&
      this.#states.size < statesMax
    ) {
      this.#leave(this.#here);
      this.#here++;
    }
    return {
      case: this.#case.name,
      states: this.#states.size,
      transitions: this.#transitions,
      worlds: this.#reachedWorlds,
      converging: this.#converging,
      blocked: this.#blocked,
      turnsMax: this.#turnsMax,
      violations: this.#violations,
      complete: this.#here === this.#states.size,
      seconds: (performance.now() - startedMs) / 1000,
    };
  }

  /** Everything that can happen in one state. */
  #leave(state: number): void {
    const { controllerID, world } = this.#partsOf(state);
    const left = this.#states.leftAt(state);
    const controller = this.#controllers.at(controllerID);
    const alike = this.#alike(world, controller);
    for (let price = 0; price < PRICES.length; price++) {
      const remaining = this.#budget.afterPrice(left, price);
      if (remaining < 0) continue;
      const begin = this.#happenings.beginOf(world, price);
      const end = begin + this.#happenings.countAt(begin) * FIELDS;
      for (let index = begin; index < end; index += FIELDS) {
        const flags = this.#happenings.at(index + 2);
        if (alike.length > 0 && !isFirstOfAll(alike, hostsOf(flags))) continue;
        const hurt = this.#hurt(controllerID, controller, failedOf(flags));
        const after = this.#happenings.at(index + 1);
        this.#reach(after, hurt, remaining, this.#here, this.#happenings.at(index));
      }
    }
    this.#passTime(world, controller, left);
    if (controller.decided < 0) this.#decide(world, controller, left);
    else this.#send(world, controller, left);
    this.#landLate(world, controller, left);
  }

  /** Groups of hosts that look alike in the world and to what is on its way; none unless the case leaves out twins. */
  #alike(world: number, { decided, failedSinceDecided, open }: ControllerState): readonly number[] {
    if (this.#case.leavesOutTwins !== true) return NOBODY;
    let groups = this.#twins.of(world);
    if (groups === NO_TWINS) return NOBODY;
    const { sents } = this.#decisions;
    if (decided >= 0) {
      groups = this.#twins.toldApart(groups, sents.at(decided), failedSinceDecided);
    }
    if (open !== undefined && open.mayLand >= 0) {
      groups = this.#twins.toldApart(groups, sents.at(open.mayLand), open.failedSince);
    }
    return this.#twins.at(groups);
  }

  /** What the controller has on its way is not to blame for what fails meanwhile. */
  #hurt(id: number, controller: ControllerState, failed: number): number {
    const { decided, open } = controller;
    if (failed === 0 || (decided < 0 && (open === undefined || open.mayLand < 0))) return id;
    return this.#controllers.idOf({
      decided,
      failedSinceDecided:
        decided < 0 ? 0 : controller.failedSinceDecided | (failed & this.#wellOf(decided)),
      open:
        open === undefined || open.mayLand < 0
          ? open
          : { ...open, failedSince: open.failedSince | (failed & this.#wellOf(open.mayLand)) },
    });
  }

  #wellOf(sent: number): number {
    return this.#decisions.sents.at(sent).well;
  }

  /** Time passes by itself too, when all processes are old already: the quiet period ends. */
  #passTime(world: number, controller: ControllerState, left: number): void {
    const { open } = controller;
    if (open === undefined || open.isOver) return;
    const next = this.#controllers.idOf({ ...controller, open: { ...open, isOver: true } });
    this.#reach(this.#happenings.aged(world), next, left, this.#here, moveOf('time'));
  }

  /** The controller looks and decides; a list through quorum, late enough, ends an open request. */
  #decide(world: number, controller: ControllerState, left: number): void {
    const { open } = controller;
    const isSettled = open?.isOver === true && this.#decisions.isReadable(world);
    const remembered = isSettled ? undefined : open;
    const verdict = this.#decisions.of(world, remembered);
    this.#tell(verdict, moveOf('decide'));
    if (verdict.sent < 0 && !isSettled) return;
    const next = this.#controllers.idOf({
      decided: verdict.sent,
      failedSinceDecided: 0,
      open: remembered,
    });
    this.#reach(world, next, left, this.#here, moveOf('decide'));
  }

  #tell({ broken }: Verdict, move: number): void {
    for (const one of broken) this.#violate(one, this.#here, [move]);
  }

  /** What was decided reaches etcd or the host now, or never, or is on its way for a while. */
  #send(world: number, controller: ControllerState, left: number): void {
    const { decided, failedSinceDecided } = controller;
    const sent = this.#decisions.sents.at(decided);
    const open = controller.open;
    const idle: ControllerState = { decided: -1, failedSinceDecided: 0, open };
    const isMembership = MEMBERSHIP.has(sent.step.kind);
    const unknown = (mayLand: number): ControllerState =>
      isMembership
        ? {
            ...idle,
            open: {
              kind: sent.step.kind,
              mayLand,
              failedSince: mayLand < 0 ? 0 : failedSinceDecided,
              isOver: false,
            },
          }
        : idle;

    const reserved = open === undefined || open.mayLand < 0 ? 0 : this.#idsOf(open.mayLand);
    const landed = this.#landings.of(world, decided, 'now', reserved);
    const apply = moveOf('apply');
    for (const one of landed.broken) this.#violate(one, this.#here, [apply]);
    if (this.#landings.costsQuorum(world, landed, sent, failedSinceDecided)) {
      this.#violate(costly(sent.step.kind, sent.margin), this.#here, [apply]);
    }
    const after = landed.outcome === 'unknown' ? unknown(-1) : idle;
    this.#reach(landed.after, this.#controllers.idOf(after), left, this.#here, apply);

    const lost = this.#budget.after(left, 'messages');
    if (lost < 0) return;
    const intended = this.#landings.intended(world, decided);
    this.#reach(
      intended,
      this.#controllers.idOf(unknown(-1)),
      lost,
      this.#here,
      moveOf('lose-request'),
    );
    if (!isMembership) return;
    const late = this.#controllers.idOf(unknown(decided));
    this.#reach(world, late, lost, this.#here, moveOf('delay-request'));
  }

  #idsOf(sent: number): number {
    return idsIn(this.#decisions.sents.at(sent).step);
  }

  /** A request that nobody expects any more lands after all. */
  #landLate(world: number, controller: ControllerState, left: number): void {
    const { open, decided } = controller;
    if (open === undefined || open.mayLand < 0) return;
    const sent = this.#decisions.sents.at(open.mayLand);
    const reserved = decided < 0 ? 0 : this.#idsOf(decided);
    const landed = this.#landings.of(world, open.mayLand, 'late', reserved);
    const late = moveOf('late');
    for (const one of landed.broken) this.#violate(one, this.#here, [late]);
    if (this.#landings.costsQuorum(world, landed, sent, open.failedSince)) {
      this.#violate(costly(sent.step.kind, sent.margin), this.#here, [late]);
    }
    const next = { ...controller, open: { ...open, mayLand: -1, failedSince: 0 } };
    this.#reach(landed.after, this.#controllers.idOf(next), left, this.#here, late);
  }

  #reach(world: number, controller: number, left: number, parent: number, move: number): void {
    if (parent >= 0) this.#transitions++;
    if (controller >= CONTROLLERS_MAX) throw new Error('more controller states than fit');
    if (!this.#states.add(world * CONTROLLERS_MAX + controller, left, parent, move)) return;
    if (this.#judged.at(world) >= 0) return;
    this.#judged.set(world, 1);
    this.#reachedWorlds++;
    const end = this.#convergence.from(world);
    this.#turnsMax = Math.max(this.#turnsMax, end.turns);
    if (end.kind === 'converged') this.#converging++;
    else this.#blocked[end.kind] = (this.#blocked[end.kind] ?? 0) + 1;
    for (const one of end.broken) this.#violate(one, this.#states.size - 1, []);
  }

  #violate(broken: Broken, at: number, more: readonly number[]): void {
    const isKnown = this.#violations.some(
      ({ rule, what }) => rule === broken.rule && what === broken.what,
    );
    if (isKnown || this.#violations.length >= this.#options.violationsMax) return;
    const trace = [...this.#wayTo(at), ...more.map((move) => this.#traced(move, at))];
    const last = this.#worlds.at(this.#partsOf(at).world);
    this.#violations.push({
      ...broken,
      case: this.#case.name,
      moves: trace.length,
      scenario: scenarioOf(this.#case, trace, last, broken, this.#options.planner),
    });
  }

  #wayTo(index: number): readonly Traced[] {
    const way: Traced[] = [];
    for (let at = index; this.#states.parentOf(at) >= 0; at = this.#states.parentOf(at)) {
      way.push(this.#traced(this.#states.moveTo(at), this.#states.parentOf(at)));
    }
    return way.reverse();
  }

  /** A move that was made in the state with this index. */
  #traced(move: number, index: number): Traced {
    const { world, controllerID } = this.#partsOf(index);
    const { decided, open } = this.#controllers.at(controllerID);
    const sent = kindOfMove(move) === 'late' ? (open?.mayLand ?? -1) : decided;
    const step = sent < 0 ? undefined : this.#decisions.sents.at(sent).step;
    return { move, before: this.#worlds.at(world), step };
  }

  #partsOf(index: number): { readonly world: number; readonly controllerID: number } {
    const situation = this.#states.situationAt(index);
    return {
      controllerID: situation % CONTROLLERS_MAX,
      world: Math.floor(situation / CONTROLLERS_MAX),
    };
  }
}

const costly = (kind: string, margin: number): Broken => ({
  rule: 1,
  what: `${kind} costs the quorum although fewer voters failed than the margin of ${margin} that was left`,
});
