import type { World } from '../../../src/core/model/index.js';
import { PRICES, environmentMoves } from './environment.js';
import type { Landings } from './landings.js';
import { moveOf } from './moves.js';
import { NumberList } from './number-list.js';
import type { WorldTable } from './world-table.js';

/** One thing that can happen, as three numbers: the move, the world after it, and 128 × hosts + failed. */
export const FIELDS = 3;
const HOSTS = 128;

/** The hosts, as bits, whose voters were well before and are not after. */
export const failedOf = (flags: number): number => flags % HOSTS;
/** The hosts, as bits, that it happens to. */
export const hostsOf = (flags: number): number => Math.floor(flags / HOSTS);

const TIME = moveOf('time');

/** What can happen to each world, worked out when it is first asked for and kept as plain numbers. */
export class Happenings {
  /** `[count, fields…]` of each world and price, one after the other. */
  #pool = new Int32Array(1 << 14);
  #end = 0;
  readonly #begins = new NumberList();
  readonly #worlds: WorldTable;
  readonly #landings: Landings;
  readonly #otherTarget: World['target'] | undefined;

  constructor(worlds: WorldTable, landings: Landings, otherTarget: World['target'] | undefined) {
    this.#worlds = worlds;
    this.#landings = landings;
    this.#otherTarget = otherTarget;
  }

  /** Where the fields of a world and price begin; how many things there are stands before them. */
  beginOf(world: number, price: number): number {
    const key = world * PRICES.length + price;
    const known = this.#begins.at(key);
    return known >= 0 ? known : this.#begins.set(key, this.#workOut(world, price));
  }

  countAt(begin: number): number {
    return this.#pool[begin - 1] ?? 0;
  }

  at(index: number): number {
    return this.#pool[index] ?? 0;
  }

  /** The world when time has passed; the same one when it is old already. */
  aged(world: number): number {
    const begin = this.beginOf(world, PRICES.indexOf('free'));
    for (let i = 0; i < this.countAt(begin); i++) {
      if (this.at(begin + i * FIELDS) === TIME) return this.at(begin + i * FIELDS + 1);
    }
    return world;
  }

  #workOut(id: number, price: number): number {
    const world = this.#worlds.at(id);
    const well = this.#landings.wellIn(id);
    const moves = environmentMoves(world, PRICES[price] ?? 'free', this.#otherTarget);
    const numbers = moves.flatMap(({ move, after, hosts }) => {
      const next = this.#worlds.idOf(after);
      const failed = well & ~this.#landings.wellIn(next);
      return [move, next, failed + HOSTS * hosts];
    });
    const begin = this.#end + 1;
    this.#reserve(begin + numbers.length);
    this.#pool[this.#end] = moves.length;
    this.#pool.set(numbers, begin);
    this.#end = begin + numbers.length;
    return begin;
  }

  #reserve(length: number): void {
    if (length < this.#pool.length) return;
    const longer = new Int32Array(this.#pool.length * 2);
    longer.set(this.#pool);
    this.#pool = longer;
  }
}
