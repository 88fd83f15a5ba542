/**
 * Each guard has a mutant: the same planner without it. For each there is one view here in which the mutant does what
 * must not be done. A guard that another one also covers is tested with that other one taken out as well, and says so.
 */
import { describe, expect, test } from 'vitest';
import { defineProblem, instantOf, unsafeBrand } from '../../base/index.js';
import type { ClusterID, MemberID, RaftIndex } from '../../base/index.js';
import type { HostSight, Observation } from '../cluster/index.js';
import { type World, applyStep, observe, settle } from '../model/index.js';
import { GUARDS, type GuardName, type Guards } from './guards.js';
import type { Plan, PlanInput } from './index.js';
import { createPlanner } from './plan.js';
import {
  brief,
  inputOf,
  memberNamed,
  running,
  runUntilEnd,
  targetOf,
  unborn,
  wanting,
  wipe,
} from './testing/cluster.js';

const OPEN: Guards = Object.fromEntries(
  Object.keys(GUARDS).map((name) => [name, () => true]),
) as unknown as Guards;

const without = (...names: readonly GuardName[]): Guards => ({
  ...GUARDS,
  ...Object.fromEntries(names.map((name) => [name, OPEN[name]])),
});

const said = (plan: Plan): string => (plan.kind === 'step' ? brief(plan.step) : plan.kind);

interface Mutant {
  readonly input: PlanInput;
  /** What the mutant does that must not be done. */
  readonly does: string | RegExp;
  /** Another guard that alone already prevents it: taken out on both sides. */
  readonly coveredBy?: readonly GuardName[];
}

const broken = defineProblem('test-broken', () => ({ summary: 'broken', detail: '', hint: '' }));

/** Down, and not to be tried again for a while. */
const stuck = (world: World, name: string): World =>
  settle({
    ...world,
    hosts: world.hosts.map((host) =>
      host.host === name
        ? {
            ...host,
            process: {
              kind: 'stopped' as const,
              lastExit: {
                at: world.now,
                reason: 'other' as const,
                inARow: 6,
                beforeRaft: false,
                problem: broken({}),
              },
            },
          }
        : host,
    ),
  });

const seen = (
  world: World,
  change: (sight: HostSight) => HostSight,
  more: Partial<PlanInput> = {},
): PlanInput => {
  const observation = observe(world);
  return inputOf(world, {
    observation: { ...observation, hosts: observation.hosts.map(change) },
    ...more,
  });
};

const lagging =
  (name: string, appliedIndex: bigint) =>
  (sight: HostSight): HostSight =>
    sight.status.kind !== 'answered'
      ? sight
      : {
          ...sight,
          status: {
            ...sight.status,
            raftIndex: unsafeBrand<RaftIndex>(100_000n),
            raftAppliedIndex: unsafeBrand<RaftIndex>(sight.host === name ? appliedIndex : 100_000n),
          },
        };

const three = running('m1', 'm2', 'm3');
const idOf = (world: World, name: string): MemberID =>
  world.members.find((member) => member.name === name)?.id ?? unsafeBrand<MemberID>('none');

const withFlag = (world: World): World => ({
  ...world,
  target: {
    ...world.target,
    members: world.target.members.map((member) => ({
      ...member,
      flags: { ...member.flags, 'snapshot-count': '5000' },
    })),
  },
});

/** m4 is registered and runs as a learner beside m1, m2, m3. */
function withLearner(): World {
  let world = wanting(three, 'm1', 'm2', 'm3', 'm4');
  for (let turns = 0; turns < 2; turns++) {
    const plan = createPlanner(GUARDS)(inputOf(world));
    if (plan.kind === 'step') world = settle(applyStep(world, plan.step).world);
  }
  return world;
}

/** A birth in which m3 was told `new` and has lost its data, before anybody knows a leader. */
function halfBorn(): World {
  const born = runUntilEnd(unborn(targetOf('m1', 'm2', 'm3'))).world;
  const { clusterID: _, ...record } = born.record;
  return { ...wipe(born, 'm3'), members: [], clusterID: undefined, leader: undefined, record };
}

const foreign = {
  kind: 'present' as const,
  clusterID: unsafeBrand<ClusterID>('feed'),
  memberID: unsafeBrand<MemberID>('beef'),
};

const localList = (observation: Observation): Observation => ({
  ...observation,
  memberList: { ...observation.memberList, kind: 'local' } as Observation['memberList'],
});

const young = (world: World): World => ({
  ...world,
  hosts: world.hosts.map((host) =>
    host.process.kind === 'running'
      ? { ...host, process: { ...host.process, startedAt: world.now } }
      : host,
  ),
});

const five = running('m1', 'm2', 'm3', 'm4', 'm5');
const withoutM3: World = {
  ...three,
  members: three.members.filter(({ name }) => name !== 'm3'),
};

