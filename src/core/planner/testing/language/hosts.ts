import type { HostName, ExitReason, Member } from '../../../cluster/index.js';
import { type World, type WorldHost, settle } from '../../../model/index.js';
import { CommandError, type Scene } from './scene.js';

/** The host of that name, or an error that says which there are. */
export function hostNamed({ world }: Scene, name: string): WorldHost {
  const host = world.hosts.find((candidate) => candidate.host === name);
  if (host !== undefined) return host;
  const names = world.hosts.map(({ host: known }) => known).join(' ');
  throw new CommandError(`no host "${name}"; there are: ${names === '' ? 'none' : names}`);
}

/** The member that is registered for a host, by the addresses of the record, else by its name or by where it says it lives. */
export function memberOf({ world }: Scene, name: string): Member {
  const urls = world.record.addresses[name]?.peerURLs ?? [];
  const member =
    world.members.find(({ peerURLs }) => peerURLs.some((url) => urls.includes(url))) ??
    world.members.find((candidate) => candidate.name === name) ??
    world.members.find(({ peerURLs }) => peerURLs.some((url) => url.includes(`//${name}:`)));
  if (member === undefined) throw new CommandError(`no member "${name}" is in the list`);
  return member;
}

export const withHost = (
  world: World,
  name: HostName,
  how: (host: WorldHost) => WorldHost,
): World => ({
  ...world,
  hosts: world.hosts.map((host) => (host.host === name ? how(host) : host)),
});

export const changeHost = (
  world: World,
  name: HostName,
  how: (host: WorldHost) => WorldHost,
): World => settle(withHost(world, name, how));

/** The same fault of the model on each of the hosts that were named, and what follows by itself. */
export const onEach = (
  scene: Scene,
  names: readonly string[],
  fault: (world: World, host: HostName) => World,
): World =>
  settle(
    names.reduce(
      (world, name) => fault(world, hostNamed({ ...scene, world }, name).host),
      scene.world,
    ),
  );

const EXIT_REASONS: readonly ExitReason[] = [
  'asked',
  'killed',
  'port-taken',
  'disk-full',
  'read-only',
  'permission',
  'removed',
  'already-bootstrapped',
  'cannot-join',
  'log-lost',
  'meeting-refused',
  'bad-flags',
  'wrong-version',
  'other',
];

export function exitReason(text: string): ExitReason {
  const reason = EXIT_REASONS.find((known) => known === text);
  if (reason === undefined) {
    throw new CommandError(`no reason "${text}"; there are: ${EXIT_REASONS.join(' ')}`);
  }
  return reason;
}

/** A process that ended; the text of its problem is what a driver would give, in short. */
export const stopped = (
  world: World,
  host: string,
  end: { readonly reason: ExitReason; readonly inARow: number; readonly beforeRaft?: boolean },
): WorldHost['process'] => ({
  kind: 'stopped',
  lastExit: {
    at: world.now,
    reason: end.reason,
    inARow: end.inARow,
    beforeRaft: end.beforeRaft ?? false,
    problem: {
      code: `member-${end.reason}`,
      data: { host },
      summary: `The member on ${host} ended: ${end.reason}`,
      detail: '(what etcd said)',
      hint: '',
    },
  },
});
