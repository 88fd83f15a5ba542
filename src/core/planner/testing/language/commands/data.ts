import { unsafeBrand } from '../../../../../base/index.js';
import type { DataSight } from '../../../../cluster/index.js';
import type { Command } from '../command.js';
import { changeHost, hostNamed } from '../hosts.js';
import { OTHER_CLUSTER, OTHER_MEMBER } from '../labels.js';
import { CommandError } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * A host holds something else than it should: another cluster's data, or something that cannot be read.
 *
 *     data b foreign
 *     data b unreadable
 */
export const data: Command = {
  usage: 'data HOST foreign|unreadable',
  words: [2, 2],
  options: [],
  run: (scene, { words: [name = '', what = ''] }) => {
    const { host } = hostNamed(scene, name);
    const found = sightOf(host, what);
    return {
      scene: withWorld(
        scene,
        changeHost(scene.world, host, (was) => ({ ...was, data: found })),
      ),
    };
  },
};

function sightOf(host: string, what: string): DataSight {
  switch (what) {
    case 'foreign':
      return {
        kind: 'present',
        clusterID: unsafeBrand(OTHER_CLUSTER),
        memberID: unsafeBrand(OTHER_MEMBER),
      };
    case 'unreadable':
      return {
        kind: 'unreadable',
        problem: {
          code: 'data-unreadable',
          data: { host },
          summary: `Cannot tell whose data is on ${host}`,
          detail: 'Its first record has a wrong checksum.',
          hint: '',
        },
      };
    default:
      throw new CommandError(`data is foreign or unreadable, not "${what}"`);
  }
}