const MUTANTS = {
  removalKeepsMargin: {
    input: inputOf({ ...three, target: { ...three.target, retire: [idOf(three, 'm2')] } }),
    does: 'remove m2',
  },
  promotionKeepsMargin: { input: inputOf(stuck(withLearner(), 'm2')), does: 'promote m4' },
  // A restart begins only while every voter is healthy, and then the margin of three or more is at least 1.
  stopKeepsQuorum: {
    input: inputOf(withFlag(stuck(three, 'm2'))),
    does: /^stop/,
    coveredBy: ['votersHealthy'],
  },
  // A learner always has an opinion of its own in finish-learner, which comes first; this guard says it once more,
  // where the addition is decided. Nothing below reaches it, so the mutant is known to survive.
  noLearnerYet: {
    input: inputOf(wanting(three, 'm1', 'm2', 'm3', 'm4')),
    does: 'add-learner m4',
    coveredBy: ['noLearnerYet'],
  },
  changeIsResolved: {
    input: inputOf(wanting(three, 'm1', 'm2', 'm3', 'm4'), {
      unresolved: { step: 'add-learner', at: three.now },
    }),
    does: 'add-learner m4',
  },
  listIsLinearizable: {
    input: inputOf(withoutM3, { observation: localList(observe(withoutM3)) }),
    does: /^(stop m3|set-aside-data m3)$/,
  },
  isUnborn: { input: inputOf(wipe(three, 'm1', 'm2', 'm3')), does: 'start m1 birth' },
  allHostsSeen: {
    input: seen(unborn(targetOf('m1', 'm2', 'm3')), (sight) =>
      sight.host === 'm3' ? { ...sight, process: { kind: 'unseen', because: 'no answer' } } : sight,
    ),
    does: 'start m1 birth',
  },
  mayIssueNew: { input: inputOf(halfBorn()), does: 'start m3 birth' },
  dataIsOurs: {
    input: seen(three, (sight) =>
      sight.host === 'm2'
        ? {
            ...sight,
            process: { kind: 'stopped' },
            data: foreign,
            status: { kind: 'silent', because: '' },
          }
        : sight,
    ),
    does: /^(start m2 restart|set-aside-data m2)$/,
  },
  isNotLeader: {
    input: inputOf(wanting({ ...five, leader: idOf(five, 'm5') }, 'm1', 'm2', 'm3', 'm4')),
    does: 'remove m5',
  },
  votersHealthy: {
    input: inputOf(wanting(stuck(five, 'm2'), 'm1', 'm2', 'm3', 'm4', 'm5', 'm6')),
    does: 'add-learner m6',
  },
  connectedLongEnough: {
    input: inputOf(wanting(young(three), 'm1', 'm2', 'm3', 'm4')),
    does: 'add-learner m4',
  },
  learnerInSync: { input: seen(withLearner(), lagging('m4', 50_000n)), does: 'promote m4' },
  caughtUp: { input: seen(withFlag(three), lagging('m3', 90_000n)), does: /^(stop|move-leader)/ },
  // finish-learner comes first here too; the guard stands where the update is decided.
  isVoter: {
    input: inputOf(
      (() => {
        const world = withLearner();
        const moved = { ...memberNamed('m4', 25_000), clientURLs: memberNamed('m4').clientURLs };
        const members = world.target.members.map((m) => (m.host === 'm4' ? moved : m));
        return { ...world, target: { ...world.target, members } };
      })(),
    ),
    does: 'promote m4',
    coveredBy: ['isVoter'],
  },
} as const satisfies Record<GuardName, Mutant>;

describe('a planner without the guard does what must not be done', () => {
  test.each(Object.entries(MUTANTS) as [GuardName, Mutant][])('%s', (name, mutant) => {
    const covered = mutant.coveredBy ?? [];
    const withIt = said(createPlanner(without(...covered.filter((n) => n !== name)))(mutant.input));
    const withoutIt = said(createPlanner(without(name, ...covered))(mutant.input));
    expect(withoutIt).toMatch(mutant.does);
    if (!covered.includes(name)) expect(withIt).not.toMatch(mutant.does);
  });

  test('two guards are known to be covered by the order of the rules', () => {
    const survivors = (Object.entries(MUTANTS) as [GuardName, Mutant][])
      .filter(([name, { coveredBy }]) => coveredBy?.includes(name))
      .map(([name]) => name);
    expect(survivors).toEqual(['noLearnerYet', 'isVoter']);
  });

  test('the learner that stands in the list is what holds the addition back, in either planner', () => {
    const input = inputOf(wanting(withLearner(), 'm1', 'm2', 'm3', 'm4', 'm5'));
    expect(said(createPlanner(without('noLearnerYet'))(input))).toBe('promote m4');
    const later = { ...input, now: instantOf(input.now + 1) };
    expect(said(createPlanner(GUARDS)(later))).toBe('promote m4');
  });
});
