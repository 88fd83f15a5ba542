/** Planners that are wrong on purpose, each in a way that looks sensible. The explorer has to catch every one. */
import { joinFlags } from '../../../src/core/bootstrap/index.js';
import { marginOf } from '../../../src/core/cluster/index.js';
import { GUARDS } from '../../../src/core/planner/guards.js';
import { RULES, type RuleName, createPlanner } from '../../../src/core/planner/plan.js';
import { stepOf } from '../../../src/core/planner/make.js';
import type { Rule } from '../../../src/core/planner/view.js';
import type { Planner } from './case.js';
import type { Violation } from './index.js';

export interface BrokenPlanner {
  readonly name: string;
  readonly planner: Planner;
  /** The rule whose violation is found first. */
  readonly rule: Violation['rule'];
  /** The one case that has what it takes; absent: all are searched. */
  readonly in?: string;
}

/** "Its data is gone? Then start it again, etcd will copy everything back." */
const startOnEmptyData: Rule = (view) => {
  const lost = view.standing.voters.find(
    ({ dataLost, wanted, sight }) =>
      dataLost && wanted !== undefined && sight?.process.kind === 'stopped',
  );
  if (lost?.wanted === undefined) return undefined;
  const { host, name } = lost.wanted;
  const members = view.standing.standings.map(({ member }) => member);
  const flags = joinFlags(lost.wanted, { members, self: lost.member.id });
  const launch = { purpose: 'join', version: view.target.version, flags } as const;
  return stepOf(view, { kind: 'start-member', host, name, launch }, 'process-not-running');
};

/** The same rules with two of them in each other's place. */
function swapped(one: RuleName, other: RuleName): Readonly<Record<string, Rule>> {
  const place = (name: RuleName): RuleName => (name === one ? other : name === other ? one : name);
  const names = Object.keys(RULES) as readonly RuleName[];
  return Object.fromEntries(names.map((name) => [place(name), RULES[place(name)]]));
}

export const BROKEN_PLANNERS: readonly BrokenPlanner[] = [
  {
    name: 'a promotion counts the newcomer as healthy',
    rule: 1,
    planner: createPlanner({
      ...GUARDS,
      promotionKeepsMargin: ({ voters, healthyVoters }) =>
        marginOf(voters.length + 1, healthyVoters.length + 1) >= 0,
    }),
  },
  {
    name: 'a removal does not look at the margin',
    rule: 1,
    planner: createPlanner({ ...GUARDS, removalKeepsMargin: () => true }),
  },
  {
    name: 'a voter is started again on empty data',
    rule: 4,
    planner: createPlanner(GUARDS, { startOnEmptyData, ...RULES }),
  },
  {
    name: 'an unknown outcome is taken for a refusal',
    rule: 2,
    planner: createPlanner({ ...GUARDS, changeIsResolved: () => true }),
  },
  {
    name: 'a learner is finished before a lost voter is repaired',
    rule: 6,
    planner: createPlanner(GUARDS, swapped('removeLostVoter', 'finishLearner')),
  },
  {
    name: 'any copy of the member list is good enough',
    rule: 6,
    planner: createPlanner({ ...GUARDS, listIsLinearizable: () => true }),
  },
  {
    name: 'a member goes although nobody can see whether a consumer needs it',
    rule: 9,
    planner: createPlanner({ ...GUARDS, consumerForgotIt: () => true }),
    in: 'a consumer follows a move',
  },
  {
    name: 'a member gets other client URLs although a consumer has no others',
    rule: 9,
    planner: createPlanner({ ...GUARDS, consumerKeepsAnEndpoint: () => true }),
    in: 'a consumer while addresses change',
  },
  {
    name: 'members show what a consumer does not trust',
    rule: 9,
    planner: createPlanner({ ...GUARDS, consumersFollow: () => true }),
    in: 'other authorities follow, and a consumer later',
  },
  {
    name: 'a leader is removed like anybody else',
    rule: 7,
    planner: createPlanner({ ...GUARDS, isNotLeader: () => true }),
  },
];
