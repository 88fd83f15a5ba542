import { heal as healed, settle } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { withWorld } from '../turn.js';

/**
 * The peer network is whole again.
 *
 *     heal
 */
export const heal: Command = {
  usage: 'heal',
  words: [0, 0],
  options: [],
  run: (scene) => ({ scene: withWorld(scene, settle(healed(scene.world))) }),
};
