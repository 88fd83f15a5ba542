import { instantOf, parseDurationMs } from '../../../../../base/index.js';
import type { Command } from '../command.js';
import { CommandError } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * Somebody sets the machine's clock back. What was written down before keeps the time that it had.
 *
 *     set-clock back=1h
 */
export const setClock: Command = {
  usage: 'set-clock back=DURATION',
  words: [0, 0],
  options: ['back'],
  run: (scene, args) => {
    const text = args.value('back') ?? '';
    const ms = parseDurationMs(text);
    if (ms === undefined) throw new CommandError(`"${text}" is no duration, as 1h`);
    const { world } = scene;
    return { scene: withWorld(scene, { ...world, now: instantOf(world.now - ms) }) };
  },
};
