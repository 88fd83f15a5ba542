import type { World } from '../../../src/core/model/index.js';
import type { Plan } from '../../../src/core/planner/index.js';
import type { Violation } from './decision.js';
import { homeOf, isMajority, isUnwanted, spare, votersIn, wellVoters } from './facts.js';

/**
 * Rule 6: once faults have stopped and time has passed, the plan is converged, and the cluster is then what the spec
 * says; or it is blocked for a reason that can be seen in the world. `end` is what the planner says for good.
 */
export function checkEnd(world: World, end: Plan): readonly Violation[] {
  switch (end.kind) {
    case 'converged':
      return asWanted(world);
    case 'blocked':
      return isTrue(end.problem.code, world)
        ? []
        : [{ rule: 6, what: `blocked for ever, and ${end.problem.code} is not true` }];
    case 'wait':
      return [{ rule: 6, what: `waits for ever for ${end.for}, because ${end.because}` }];
    case 'step':
      return [{ rule: 6, what: `repeats ${end.step.kind} for ever` }];
  }
}

/** Every wanted member votes and is well, nobody else is in the list, all run with their flags, and consumers name them. */
function asWanted(world: World): readonly Violation[] {
  const told = (what: string): Violation => ({ rule: 6, what: `converged, although ${what}` });
  const { target } = world;
  if (target.state === 'down') {
    const up = world.hosts.find(
      ({ process, gateway }) => process.kind === 'running' || gateway?.kind === 'running',
    );
    return up === undefined ? [] : [told(`${up.host} runs`)];
  }
  const well = wellVoters(world).map(({ id }) => homeOf(world, id)?.host);
  const found = target.members
    .filter(({ host }) => !well.includes(host))
    .map(({ name }) => told(`${name} is not a voter that is well`));
  const extra = world.members.filter((member) => isUnwanted(world, member));
  found.push(...extra.map(({ id, name }) => told(`${name === '' ? id : name} is not wanted`)));
  for (const { host, gateway } of world.hosts) {
    const isProxy = target.proxies.some((proxy) => proxy.host === host);
    const forwards = gateway?.kind === 'running';
    if (isProxy !== forwards)
      found.push(told(`${host} ${forwards ? 'forwards' : 'does not forward'}`));
  }
  const urls = votersIn(world).flatMap(({ clientURLs }) => clientURLs);
  for (const { id, names } of world.consumers ?? []) {
    const missing = urls.some((url) => !names.includes(url));
    if (missing || names.length !== urls.length) found.push(told(`${id} names ${names.join(' ')}`));
  }
  for (const { host, process } of world.hosts) {
    const wanted = target.members.find((member) => member.host === host);
    if (wanted === undefined || process.kind !== 'running') continue;
    const other = Object.entries(wanted.flags).find(
      ([name, value]) => process.flags[name] !== value,
    );
    if (other !== undefined) found.push(told(`${host} runs with another --${other[0]}`));
  }
  return found;
}

/** The members that were told `new` are those of the spec. */
function isSameList({ members, target }: World): boolean {
  const born = members.flatMap(({ peerURLs }) => peerURLs).sort();
  const wanted = target.members.flatMap(({ peerURLs }) => peerURLs).sort();
  return born.join() === wanted.join();
}

const isHTTPS = (url: string): boolean => url.startsWith('https:');

/** What each problem claims, looked up in the world. What is not here is not accepted as an end. */
function isTrue(code: string, world: World): boolean {
  const voters = votersIn(world);
  switch (code) {
    // Without a quorum only old copies of the list are left to go by: that nobody leads is then all that can be said.
    case 'no-leader':
    case 'quorum-lost':
      // Fewer than a majority still have their log: nothing brings a quorum back.
      return !isMajority(
        voters.filter(({ id }) => homeOf(world, id) !== undefined).length,
        voters.length,
      );
    case 'birth-incomplete':
      return (
        world.record.clusterID === undefined &&
        world.hosts.some(
          ({ host, data }) => world.record.issuedNew.includes(host) && data.kind === 'empty',
        )
      );
    // The place keeps a registration for ever, and without the others' logs nobody can go on without it.
    case 'member-meeting-refused':
      return (
        world.record.clusterID === undefined &&
        world.hosts.every(({ data }) => data.kind !== 'present') &&
        world.hosts.some(
          ({ process }) =>
            process.kind === 'stopped' && process.lastExit?.reason === 'meeting-refused',
        )
      );
    // Members of another list than the spec has now hold data, and they are no majority among themselves.
    case 'birth-changed':
      return (
        world.record.clusterID === undefined &&
        !isMajority(wellVoters(world).length, voters.length) &&
        !isSameList(world)
      );
    case 'removal-would-risk-quorum':
      return (
        voters.some((member) => isUnwanted(world, member)) &&
        spare(wellVoters(world).length - 1, voters.length - 1) <
          Math.min(1, spare(wellVoters(world).length, voters.length))
      );
    case 'no-space':
      return world.hosts.some(({ alarms }) => alarms?.includes('NOSPACE') === true);
    case 'member-unhealthy':
      return world.hosts.some(({ alarms }) => alarms?.includes('CORRUPT') === true);
    case 'learner-stuck':
      return world.hosts.some(({ caughtUp }) => caughtUp === false);
    // It holds nothing back but what it needs: every wanted member votes, or none was to change to https before it can.
    case 'consumer-without-ca': {
      const well = wellVoters(world).map(({ id }) => homeOf(world, id)?.host);
      const isHeldBack = voters.some(({ clientURLs }) => !clientURLs.some(isHTTPS));
      return (
        (world.consumers ?? []).some(
          ({ takesTLS, names }) => takesTLS === false && !names.some(isHTTPS),
        ) &&
        world.target.members.some(({ clientURLs }) => clientURLs.some(isHTTPS)) &&
        (isHeldBack || world.target.members.every(({ host }) => well.includes(host)))
      );
    }
    case 'foreign-data':
      return world.hosts.some(
        ({ data }) => data.kind === 'present' && data.clusterID !== world.clusterID,
      );
    default:
      return false;
  }
}
