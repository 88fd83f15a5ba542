import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import { observe } from '../../../src/core/model/index.js';
import { plan } from '../../../src/core/planner/index.js';
import { NO_FAULTS } from './case.js';
import { casesOf } from './cases.js';
import { type Memory, Decisions, planIn } from './decisions.js';
import { PRICES } from './environment.js';
import { FIELDS, Happenings } from './happenings.js';
import { Landings } from './landings.js';
import { stageOf } from './stage.js';
import { WorldTable } from './world-table.js';

const WORLDS = 1200;
const MEMORIES: readonly Memory[] = [
  undefined,
  { kind: 'add-learner', isOver: false },
  { kind: 'promote-learner', isOver: false },
  { kind: 'remove-member', isOver: true },
  { kind: 'update-peer-urls', isOver: true },
];

/** The first worlds that anything which can happen, and any decision or an older one, leads to. */
function worldsOf(name: string) {
  const found = casesOf('short').find((one) => one.name === name);
  if (found === undefined) throw new Error(`no case "${name}"`);
  const stage = stageOf({ ...found, faults: NO_FAULTS }, plan);
  const worlds = new WorldTable(found.isTimeCoarse);
  const decisions = new Decisions(plan, worlds);
  const landings = new Landings(worlds, decisions);
  const happenings = new Happenings(worlds, landings, stage.otherTarget);
  worlds.idOf(stage.start);
  for (let id = 0; id < worlds.size && worlds.size < WORLDS; id++) {
    for (const memory of MEMORIES) decisions.of(id, memory);
    for (let sent = Math.max(0, decisions.sents.size - 12); sent < decisions.sents.size; sent++) {
      landings.of(id, sent, 'now', 0);
      landings.of(id, sent, 'late', 0);
    }
    PRICES.forEach((_, price) => {
      const begin = happenings.beginOf(id, price);
      for (let i = 0; i < happenings.countAt(begin); i++) happenings.at(begin + i * FIELDS);
    });
  }
  return { worlds, decisions };
}

test.each([
  'keep 3',
  'birth of 3, then 2 wanted',
  'move the leader',
  'addresses of 3',
  'a cluster turns to TLS, and a consumer with it',
  'other authorities follow',
  'a proxy becomes a member',
  'starts that fail',
  'growth under NOSPACE',
  'keep 5',
])(
  '%s: what looks the same is observed the same, and planned as if it were asked alone',
  (name) => {
    const { worlds, decisions } = worldsOf(name);
    const firstOf = new Map<number, number>();
    for (let id = 0; id < worlds.size; id++) {
      const world = worlds.at(id);
      const look = decisions.looks.of(id);
      const first = worlds.at(firstOf.get(look) ?? id);
      firstOf.set(look, firstOf.get(look) ?? id);
      expect(first.target).toBe(world.target);
      expect(first.record).toBe(world.record);
      expect(isDeepStrictEqual(observe(first), observe(world)), `world ${id}`).toBe(true);
      for (const memory of MEMORIES) {
        const { plan: told } = decisions.of(id, memory);
        const alone = planIn(world, plan, memory);
        // Of waits and refusals the texts are kept once; of steps everything that is sent.
        expect(told.kind).toBe(alone.kind);
        if (told.kind === 'step' && alone.kind === 'step') {
          expect(isDeepStrictEqual(told.step, alone.step), `the step in world ${id}`).toBe(true);
        }
        if (told.kind === 'wait' && alone.kind === 'wait') {
          expect(`${told.for} ${told.because}`).toBe(`${alone.for} ${alone.because}`);
        }
        if (told.kind === 'blocked' && alone.kind === 'blocked') {
          expect(told.problem.code).toBe(alone.problem.code);
        }
      }
    }
    // Else nothing was compared with anything.
    expect(decisions.looks.size).toBeLessThan(worlds.size);
  },
);
