import { unsafeBrand } from '../../../../../base/index.js';
import type { Member, MemberName } from '../../../../cluster/index.js';
import { settle } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { memberOn } from '../cast.js';
import { CommandError } from '../scene.js';
import { withWorld } from '../turn.js';

/**
 * Somebody else adds a member that lives on no host of ours. It publishes its name when it is `started`.
 *
 *     stranger x learner
 *     stranger x voter started
 */
export const stranger: Command = {
  usage: 'stranger NAME learner|voter [started]',
  words: [2, 3],
  options: [],
  run: (scene, { words: [name = '', role = '', state] }) => {
    if (role !== 'learner' && role !== 'voter')
      throw new CommandError('it is a learner or a voter');
    if (state !== undefined && state !== 'started') throw new CommandError(`"${state}"?`);
    const { peerURLs, clientURLs } = memberOn(name);
    const added: Member = {
      id: unsafeBrand(`57${scene.world.members.length}`),
      name: state === 'started' ? unsafeBrand<MemberName>(name) : '',
      peerURLs,
      clientURLs: state === 'started' ? clientURLs : [],
      isLearner: role === 'learner',
    };
    const { world } = scene;
    return { scene: withWorld(scene, settle({ ...world, members: [...world.members, added] })) };
  },
};
