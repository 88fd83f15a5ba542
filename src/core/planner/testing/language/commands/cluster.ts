import { parseEtcdVersion } from '../../../../cluster/index.js';
import type { World } from '../../../../model/index.js';
import { born, memberOn, unborn, withTarget } from '../cast.js';
import type { Command } from '../command.js';
import { register, startAsLearner } from '../joining.js';
import { CommandError } from '../scene.js';
import { secureWorld } from '../secure.js';
import { withWorld } from '../turn.js';

const VERSION = '3.6.15';
const AN_HOUR_MS = 3_600_000;

/**
 * The cluster that the scenario begins with: born, and running for an hour on hosts named like its members; `young`
 * when every process has only just started; `unborn` when nobody has started it yet. The first voter leads.
 * `target` is what the spec wants, when that is something else. `learner` has joined and is not promoted yet;
 * `unstarted` is registered as a learner, `unstarted-voter` as a voter (as by `etcdctl member add`), and never ran.
 *
 *     cluster prod voters=(a b c) leader=c version=3.5.30
 *     cluster prod voters=(a b c) target=(a b c d) learner=d
 *     cluster prod voters=(a b c) young
 *     cluster prod unborn target=(a b c)
 *     cluster prod voters=(a b c) tls=auto
 */
export const cluster: Command = {
  usage: 'cluster NAME [unborn|young] [voters=(…)] [target=(…)] [leader=…] [version=…] [tls=auto]',
  words: [1, 2],
  options: [
    'voters',
    'target',
    'leader',
    'version',
    'learner',
    'unstarted',
    'unstarted-voter',
    'tls',
  ],
  run: (scene, args) => {
    const [name = '', state] = args.words;
    if (state !== undefined && state !== 'unborn' && state !== 'young') {
      throw new CommandError(`"${state}" is neither unborn nor young`);
    }
    const version = args.value('version') ?? VERSION;
    if (parseEtcdVersion(version) === undefined) throw new CommandError(`no version "${version}"`);
    const tls = args.value('tls');
    if (tls !== undefined && tls !== 'auto') throw new CommandError('tls= is auto');
    const secured = (plain: World) => (tls === undefined ? plain : secureWorld(plain));
    const voters = args.list('voters') ?? [];
    const wanted = args.list('target') ?? voters;
    if (state === 'unborn') {
      if (voters.length > 0) throw new CommandError('an unborn cluster has a target and no voters');
      return { scene: withWorld(scene, secured(unborn(name, version, wanted))) };
    }
    if (voters.length === 0) throw new CommandError('voters=(…) is missing');
    const leader = args.value('leader');
    if (leader !== undefined && !voters.includes(leader)) {
      throw new CommandError(`the leader ${leader} is not among the voters`);
    }
    const forMs = state === 'young' ? 0 : AN_HOUR_MS;
    let world: World = born({ name, version, voters, leader, forMs });
    const members = [...new Set(wanted)].map(
      (member) => world.target.members.find(({ host }) => host === member) ?? memberOn(member),
    );
    world = withTarget(world, { ...world.target, members });
    for (const host of args.list('learner') ?? []) world = startAsLearner(world, host, forMs);
    for (const host of args.list('unstarted') ?? []) world = register(world, host, true);
    for (const host of args.list('unstarted-voter') ?? []) world = register(world, host, false);
    return { scene: withWorld(scene, secured(world)) };
  },
};
