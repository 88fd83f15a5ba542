import { show } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { onEach } from '../hosts.js';
import { withWorld } from '../turn.js';

/**
 * We reach these hosts again.
 *
 *     show b c
 */
export const showHosts: Command = {
  usage: 'show HOST…',
  words: [1, 8],
  options: [],
  run: (scene, { words }) => ({ scene: withWorld(scene, onEach(scene, words, show)) }),
};
