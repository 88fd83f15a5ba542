import { playScenario, withAnswers } from '../../../src/core/planner/testing/language/index.js';
import type { World } from '../../../src/core/model/index.js';
import type { Step } from '../../../src/core/planner/index.js';
import { type Violation as Broken, brokenRules } from '../checkers/index.js';
import type { Case, Planner } from './case.js';
import { betterEquipped, shapesOf } from './environment.js';
import { argOfMove, kindOfMove } from './moves.js';

/** One move as it was made, with the world before it and, when something was sent or decided, what. */
export interface Traced {
  readonly move: number;
  readonly before: World;
  readonly step: Step | undefined;
}

/**
 * A way through a case in the language of the golden scenarios, with what is said at each command: comments first, then
 * the moves, then whether the rules hold; for rule 6 everything is mended and the controller goes on to its end.
 */
export function scenarioOf(
  explored: Case,
  trace: readonly Traced[],
  last: World,
  broken: Broken,
  planner: Planner,
): string {
  const commands = [
    ...explored.opening,
    ...trace.flatMap((traced) => commandsOf(traced, explored)),
    ...(broken.rule === 6 ? mending(last) : ['invariants']),
  ];
  const text = `# ${explored.name}: rule ${broken.rule} is broken.\n# ${broken.what}.\n${inBlocks(commands)}`;
  return answered(text, planner);
}

function commandsOf({ move, before, step }: Traced, { otherWish }: Case): readonly string[] {
  const arg = argOfMove(move);
  const host = before.hosts[arg]?.host ?? '';
  const kind = kindOfMove(move);
  switch (kind) {
    case 'crash':
    case 'lose-data':
    case 'hide':
    case 'show':
    case 'catch-up':
      return [`${kind} ${host}`];
    case 'hide-consumer':
    case 'show-consumer': {
      const id = before.consumers?.[arg]?.id ?? '';
      return [
        `consumer ${id.split('@')[1] ?? ''} ${kind === 'hide-consumer' ? 'hidden' : 'shown'}`,
      ];
    }
    case 'equip-consumer': {
      const id = before.consumers?.[arg]?.id ?? '';
      const tls = betterEquipped(before, id)?.consumers?.[arg]?.tls;
      if (typeof tls !== 'object' || tls.trusts === 'unread') return [];
      const has = `trusts=(${tls.trusts.join(' ')}) shows=${tls.shows?.issuer ?? ''}`;
      return [`consumer ${id.split('@')[1] ?? ''} ${has}`];
    }
    case 'fail-start':
      return [`crash ${host} reason=port-taken times=3`];
    case 'revive':
      return [`start ${host}`];
    case 'cut':
      return [`cut ${shapesOf(before)[arg]?.join(' ') ?? ''}`];
    case 'heal':
    case 'late':
      return [kind];
    case 'time':
      return ['advance 10s'];
    case 'elect': {
      const id = before.members[arg]?.id;
      const on = before.hosts.find(({ data }) => data.kind === 'present' && data.memberID === id);
      return [`elect ${on?.host ?? ''}`];
    }
    case 'wish':
      return otherWish === undefined ? [] : [otherWish];
    case 'decide':
      return ['plan'];
    case 'apply':
      return ['apply', ...behind(step)];
    case 'lose-request':
    case 'delay-request':
      return ['apply outcome=unknown'];
  }
}

/** Who joins has not caught up yet. */
const behind = (step: Step | undefined): readonly string[] =>
  step?.kind === 'start-member' && step.launch.purpose === 'join'
    ? [`fall-behind ${step.host}`]
    : [];

function mending(world: World): readonly string[] {
  const all = (command: string, hosts: World['hosts']): readonly string[] =>
    hosts.length === 0 ? [] : [`${command} ${hosts.map(({ host }) => host).join(' ')}`];
  return [
    ...(world.hosts.some(({ side }) => side === 1) ? ['heal'] : []),
    ...all(
      'show',
      world.hosts.filter(({ seen }) => seen === false),
    ),
    ...all(
      'catch-up',
      world.hosts.filter(({ caughtUp }) => caughtUp === false),
    ),
    ...(world.consumers ?? []).flatMap(({ id, seen }) =>
      seen === false ? [`consumer ${id.split('@')[1] ?? ''} shown`] : [],
    ),
    'advance 10s',
    'run',
  ];
}

/** What says something gets its own answer, what only happens shares one. */
function inBlocks(commands: readonly string[]): string {
  const speaks = (command: string) => /^(plan|apply|late|run|invariants)\b/.test(command);
  let text = '';
  commands.forEach((command, i) => {
    const next = commands[i + 1];
    const isLast = next === undefined || speaks(command) !== speaks(next) || speaks(command);
    text += `${command}\n${isLast ? '----\n\n' : ''}`;
  });
  return text;
}

function answered(text: string, planner: Planner): string {
  try {
    const told = playScenario(text, { planner, check: brokenRules });
    return withAnswers(
      text,
      told.map(({ block }) => block),
      told.map(({ said }) => said),
    );
  } catch (error) {
    return `${text}\n# (it cannot be played: ${String(error)})\n`;
  }
}
