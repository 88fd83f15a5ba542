import { instantOf } from '../../../../../base/index.js';
import { targetUnder } from '../../../../bootstrap/index.js';
import { type LeafSight, type Plane, PLANES } from '../../../../cluster/index.js';
import { type World, type WorldHost, settle } from '../../../../model/index.js';
import type { Command } from '../command.js';
import { onEach, withHost } from '../hosts.js';
import { CommandError } from '../scene.js';
import { FOLLOWING, secureTarget } from '../secure.js';
import { withWorld } from '../turn.js';

/**
 * The certificates of a cluster, which are of ours.
 *
 *     certificates wanted                the spec asks for TLS from now on
 *     certificates follow                other authorities are to follow those that are
 *     certificates held-by ci            the program ci has one of the old authority
 *     certificates expire b              those on b expire now
 *     certificates lose b                the files of b are gone
 */
export const certificates: Command = {
  usage: 'certificates wanted|follow, or certificates held-by|expire|lose NAME…',
  words: [1, 8],
  options: [],
  run: (scene, { words: [what = '', ...names] }) => {
    const { world } = scene;
    switch (what) {
      case 'wanted':
        return { scene: withWorld(scene, { ...world, target: secureTarget(world.target) }) };
      case 'follow':
        return {
          scene: withWorld(scene, { ...world, target: targetUnder(world.target, FOLLOWING) }),
        };
      case 'held-by': {
        const { authorities } = world.target;
        if (authorities === undefined) throw new CommandError('there are no authorities');
        const target = { ...world.target, authorities: { ...authorities, heldBy: names } };
        return { scene: withWorld(scene, { ...world, target }) };
      }
      case 'expire':
        return {
          scene: withWorld(
            scene,
            onEach(scene, names, (each, host) => withHost(each, host, (was) => expired(each, was))),
          ),
        };
      case 'lose':
        return {
          scene: withWorld(
            scene,
            onEach(scene, names, (each, host) => settle(withHost(each, host, withoutFiles))),
          ),
        };
      default:
        throw new CommandError(`"${what}" is none of wanted, follow, held-by, expire, lose`);
    }
  },
};

function withoutFiles({ certificates: _gone, ...host }: WorldHost): WorldHost {
  return host;
}

function expired({ now }: World, host: WorldHost): WorldHost {
  const held = host.certificates;
  if (held?.kind !== 'seen') throw new CommandError(`${host.host} holds no certificates`);
  const over = (plane: Plane): LeafSight => {
    const leaf = held.leafs[plane];
    return leaf.kind === 'present' ? { ...leaf, notAfter: instantOf(now - 1) } : leaf;
  };
  const [peer, client] = PLANES.map(over);
  return peer === undefined || client === undefined
    ? host
    : { ...host, certificates: { ...held, leafs: { peer, client } } };
}
