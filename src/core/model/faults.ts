import { instantOf } from '../../base/index.js';
import type { HostName } from '../cluster/index.js';
import { emptied, stopped, withHost, without } from './hosts.js';
import { ledSide, sideOf } from './leadership.js';
import type { Alarm, World, WorldHost } from './world.js';

/** kill -9, or the power: the process is gone, the data stays. What a person runs is out of our reach here too. */
export const crash = (world: World, host: HostName): World =>
  withHost(world, host, (down) => (down.process.kind === 'by-hand' ? down : stopped(down)));

/** The disk is gone, and the process with it. */
export const loseData = (world: World, host: HostName): World =>
  withHost(world, host, (lost) => ({
    ...emptied(lost),
    process: lost.process.kind === 'by-hand' ? lost.process : { kind: 'stopped' },
  }));

/**
 * The peer network splits: these hosts are on side 1, all others on side 0. We still reach whom we reached. There is one
 * cut at a time; another one begins by healing it.
 */
export function cut(world: World, hosts: readonly HostName[]): World {
  const whole = heal(world);
  return {
    ...whole,
    hosts: whole.hosts.map((host): WorldHost =>
      hosts.includes(host.host) ? { ...host, side: 1 } : host,
    ),
  };
}

/** The peer network is whole again. Who was away from the leader is connected to the others from now on. */
export function heal(world: World): World {
  if (world.hosts.every((host) => sideOf(host) === 0)) return world;
  const led = ledSide(world) ?? 0;
  return {
    ...world,
    hosts: world.hosts.map((host): WorldHost => {
      const { side, ...rest } = host;
      return (side ?? 0) === led ? rest : { ...rest, rejoinedAt: world.now };
    }),
  };
}

/** We do not reach this host any more, neither through the driver nor as a client. Its peers do. */
export const hide = (world: World, host: HostName): World =>
  withHost(world, host, (hidden) => ({ ...hidden, seen: false }));

/** The host does not answer the driver any more, as with an sshd that hangs; its member answers us as a client. */
export const blind = (world: World, host: HostName): World =>
  withHost(world, host, (hidden) => ({ ...hidden, blind: true }));

/** We reach it again, in every way. */
export const show = (world: World, host: HostName): World =>
  withHost(world, host, (shown) => without(without(shown, 'seen'), 'blind'));

/** Its log lags behind the leader's: a learner is not in sync any more, a voter is not the next to be restarted. */
export const fallBehind = (world: World, host: HostName): World =>
  withHost(world, host, (behind) => ({ ...behind, caughtUp: false }));

export const catchUp = (world: World, host: HostName): World =>
  withHost(world, host, (behind) => without(behind, 'caughtUp'));

export const raiseAlarm = (world: World, host: HostName, alarm: Alarm): World =>
  withHost(world, host, (full) => ({
    ...full,
    alarms: [...(full.alarms ?? []).filter((raised) => raised !== alarm), alarm],
  }));

/** `alarm disarm`: all of them, whoever raised them. */
export const disarmAlarms = (world: World): World => ({
  ...world,
  hosts: world.hosts.map((host) => without(host, 'alarms')),
});

/** Time passes and nothing else. */
export const advance = (world: World, ms: number): World => ({
  ...world,
  now: instantOf(world.now + ms),
});
