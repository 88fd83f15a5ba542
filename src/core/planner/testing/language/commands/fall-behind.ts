import { fallBehind } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { onEach } from '../hosts.js';
import { withWorld } from '../turn.js';

/**
 * Their logs lag behind the leader's: a learner is not in sync any more.
 *
 *     fall-behind d
 */
export const fallBehindLeader: Command = {
  usage: 'fall-behind HOST…',
  words: [1, 8],
  options: [],
  run: (scene, { words }) => ({ scene: withWorld(scene, onEach(scene, words, fallBehind)) }),
};
