import type { World } from '../../../src/core/model/index.js';
import { running, wanting, withTarget } from '../../../src/core/planner/testing/cluster.js';
import { type Case, type Faults, NO_FAULTS } from './case.js';
import { grownOld } from './environment.js';
import { NOW } from './world-table.js';

const m = (...slots: readonly number[]): readonly string[] => slots.map((slot) => `m${slot + 1}`);

const old = (world: World): World => grownOld({ ...world, now: NOW });

export const change = (name: string, from: readonly string[], to: readonly string[], faults: Partial<Faults>, how: (w: World) => World = (w) => w): Case => ({
  name,
  start: old(how(wanting(running(...from), ...to))),
  faults: { ...NO_FAULTS, ...faults },
  opening: [`cluster prod voters=(${from.join(' ')}) target=(${to.join(' ')})`],
});
const flags = (w: World): World => withTarget(w, { ...w.target, members: w.target.members.map((x) => ({ ...x, flags: { ...x.flags, 'snapshot-count': '5000' } })) });
const retire = (w: World): World => withTarget(w, { ...w.target, retire: [w.members[1]!.id] });
const down = (w: World): World => withTarget(w, { ...w.target, state: 'down' });

const some = { crashes: 1, dataLosses: 1, cuts: 1, messages: 1, hides: 1 };
export const CASES = [
  change('keep 1', m(0), m(0), some),
  change('keep 2', m(0, 1), m(0, 1), some),
  change('keep 3', m(0,1,2), m(0,1,2), some),
  change('grow 1 to 3', m(0), m(0,1,2), some),
  change('shrink 3 to 1', m(0, 1, 2), m(0), some),
  change('move one of 3', m(0,1,2), m(0,1,3), some),
  change('flags of 3', m(0,1,2), m(0,1,2), some, flags),
  change('retire 1 of 3', m(0,1,2), m(0,1,2), some, retire),
  change('down 3', m(0,1,2), m(0,1,2), some, down),
  change('grow 3 to 5', m(0,1,2), m(0,1,2,3,4), { crashes: 1, dataLosses: 1, messages: 1 }),
  change('shrink 5 to 3', m(0,1,2,3,4), m(0,1,2), { crashes: 1, dataLosses: 1, messages: 1 }),
  change('keep 5', m(0,1,2,3,4), m(0,1,2,3,4), { crashes: 1, dataLosses: 1, messages: 1 }),
  change('retire 1 of 5', m(0,1,2,3,4), m(0,1,2,3,4), { crashes: 1, dataLosses: 1, messages: 1 }, retire),
];
