import { cut as cutOff, settle } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { hostNamed } from '../hosts.js';
import { withWorld } from '../turn.js';

/**
 * The peer network splits: these hosts on one side, all others on the other. We still reach whom we reached.
 *
 *     cut b c
 */
export const cut: Command = {
  usage: 'cut HOST…',
  words: [1, 8],
  options: [],
  run: (scene, { words }) => {
    const hosts = words.map((name) => hostNamed(scene, name).host);
    return { scene: withWorld(scene, settle(cutOff(scene.world, hosts))) };
  },
};
