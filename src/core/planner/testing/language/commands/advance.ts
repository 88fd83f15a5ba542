import { parseDurationMs } from '../../../../../base/index.js';
import type { Command } from '../command.js';
import { CommandError } from '../scene.js';
import { later, withWorld } from '../turn.js';

/**
 * Time passes, and nothing else.
 *
 *     advance 7s
 */
export const advance: Command = {
  usage: 'advance DURATION',
  words: [1, 1],
  options: [],
  run: (scene, { words: [text = ''] }) => {
    const ms = parseDurationMs(text);
    if (ms === undefined) throw new CommandError(`"${text}" is no duration, as 7s or 250ms`);
    return { scene: withWorld(scene, later(scene.world, ms)) };
  },
};
