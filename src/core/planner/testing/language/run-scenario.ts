import { nearest } from '../../../../base/index.js';
import { NOTHING_LATELY } from '../../index.js';
import { unborn } from './cast.js';
import { COMMANDS } from './commands/index.js';
import { readable } from './labels.js';
import { type Block, type CommandLine, ScenarioError, argsOf, parseScenario } from './parse.js';
import { type Check, CommandError, type Planner, type Said, type Scene } from './scene.js';

/** What one block of a scenario says, beside what it should. */
export interface Told {
  readonly block: Block;
  readonly said: string;
}

export interface Players {
  readonly planner: Planner;
  /** Asked whenever a step lands. */
  readonly check: Check;
}

/**
 * Plays a scenario block by block, as far as it is asked for, and gives the scene that the last command leaves behind.
 * Blocks that say nothing say `ok`.
 * @throws ScenarioError with the line, when a command cannot be read or makes no sense where it stands.
 */
export function* tellScenario(text: string, players: Players): Generator<Told, Scene> {
  let scene = emptyStage(players);
  let isBegun = false;
  for (const block of parseScenario(text)) {
    const texts: string[] = [];
    for (const command of block.commands) {
      if (!isBegun && command.name !== 'cluster') {
        throw new ScenarioError(command.line, 'a scenario begins with the command cluster');
      }
      const said = carryOut(scene, command);
      isBegun = true;
      scene = said.scene;
      if (said.text !== undefined) texts.push(readable(scene.labels, said.text));
    }
    yield { block, said: texts.length === 0 ? 'ok' : texts.join('\n') };
  }
  return scene;
}

/** Plays a scenario from its first command to its last; throws as `tellScenario` does. */
export const playScenario = (text: string, players: Players): readonly Told[] =>
  playToEnd(text, players).told;

/** The same, with the scene that the last command leaves behind. */
export function playToEnd(
  text: string,
  players: Players,
): { readonly told: readonly Told[]; readonly scene: Scene } {
  const story = tellScenario(text, players);
  const told: Told[] = [];
  for (;;) {
    const next = story.next();
    if (next.done === true) return { told, scene: next.value };
    told.push(next.value);
  }
}

const emptyStage = (players: Players): Scene => ({
  ...players,
  world: unborn('nobody', '3.6.0', []),
  unresolved: undefined,
  lately: NOTHING_LATELY,
  decided: undefined,
  inFlight: [],
  kept: undefined,
  troubles: [],
  landed: 0,
  violations: [],
  labels: new Map(),
});

function carryOut(scene: Scene, line: CommandLine): Said {
  const fail = (why: string): never => {
    throw new ScenarioError(line.line, `${line.name}: ${why}`);
  };
  const command = Object.hasOwn(COMMANDS, line.name) ? COMMANDS[line.name] : undefined;
  if (command === undefined) {
    const near = nearest(line.name, Object.keys(COMMANDS));
    return fail(`no such command${near === undefined ? '' : `; did you mean "${near}"?`}`);
  }
  const [least, most] = command.words;
  if (line.words.length < least || line.words.length > most) {
    return fail(`it is written as: ${command.usage}`);
  }
  for (const key of line.options.keys()) {
    if (!command.options.includes(key)) {
      return fail(`it takes no ${key}=; it is written as: ${command.usage}`);
    }
  }
  try {
    return command.run(scene, argsOf(line));
  } catch (error) {
    if (error instanceof CommandError) return fail(error.message);
    throw error;
  }
}
