import type { Step } from '../../../src/core/planner/index.js';
import { NumberMap } from './number-map.js';

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

const KINDS: readonly Step['kind'][] = [
  'add-learner',
  'promote-learner',
  'remove-member',
  'update-peer-urls',
];
const SENT_MAX = 2 ** 14;
const HOSTS = 2 ** 7;

/** Every state of the controller by a small number; 0 is: nothing under way. */
export class ControllerStates {
  readonly #ids = new NumberMap();
  readonly #states: ControllerState[] = [];

  constructor() {
    this.idOf({ decided: -1, failedSinceDecided: 0, open: undefined });
  }

  get size(): number {
    return this.#states.length;
  }

  at(id: number): ControllerState {
    const state = this.#states[id];
    if (state === undefined) throw new Error(`no controller state has the number ${id}`);
    return state;
  }

  idOf(state: ControllerState): number {
    const { decided, failedSinceDecided, open } = state;
    const key =
      ((decided + 1) * HOSTS + failedSinceDecided) * (SENT_MAX * HOSTS * 8) + codeOf(open);
    const known = this.#ids.at(key);
    return known >= 0 ? known : this.#ids.set(key, this.#states.push(state) - 1);
  }
}

/** 0 when nothing is open. */
function codeOf(open: OpenRequest | undefined): number {
  if (open === undefined) return 0;
  const { kind, mayLand, failedSince, isOver } = open;
  if (mayLand + 2 >= SENT_MAX) throw new Error('more requests than a state can be packed with');
  return ((mayLand + 2) * HOSTS + failedSince) * 8 + KINDS.indexOf(kind) * 2 + Number(isOver);
}
