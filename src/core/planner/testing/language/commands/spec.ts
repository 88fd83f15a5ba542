import { unsafeBrand } from '../../../../../base/index.js';
import {
  type ClusterToken,
  type EtcdVersion,
  type MeetingPlace,
  type MemberName,
  type Target,
  type TargetMember,
  parseEtcdVersion,
  tokenOfPlace,
} from '../../../../cluster/index.js';
import type { World } from '../../../../model/index.js';
import {
  MOVED_CLIENT_PORT,
  MOVED_PEER_PORT,
  listeningOn,
  memberOn,
  proxyOn,
  servingOn,
  withTarget,
} from '../cast.js';
import type { Command } from '../command.js';
import { memberOf } from '../hosts.js';
import type { Args } from '../parse.js';
import { CommandError, type Scene } from '../scene.js';
import { secureMember } from '../secure.js';
import { withWorld } from '../turn.js';

/**
 * Other wishes. What is not named stays as it was; a host that is new in the spec appears, empty.
 *
 *     spec members=(a b c d)           grow by d
 *     spec proxies=(e f)               hosts beyond the size: each gets a gateway
 *     spec rename=(b:blue)             the member on b gets another name
 *     spec move=b                      b gets another peer address
 *     spec move-clients=b              b gets another client address
 *     spec flags=(snapshot-count:5000)
 *     spec version=3.6.16
 *     spec retire=b                    as `quorate member replace b`: removed by id, then its host joins afresh
 *     spec state=down
 *     spec by-hand=d                   a person starts d
 *     spec first-life=fast
 *     spec meet=v2                     the members are born by discovery, at a place of their own
 *     spec meet=v3:5                   at one that was made for five
 */
export const spec: Command = {
  usage: 'spec [members=(…)] [rename=(b:blue)] [move=…] [flags=(…)] [version=…] [retire=…] …',
  words: [0, 0],
  options: [
    'members',
    'proxies',
    'rename',
    'move',
    'move-clients',
    'flags',
    'version',
    'retire',
    'state',
    'by-hand',
    'first-life',
    'meet',
  ],
  run: (scene, args) => {
    const { world } = scene;
    const retire = (args.list('retire') ?? []).map((name) => memberOf(scene, name).id);
    const members = (args.list('members') ?? world.target.members.map(({ host }) => host)).map(
      (host) => world.target.members.find((known) => known.host === host) ?? newMember(scene, host),
    );
    const proxies = args.list('proxies')?.map((host) => proxyOn(host)) ?? world.target.proxies;
    const target: Target = {
      ...world.target,
      ...globalWishes(world.target, args),
      retire,
      members: members.map((member) => memberWishes(member, args)),
      proxies,
    };
    for (const key of ['rename', 'move', 'move-clients', 'by-hand']) {
      for (const [host = ''] of (args.list(key) ?? []).map((text) => text.split(':'))) {
        if (!target.members.some((member) => member.host === host)) {
          throw new CommandError(`${key}=: the spec has no member on "${host}"`);
        }
      }
    }
    return { scene: withWorld(scene, meeting(withTarget(world, target), args.value('meet'))) };
  },
};

/** The world whose members meet somewhere: as the controller has it once it has made the place. */
function meeting(world: World, protocol: string | undefined): World {
  if (protocol === undefined) return world;
  const { record, target } = world;
  const place = placeFor(protocol, target);
  return {
    ...world,
    record: { ...record, meetingPlace: place },
    target: {
      ...target,
      birth: { kind: 'discovery', place },
      token: unsafeBrand<ClusterToken>(tokenOfPlace(place)),
    },
  };
}

function placeFor(text: string, { name, members }: Target): MeetingPlace {
  const [protocol, madeFor] = text.split(':');
  const place = { size: Number(madeFor ?? members.length), isOurs: false };
  switch (protocol) {
    case 'v2':
      return { protocol, url: `http://discovery:2379/v2/keys/${name}`, ...place };
    case 'v3':
      return { protocol, endpoints: ['http://discovery:2379'], token: `${name}-meets`, ...place };
    default:
      throw new CommandError('meet= is v2 or v3, or v2:SIZE');
  }
}

/** A member that returns to the spec has the addresses that the record kept for its host. */
function newMember(scene: Scene, host: string): TargetMember {
  const plain = plainMember(scene, host);
  return scene.world.target.authorities === undefined ? plain : secureMember(plain);
}

function plainMember({ world }: Scene, host: string): TargetMember {
  const port = /:(\d+)$/.exec(world.record.addresses[host]?.peerURLs[0] ?? '')?.[1];
  return port === undefined ? memberOn(host) : memberOn(host, Number(port));
}

function globalWishes(target: Target, args: Args): Partial<Target> {
  const version = args.value('version') ?? target.version;
  if (parseEtcdVersion(version) === undefined) throw new CommandError(`no version "${version}"`);
  const state = args.value('state') ?? target.state;
  if (state !== 'up' && state !== 'down') throw new CommandError('state= is up or down');
  const firstLife = args.value('first-life') ?? target.firstLife;
  if (firstLife !== 'fast' && firstLife !== 'plain') {
    throw new CommandError('first-life= is fast or plain');
  }
  return { version: unsafeBrand<EtcdVersion>(version), state, firstLife };
}

function memberWishes(member: TargetMember, args: Args): TargetMember {
  const isOf = (key: string): boolean => (args.list(key) ?? []).includes(member.host);
  const heard = isOf('move') ? listeningOn(member, MOVED_PEER_PORT) : member;
  const moved = isOf('move-clients') ? servingOn(heard, MOVED_CLIENT_PORT) : heard;
  const [, name] = args.pairs('rename').find(([host]) => host === member.host) ?? [];
  const renamed =
    name === undefined
      ? moved
      : { ...moved, name: unsafeBrand<MemberName>(name), flags: { ...moved.flags, name } };
  const flags = { ...renamed.flags, ...Object.fromEntries(args.pairs('flags')) };
  const byHand = renamed.byHand || isOf('by-hand');
  return { ...renamed, flags, byHand };
}
