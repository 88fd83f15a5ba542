import { isAlive } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { memberOf } from '../hosts.js';
import { CommandError } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * Leadership moves on its own, as after a pause of the leader.
 *
 *     elect b
 */
export const elect: Command = {
  usage: 'elect HOST',
  words: [1, 1],
  options: [],
  run: (scene, { words: [name = ''] }) => {
    const { id, isLearner } = memberOf(scene, name);
    if (isLearner || !isAlive(scene.world, id)) throw new CommandError(`${name} cannot lead`);
    const { world } = scene;
    return { scene: withWorld(scene, { ...world, leader: id, term: world.term + 1n }) };
  },
};
