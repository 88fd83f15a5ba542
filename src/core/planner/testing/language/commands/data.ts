import { unsafeBrand } from '../../../../../base/index.js';
import type { DataSight } from '../../../../cluster/index.js';
import type { Command } from '../command.js';
import { changeHost, hostNamed } from '../hosts.js';
import { OTHER_CLUSTER, OTHER_MEMBER } from '../labels.js';
import { CommandError } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * A host holds something else than it should: another cluster's data, something that cannot be read, or a copy of what
 * another host has.
 *
 *     data b foreign
 *     data b unreadable
 *     data c copy-of=b
 */
export const data: Command = {
  usage: 'data HOST foreign|unreadable, or data HOST copy-of=HOST',
  words: [1, 2],
  options: ['copy-of'],
  run: (scene, args) => {
    const [name = '', what = ''] = args.words;
    const { host } = hostNamed(scene, name);
    const original = args.value('copy-of');
    const found = original === undefined ? sightOf(host, what) : hostNamed(scene, original).data;
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
