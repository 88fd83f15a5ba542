import {
  type World,
  catchUp,
  heal,
  observe,
  settle,
  show,
  showConsumer,
} from '../../../src/core/model/index.js';
import type { Plan } from '../../../src/core/planner/index.js';
import { type Violation as Broken, checkEnd } from '../checkers/index.js';
import type { Planner } from './case.js';
import type { Decisions } from './decisions.js';
import { grownOld, isYoung } from './environment.js';
import { Interner } from './interner.js';
import type { Landings } from './landings.js';
import { NumberList } from './number-list.js';
import { NOW, type WorldTable } from './world-table.js';

/** How it ends from one world on when nothing more fails. */
export interface End {
  /** `converged`, or the code of the problem that blocks. */
  readonly kind: string;
  readonly turns: number;
  readonly broken: readonly Broken[];
}

/** Longer than "starting" explains anything. */
const STUCK_MS = 120_000;

/**
 * Rule 6 from every world: all faults stop, what is broken is mended, nothing that is on its way lands any more, and
 * the controller goes on. The worlds on that way are remembered with their end, so that each is walked once.
 */
export class Convergence {
  readonly #ends = new Interner<End>();
  readonly #endOf = new NumberList();
  readonly #worlds: WorldTable;
  readonly #decisions: Decisions;
  readonly #landings: Landings;
  readonly #planner: Planner;

  constructor(worlds: WorldTable, decisions: Decisions, landings: Landings, planner: Planner) {
    this.#worlds = worlds;
    this.#decisions = decisions;
    this.#landings = landings;
    this.#planner = planner;
  }

  from(world: number): End {
    return this.#walk(this.#mended(world));
  }

  #walk(start: number): End {
    const way: number[] = [];
    const onWay = new Set<number>();
    let here = start;
    let end = this.#known(here);
    while (end === undefined) {
      if (onWay.has(here)) {
        end = this.#goesRound(here);
        break;
      }
      way.push(here);
      onWay.add(here);
      const next = this.#turn(here);
      if (typeof next === 'number') here = next;
      else end = next;
      end ??= this.#known(here);
    }
    for (const world of way.reverse()) {
      end = { ...end, turns: end.turns + 1 };
      const key = `${end.kind} ${end.turns} ${end.broken.map(({ what }) => what).join()}`;
      this.#endOf.set(world, this.#ends.idOf(key, end));
    }
    return end;
  }

  #known(world: number): End | undefined {
    const known = this.#endOf.at(world);
    return known < 0 ? undefined : this.#ends.at(known);
  }

  /** One turn of the controller, and what follows by itself; or the end. */
  #turn(id: number): number | End {
    const { plan, sent } = this.#decisions.of(id, undefined);
    if (plan.kind === 'step') {
      const { outcome, after } = this.#landings.of(id, sent, 'now', 0);
      if (outcome === 'applied') return this.#mended(after);
      return this.#later(id) ?? this.#ended(id, plan);
    }
    if (plan.kind === 'converged') return this.#ended(id, plan);
    // Whoever waits or is blocked looks again later.
    return (
      this.#later(id) ?? this.#ended(id, plan.kind === 'wait' ? this.#afterLongWaiting(id) : plan)
    );
  }

  /** The same world when time has passed; undefined when that changes nothing. */
  #later(id: number): number | undefined {
    const world = this.#worlds.at(id);
    return isYoung(world) ? this.#idOf(settle(grownOld(world))) : undefined;
  }

  #afterLongWaiting(id: number): Plan {
    const world = this.#worlds.at(id);
    const hosts = world.hosts.map((host) =>
      host.process.kind === 'running'
        ? { ...host, process: { ...host.process, startedAt: (NOW - STUCK_MS) as typeof NOW } }
        : host,
    );
    const observation = observe({ ...world, hosts });
    return this.#planner({ target: world.target, record: world.record, observation, now: NOW });
  }

  #ended(id: number, plan: Plan): End {
    const kind = plan.kind === 'blocked' ? plan.problem.code : plan.kind;
    return { kind, turns: 0, broken: checkEnd(this.#worlds.at(id), plan) };
  }

  #goesRound(id: number): End {
    const { plan } = this.#decisions.of(id, undefined);
    return { kind: 'round', turns: 0, broken: checkEnd(this.#worlds.at(id), plan) };
  }

  #mended(id: number): number {
    const world = this.#worlds.at(id);
    const whole = mended(world);
    return whole === world ? id : this.#idOf(whole);
  }

  #idOf(world: World): number {
    return this.#worlds.idOf(world);
  }
}

/** Healed, seen again, and in sync. */
function mended(world: World): World {
  let whole = heal(world);
  for (const { host, seen, caughtUp } of world.hosts) {
    if (seen === false) whole = show(whole, host);
    if (caughtUp === false) whole = catchUp(whole, host);
  }
  for (const { id, seen } of world.consumers ?? []) {
    if (seen === false) whole = showConsumer(whole, id);
  }
  return settle(whole);
}
