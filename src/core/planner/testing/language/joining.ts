import { instantOf } from '../../../../base/index.js';
import { joinFlags } from '../../../bootstrap/index.js';
import type { Member } from '../../../cluster/index.js';
import { type World, applyStep, settle } from '../../../model/index.js';
import type { Step } from '../../index.js';
import { memberOn } from './cast.js';
import { CommandError } from './scene.js';

/** Registers the member of a host, as a learner or (as a person may do it) as a voter. */
export function register(world: World, host: string, asLearner: boolean): World {
  const { name, host: on, peerURLs } = memberOn(host);
  const added = must(world, { kind: 'add-learner', name, host: on, peerURLs });
  if (asLearner) return added;
  const members = added.members.map((member): Member =>
    member.peerURLs.join() === peerURLs.join() ? { ...member, isLearner: false } : member,
  );
  return { ...added, members };
}

/** Registers the member of a host and starts it; it has been running for `forMs`. */
export function startAsLearner(world: World, host: string, forMs: number): World {
  return startRegistered(register(world, host, true), host, forMs);
}

/** Starts what was registered for a host, with the flags for joining. */
export function startRegistered(world: World, host: string, forMs: number): World {
  const wanted = world.target.members.find((member) => member.host === host);
  if (wanted === undefined) throw new CommandError(`the target has no member on ${host}`);
  const { members } = world;
  const self = members.find(({ peerURLs }) => peerURLs.join() === wanted.peerURLs.join());
  if (self === undefined) throw new CommandError(`${host} is not registered`);
  const flags = joinFlags(wanted, { members, self: self.id });
  const launch = { purpose: 'join', version: world.target.version, flags } as const;
  const early = { ...world, now: instantOf(world.now - forMs) };
  const started = must(early, {
    kind: 'start-member',
    host: wanted.host,
    name: wanted.name,
    launch,
  });
  return settle({ ...started, now: world.now });
}

function must(world: World, step: Step): World {
  const { outcome, reason, world: after } = applyStep(world, step);
  if (outcome !== 'applied') throw new CommandError(`etcd answers ${outcome} (${reason ?? ''})`);
  return after;
}
