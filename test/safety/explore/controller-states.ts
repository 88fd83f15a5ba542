import type { Step } from '../../../src/core/planner/index.js';
import { Interner } from './interner.js';

/** What the controller is in the middle of. Nothing else survives from one turn to the next. */
export interface ControllerState {
  /** Decided and not sent yet: the number of what will be sent, -1 when nothing is. */
  readonly decided: number;
  /** Hosts, as bits, that lost a voter which was well since then. */
  readonly failedSinceDecided: number;
  /** A membership request of unknown outcome; absent when every outcome is known. */
  readonly open: OpenRequest | undefined;
}

export interface OpenRequest {
  readonly kind: Step['kind'];
  /** The number of what may still land; -1 when it never will, which the controller does not know. */
  readonly mayLand: number;
  readonly failedSince: number;
  /** The quiet period is over. */
  readonly isOver: boolean;
}

/** Every state of the controller by a small number; 0 is: nothing under way. */
export class ControllerStates {
  readonly #states = new Interner<ControllerState>();

  constructor() {
    this.idOf({ decided: -1, failedSinceDecided: 0, open: undefined });
  }

  get size(): number {
    return this.#states.size;
  }

  at(id: number): ControllerState {
    return this.#states.at(id);
  }

  idOf(state: ControllerState): number {
    const { decided, failedSinceDecided, open } = state;
    const key =
      open === undefined
        ? `${decided} ${failedSinceDecided}`
        : `${decided} ${failedSinceDecided} ${open.kind} ${open.mayLand} ${open.failedSince} ${open.isOver}`;
    return this.#states.idOf(key, state);
  }
}
