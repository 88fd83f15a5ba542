import { catchUp } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { onEach } from '../hosts.js';
import { withWorld } from '../turn.js';

/**
 * Their logs are in sync with the leader's again.
 *
 *     catch-up d
 */
export const catchUpWithLeader: Command = {
  usage: 'catch-up HOST…',
  words: [1, 8],
  options: [],
  run: (scene, { words }) => ({ scene: withWorld(scene, onEach(scene, words, catchUp)) }),
};
