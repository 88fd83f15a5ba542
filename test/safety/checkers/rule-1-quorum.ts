import type { MemberID } from '../../../src/base/index.js';
import type { World } from '../../../src/core/model/index.js';
import type { Decision, Landing, Violation } from './decision.js';
import {
  addressedHost,
  homeOf,
  isMajority,
  knownWell,
  nameOf,
  runningHome,
  spare,
  votersIn,
  wellVoters,
} from './facts.js';

/**
 * Rule 1, when decided: a removal keeps margin ≥ min(1, margin before), a promotion keeps margin ≥ 0 with the newcomer
 * counted as down, a stop leaves a quorum. The margin is counted here from the world, of those that we could know to be
 * well; what the plan declares is not looked at. Clusters whose spec asks for one or two voters have none to keep.
 */
export function checkQuorumKept({ plan, world }: Decision): readonly Violation[] {
  const { step } = plan;
  const all = votersIn(world).length;
  const well = knownWell(world);
  const before = spare(well.length, all);
  const told = (what: string, after: number): readonly Violation[] => [
    {
      rule: 1,
      what: `${what}: ${well.length} of ${all} voters are well, margin ${before} -> ${after}`,
    },
  ];
  switch (step.kind) {
    case 'remove-member': {
      if (!votersIn(world).some(({ id }) => id === step.member)) return [];
      const rest = well.filter(({ id }) => id !== step.member).length;
      const after = spare(rest, all - 1);
      const small = world.target.members.length <= 2;
      const keeps = after >= Math.min(1, before) || (small && after >= 0);
      // A list through quorum proves a majority, whoever is in it. One that may be in it is not given away.
      const safe = after >= 0 || isKnownDown(world, step.member);
      return keeps && safe ? [] : told(`remove ${nameOf(world, step.member)}`, after);
    }
    case 'promote-learner': {
      const after = spare(well.length, all + 1);
      const holds = all === 1 ? well.length === 1 : after >= 0;
      return holds ? [] : told(`promote ${nameOf(world, step.member)}`, after);
    }
    case 'stop-member': {
      if (world.target.state === 'down' || all <= 2) return [];
      const rest = well.filter(({ id }) => runningHome(world, id)?.host !== step.host);
      const after = spare(rest.length, all);
      return rest.length === well.length || after >= 0 ? [] : told(`stop ${step.host}`, after);
    }
    default:
      return [];
  }
}

/** We see its host, and that no process there can be voting. */
function isKnownDown(world: World, id: MemberID): boolean {
  const member = world.members.find((candidate) => candidate.id === id);
  const home = homeOf(world, id) ?? (member && addressedHost(world, member));
  return home !== undefined && (home.seen ?? true) && home.process.kind === 'stopped';
}

/** What a decision pledges: so many voters may fail before the step costs the quorum. */
export interface Pledge {
  readonly well: readonly MemberID[];
  /** The margin that is left when the step has landed and nothing else has changed. */
  readonly margin: number;
}

export function pledgeOf({ plan, world }: Decision): Pledge {
  const { step } = plan;
  const all = votersIn(world).length;
  const well = knownWell(world).map(({ id }) => id);
  return { well, margin: marginAfter(step, world, well, all) };
}

function marginAfter(
  step: Decision['plan']['step'],
  world: World,
  well: readonly MemberID[],
  all: number,
): number {
  switch (step.kind) {
    case 'remove-member': {
      const isVoter = votersIn(world).some(({ id }) => id === step.member);
      const rest = well.filter((id) => id !== step.member).length;
      return spare(rest, isVoter ? all - 1 : all);
    }
    case 'promote-learner':
      return spare(well.length, all + 1);
    case 'stop-member': {
      const rest = well.filter((id) => runningHome(world, id)?.host !== step.host);
      return spare(rest.length, all);
    }
    default:
      return spare(well.length, all);
  }
}

/** Rule 1, when it lands: quorum may be lost only if more voters failed since than the margin that was left. */
export function checkQuorumOnLanding(landing: Landing): readonly Violation[] {
  const { before, after, decision, outcome } = landing;
  if (outcome !== 'applied' || after.target.state === 'down') return [];
  const pledge = pledgeOf(decision);
  const well = new Set(wellVoters(before).map(({ id }) => id));
  const failed = landing.failedSince ?? pledge.well.filter((id) => !well.has(id));
  return lostBy(before, after, pledge, failed.length)
    ? [{ rule: 1, what: sentence(landing, pledge, failed.length) }]
    : [];
}

/** Quorum was there before the step and is gone after it, and too few failed to explain that. */
export const lostBy = (before: World, after: World, pledge: Pledge, failedCount: number): boolean =>
  hasMajority(before) && !hasMajority(after) && failedCount <= pledge.margin;

const hasMajority = (world: World): boolean =>
  isMajority(wellVoters(world).length, votersIn(world).length);

const sentence = ({ decision, after }: Landing, pledge: Pledge, failed: number): string =>
  `${decision.plan.step.kind} lost the quorum: ${wellVoters(after).length} of ${votersIn(after).length} ` +
  `voters are well; margin ${pledge.margin} was left when it was decided and ${failed} failed since`;
