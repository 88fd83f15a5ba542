import { type WorldHost, ledSide, observe } from '../../../src/core/model/index.js';
import { Interner } from './interner.js';
import { NumberList } from './number-list.js';
import { RowTable } from './row-table.js';
import { PARTS, ROW_LENGTH, type WorldTable } from './world-table.js';

/**
 * What can be seen of each world, by number: worlds with the same number have the same target and record, and `observe`
 * says the same of them. So a planner, which is told nothing else, is asked once for all of them. (looks.test.ts compares
 * every observation and every plan.)
 */
export class Looks {
  readonly #worlds: WorldTable;
  readonly #looks = new RowTable(ROW_LENGTH);
  readonly #row = new Int32Array(ROW_LENGTH);
  readonly #ofWorld = new NumberList();
  readonly #sights = new Interner<null>();
  /** By the number of the host. */
  readonly #sightOf = new NumberList();

  constructor(worlds: WorldTable) {
    this.#worlds = worlds;
  }

  get size(): number {
    return this.#looks.size;
  }

  of(world: number): number {
    const known = this.#ofWorld.at(world);
    return known >= 0 ? known : this.#ofWorld.set(world, this.#workOut(world));
  }

  #workOut(id: number): number {
    const world = this.#worlds.at(id);
    const row = this.#row;
    this.#worlds.unpack(id, row);
    const side = ledSide(world);
    // A leader whose side has no quorum leads nobody.
    if (side === undefined) row[PARTS.leader] = 0;
    world.hosts.forEach((host, slot) => {
      const at = PARTS.hosts + slot;
      const isLed = runs(host) && host.seen !== false && (host.side ?? 0) === side;
      row[at] = this.#sightCode(row[at] ?? -1, host) * 2 + Number(isLed);
    });
    if (world.consumers !== undefined) {
      // Whom a consumer is connected to depends on hosts that we may not see.
      const { consumers } = observe(world);
      row[PARTS.consumers] = 1 + this.#sights.idOf(JSON.stringify(consumers), null);
    }
    return this.#looks.idOf(row);
  }

  #sightCode(hostID: number, host: WorldHost): number {
    const known = this.#sightOf.at(hostID);
    if (known >= 0) return known;
    return this.#sightOf.set(hostID, this.#sights.idOf(JSON.stringify(visibleOf(host)), null));
  }
}

const runs = ({ process }: WorldHost): boolean => process.kind !== 'stopped';

/**
 * What of a host any look can depend on. The side of a cut is seen only as whether it is led, when links came back not at
 * all; of a process that does not run neither how far its log is nor which list it knows; of a host that does not answer
 * only who runs it, and the alarms that others tell of it.
 */
function visibleOf(host: WorldHost): object {
  const { side: _side, rejoinedAt: _rejoinedAt, ...whole } = host;
  if (host.seen === false && host.process.kind !== 'by-hand' && host.alarms === undefined) {
    return { host: host.host, seen: false };
  }
  if (runs(host)) return whole;
  const { caughtUp: _caughtUp, oldList: _oldList, metLeader: _metLeader, ...still } = whole;
  return still;
}
