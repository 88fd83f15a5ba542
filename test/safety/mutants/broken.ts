import { differingFlags } from '../../../src/core/cluster/index.js';
import { GUARDS, type Guards, marginAfterRemoval } from '../../../src/core/planner/guards.js';
import { moveLeaderAway } from '../../../src/core/planner/move-leader-away.js';
import { RULES, createPlanner } from '../../../src/core/planner/plan.js';
import type { Planner } from '../../../src/core/planner/testing/language/index.js';
import type { Rule } from '../../../src/core/planner/view.js';

/** A planner with a mistake that somebody could make, and every scenario that must notice. */
export interface BrokenPlanner {
  readonly what: string;
  readonly planner: Planner;
  readonly by: readonly [string, ...string[]];
}

const withGuards = (change: Partial<Guards>): Planner => createPlanner({ ...GUARDS, ...change });

/** The leader is asked to hand over first, and its followers are restarted after it. */
const leadersFirst: Rule = (view) => {
  const { leader } = view.standing;
  const process = leader?.sight?.process;
  if (leader?.wanted === undefined || process?.kind !== 'running') return undefined;
  return differingFlags(process.flags, leader.wanted.flags).length === 0
    ? undefined
    : moveLeaderAway(view, leader, view.standing.voters);
};

function before(place: keyof typeof RULES, rule: Rule): Readonly<Record<string, Rule>> {
  const entries = Object.entries<Rule>(RULES);
  return Object.fromEntries(
    entries.flatMap(([name, own]) =>
      name === place
        ? [
            [`new-${name}`, rule],
            [name, own],
          ]
        : [[name, own]],
    ),
  );
}

/** Made by hand, none of them a guard or a rule taken out. */
export const BROKEN: readonly BrokenPlanner[] = [
  {
    what: 'a quiet period of 0 s',
    planner: withGuards({
      changeIsResolved: (change, { memberList }) =>
        change === undefined || memberList.kind === 'linearizable',
    }),
    by: ['waits-after-an-unknown-outcome', 'a-late-addition-is-seen-and-not-repeated'],
  },
  {
    what: 'leaders go first',
    planner: createPlanner(GUARDS, before('rollOutChanges', leadersFirst)),
    by: ['followers-before-the-leader-in-a-rolling-restart'],
  },
  {
    what: 'the margin after a removal is one too high',
    planner: withGuards({
      removalKeepsMargin: (standing, leaving) =>
        marginAfterRemoval(standing, leaving) + 1 >= Math.min(1, standing.margin),
    }),
    by: ['never-removes-a-healthy-voter-below-margin-one'],
  },
  {
    what: 'a promotion counts the newcomer as well',
    planner: withGuards({
      promotionKeepsMargin: ({ voters, healthyVoters }) =>
        2 * (healthyVoters.length + 1) > voters.length + 1,
    }),
    by: ['counts-the-newcomer-as-down', 'never-promotes-while-margin-would-go-negative'],
  },
];
