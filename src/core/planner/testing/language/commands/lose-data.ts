import { loseData } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { onEach } from '../hosts.js';
import { withWorld } from '../turn.js';

/**
 * Data directories are gone, and the processes with them (a disk that died).
 *
 *     lose-data b
 */
export const loseDataOf: Command = {
  usage: 'lose-data HOST…',
  words: [1, 8],
  options: [],
  run: (scene, { words }) => ({ scene: withWorld(scene, onEach(scene, words, loseData)) }),
};
