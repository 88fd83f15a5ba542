import { hide } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { onEach } from '../hosts.js';
import { withWorld } from '../turn.js';

/**
 * We do not reach these hosts any more, neither through the driver nor as a client. Their peers do.
 *
 *     hide b c
 */
export const hideHosts: Command = {
  usage: 'hide HOST…',
  words: [1, 8],
  options: [],
  run: (scene, { words }) => ({ scene: withWorld(scene, onEach(scene, words, hide)) }),
};
