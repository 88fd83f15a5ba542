import type { HostName } from '../cluster/index.js';
import type { World, WorldHost } from './world.js';

export const withHost = (
  world: World,
  name: HostName,
  change: (host: WorldHost) => WorldHost,
): World => ({
  ...world,
  hosts: world.hosts.map((host) => (host.host === name ? change(host) : host)),
});

type Optional =
  'side' | 'seen' | 'blind' | 'caughtUp' | 'alarms' | 'metLeader' | 'rejoinedAt' | 'oldList';

/** The host as it is without that fault or memory. */
export function without(host: WorldHost, key: Optional): WorldHost {
  const { [key]: _, ...rest } = host;
  return rest;
}

export const stopped = (host: WorldHost): WorldHost => ({
  ...without(host, 'metLeader'),
  process: { kind: 'stopped' },
});

/** What was in the directory goes with it; where the host is, stays. */
export const emptied = ({
  host,
  process,
  gateway,
  certificates,
  side,
  seen,
  blind,
  rejoinedAt,
}: WorldHost): WorldHost => ({
  host,
  process,
  data: { kind: 'empty' },
  ...(gateway === undefined ? {} : { gateway }),
  ...(certificates === undefined ? {} : { certificates }),
  ...(side === undefined ? {} : { side }),
  ...(seen === undefined ? {} : { seen }),
  ...(blind === undefined ? {} : { blind }),
  ...(rejoinedAt === undefined ? {} : { rejoinedAt }),
});
