import { type Problem, formatGoDuration } from '../../../../base/index.js';
import { type MarginChange, differingFlags, quorumOf } from '../../../cluster/index.js';
import type { World } from '../../../model/index.js';
import type { Plan, Step } from '../../index.js';
import type { PlannedStep } from './scene.js';

/** A step in a few words, the same wherever it is spoken of. */
export function stepText(step: Step): string {
  switch (step.kind) {
    case 'start-member':
    case 'stop-member':
      return `${step.kind} ${step.host}`;
    case 'add-learner':
    case 'promote-learner':
    case 'remove-member':
    case 'update-peer-urls':
      return `${step.kind} ${step.name}`;
    case 'move-leader':
      return `${step.kind} ${step.fromName} -> ${step.toName}`;
    case 'set-aside-data':
    case 'start-gateway':
    case 'stop-gateway':
    case 'install-certificates':
      return `${step.kind} ${step.host}`;
    case 'update-consumer':
      return `${step.kind} ${step.host}`;
    case 'advance-rotation':
      return `${step.kind} ${step.to}`;
    case 'record-birth':
      return step.kind;
  }
}

/** A plan as a person reads it; times are from now on. */
export function sayPlan(plan: Plan, world: World): string {
  switch (plan.kind) {
    case 'converged':
      return 'converged';
    case 'blocked':
      return sayProblem('blocked', plan.problem);
    case 'wait':
      return [
        `wait      ${plan.for}`,
        `because   ${plan.because}`,
        `until     ${plan.until === undefined ? 'the next look' : inTime(plan.until - world.now)}`,
        ...(plan.problem === undefined ? [] : [sayProblem('problem', plan.problem)]),
      ].join('\n');
    case 'step':
      return [
        `step      ${stepText(plan.step)}`,
        ...detailsOf(plan.step, world),
        `because   ${plan.because}`,
        ...(isBirth(plan) ? [] : [`margin    ${sayMargin(plan.margin)}`]),
      ].join('\n');
  }
}

/** Before there is a cluster there is no margin that could be lost. */
const isBirth = ({ step, margin }: PlannedStep): boolean =>
  (step.kind === 'start-member' && step.launch.purpose === 'birth') ||
  (margin.votersBefore === 0 && margin.votersAfter === 0);

const inTime = (ms: number): string => (ms < 0 ? 'already over' : `in ${formatGoDuration(ms)}`);

function sayMargin(margin: MarginChange): string {
  const { before, after, votersBefore, healthyBefore, votersAfter, healthyAfter } = margin;
  const from = `${healthyBefore} healthy of ${votersBefore}, quorum ${quorumOf(votersBefore)}`;
  const to = `${healthyAfter} healthy of ${votersAfter}, quorum ${quorumOf(votersAfter)}`;
  return `${before} -> ${after}   (${from === to ? from : `${from} -> ${to}`})`;
}

export function sayProblem(head: 'blocked' | 'problem', problem: Problem): string {
  const told = [problem.summary, problem.detail, problem.hint].filter((text) => text !== '');
  const lines = told.flatMap((text) => text.split('\n'));
  return [`${head}   ${problem.code}`, ...lines.map((line) => `          ${line}`)].join('\n');
}

/** What a step does beyond its name: the flags that are not the settled ones, the new addresses, the proof. */
function detailsOf(step: Step, { target }: World): readonly string[] {
  switch (step.kind) {
    case 'start-member': {
      const { purpose, version, flags } = step.launch;
      const settled = target.members.find(({ host }) => host === step.host)?.flags ?? {};
      const own = differingFlags(flags, settled).map((flag) => `${flag}=${flags[flag] ?? ''}`);
      const state = `initial-cluster-state=${flags['initial-cluster-state'] ?? ''}`;
      const others = flags['initial-cluster'];
      const place = flags['discovery'] ?? flags['discovery-token'];
      return [
        `as        ${[purpose, `etcd ${version}`, state, ...own].join(', ')}`,
        ...(others === undefined ? [] : [`beside    ${others.replaceAll(',', ' ')}`]),
        ...(place === undefined ? [] : [`meets at  ${place}`]),
      ];
    }
    case 'add-learner':
    case 'update-peer-urls':
      return [`at        ${step.peerURLs.join(' ')}`];
    case 'set-aside-data':
      return [`proof     ${step.proof.memberID} is not in ${step.proof.listed.join(' ')}`];
    case 'record-birth':
      return [`id        ${step.clusterID}`];
    case 'promote-learner':
    case 'remove-member':
      return [`id        ${step.member}`];
    case 'start-gateway':
      return [
        `at        ${step.launch.listen.join(' ')}`,
        `before    ${step.launch.endpoints.join(' ')}`,
      ];
    case 'update-consumer':
      return [`names     ${step.endpoints.join(' ')}`];
    case 'install-certificates':
      return [`leafs     ${step.leafs.length === 0 ? 'none' : step.leafs.join(' ')}`];
    case 'move-leader':
    case 'stop-member':
    case 'stop-gateway':
    case 'advance-rotation':
      return [];
  }
}

/** One line of a run: the step, why, and the margin it keeps. */
export function sayStepOfRun(plan: PlannedStep): string {
  const { step, because, margin } = plan;
  const purpose = step.kind === 'start-member' ? ` (${step.launch.purpose})` : '';
  const text = `${stepText(step)}${purpose}`.padEnd(30);
  return isBirth(plan)
    ? `${text} ${because}`
    : `${text} ${because.padEnd(24)} ${margin.before} -> ${margin.after}`;
}
