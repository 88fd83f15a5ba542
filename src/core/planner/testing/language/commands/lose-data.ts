import type { Command } from '../command.js';
import { changeHost, hostNamed } from '../hosts.js';
import type { Scene } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * Data directories are gone, and the processes with them (a disk that died).
 *
 *     lose-data b
 */
export const loseData: Command = {
  usage: 'lose-data HOST…',
  words: [1, 8],
  options: [],
  run: (scene, { words }) => ({
    scene: words.reduce((next: Scene, name) => {
      const { host } = hostNamed(next, name);
      const lost = changeHost(next.world, host, (was) => ({
        ...was,
        process: { kind: 'stopped' },
        data: { kind: 'empty' },
      }));
      return withWorld(next, lost);
    }, scene),
  }),
};
