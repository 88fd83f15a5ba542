import { unsafeBrand } from '../../../../../base/index.js';
import {
  type ClientURL,
  type Consumer,
  type ConsumerID,
  type Fingerprint,
  type HostName,
  consumerID,
} from '../../../../cluster/index.js';
import {
  type World,
  type WorldConsumer,
  breakConsumer,
  equipConsumer,
  giveCATo,
  hideConsumer,
  mendConsumer,
  showConsumer,
  takeCAFrom,
} from '../../../../model/index.js';
import type { Command } from '../command.js';
import { CommandError } from '../scene.js';
import { withWorld } from '../turn.js';

const FAULTS = {
  hidden: hideConsumer,
  shown: showConsumer,
  broken: breakConsumer,
  mended: mendConsumer,
  'without-ca': takeCAFrom,
  'with-ca': giveCATo,
} as const;

/**
 * The consumer on a host of its own; a new one names every voter. `names` is what its file and its process have: members by
 * the names of their hosts, anything else as it is written. `pinned` are the endpoints that the spec fixes.
 *
 *     consumer api
 *     consumer api names=(a b)
 *     consumer node pinned=(http://gateway:2379)
 *     consumer api hidden          we do not reach it; `shown` again
 *     consumer api broken          it does not run, nor come back with any list; `mended` again
 *     consumer api without-ca      it could use no https endpoints; `with-ca` again
 *     consumer api trusts=(client-1 client-2) shows=client-1    what it has for https; else what is wanted at any time
 *     consumer api trusts=unread       its file of authorities is newer than its process
 *     consumer api trusts=unseen       nobody can tell
 */
export const consumer: Command = {
  usage:
    'consumer HOST [hidden|shown|broken|mended|without-ca|with-ca] [names=(…)] [pinned=(…)] [trusts=(…)] [shows=…]',
  words: [1, 2],
  options: ['names', 'pinned', 'trusts', 'shows'],
  run: (scene, args) => {
    const [host = '', word] = args.words;
    const urls = args.list('names')?.map((name) => endpointOf(name));
    const pinned = args.list('pinned')?.map((url) => unsafeBrand<ClientURL>(url));
    const known = withConsumer(scene.world, host, pinned);
    const id = consumerID(flannelOn(host));
    const named =
      urls === undefined
        ? known
        : {
            ...known,
            consumers: (known.consumers ?? []).map((each) =>
              each.id === id ? { ...each, names: urls } : each,
            ),
          };
    const trusts = args.list('trusts');
    const equipped = trusts === undefined ? named : equip(named, id, trusts, args.list('shows'));
    if (word === undefined) return { scene: withWorld(scene, equipped) };
    const fault = Object.entries(FAULTS).find(([name]) => name === word)?.[1];
    if (fault === undefined)
      throw new CommandError(`"${word}" is nothing that happens to a consumer`);
    return { scene: withWorld(scene, fault(equipped, id)) };
  },
};

function equip(
  world: World,
  id: ConsumerID,
  trusts: readonly string[],
  [issuer = '']: readonly string[] = [],
): World {
  const [first = ''] = trusts;
  const seen = equipConsumer(
    world,
    id,
    trusts.map((name) => unsafeBrand<Fingerprint>(name)),
    unsafeBrand<Fingerprint>(issuer),
  );
  const consumers = (seen.consumers ?? []).map((each): WorldConsumer => {
    if (each.id !== id || typeof each.tls !== 'object') return each;
    if (first === 'unseen') return { ...each, tls: 'unseen' };
    return first === 'unread' ? { ...each, tls: { ...each.tls, trusts: 'unread' } } : each;
  });
  return { ...seen, consumers };
}

const flannelOn = (host: string, pinned?: readonly ClientURL[]): Consumer => ({
  host: unsafeBrand<HostName>(host),
  endpoints: pinned ?? 'members',
  program: { kind: 'flannel', at: { kind: 'unit', unit: 'flanneld.service' } },
});

const endpointOf = (name: string): string => (name.includes('://') ? name : `http://${name}:2379`);

function withConsumer(world: World, host: string, pinned: readonly ClientURL[] | undefined): World {
  const wanted = world.target.consumers ?? [];
  const known = wanted.find((each) => each.host === host);
  if (known !== undefined && pinned === undefined) return world;
  const added = flannelOn(host, pinned);
  const id = consumerID(added);
  const voters = world.members.filter(({ isLearner }) => !isLearner);
  const names = pinned ?? voters.flatMap(({ clientURLs }) => clientURLs);
  return {
    ...world,
    target: {
      ...world.target,
      consumers: [...wanted.filter((each) => each.host !== host), added],
    },
    consumers: [...(world.consumers ?? []).filter((each) => each.id !== id), { id, names }],
  };
}
