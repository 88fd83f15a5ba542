import { resolve } from 'node:path';
import { type Problem, type Result, err } from '../base/index.js';
import { type Adoption, adoptionOf } from '../core/adoption/index.js';
import { type HostName, type Member, parseHostName } from '../core/cluster/index.js';
import type { FilesOfPlane } from '../core/spec/index.js';
import { logIdentityOf } from '../drivers/evidence/index.js';
import type { AdoptionPorts, AdoptionSettings } from '../frontends/cli/index.js';
import { readCluster, readHost } from '../services/adopt/index.js';
import { createEtcdAdmin } from '../services/admin/index.js';
import type { Machine } from './machine.js';
import { shellWith } from './shells.js';

/** What `quorate adopt` needs, made of this machine. */
export const adoptionPorts = (machine: Machine): AdoptionPorts => ({
  read: (settings) => read(machine, settings),
});

async function read(
  machine: Machine,
  settings: AdoptionSettings,
): Promise<Result<Adoption, readonly Problem[]>> {
  const { clock } = machine;
  const { name, endpoints, ssh, signal } = settings;
  const seat = settings.seat === undefined ? undefined : whole(settings.seat);
  const tls =
    seat === undefined ? undefined : { caFile: seat.ca, certFile: seat.cert, keyFile: seat.key };
  const admin = createEtcdAdmin({ clock, ...(tls === undefined ? {} : { tls }) });
  try {
    const cluster = await readCluster({ endpoints, admin, tls, seat, clock }, signal);
    if (!cluster.ok) return err([cluster.error]);
    const asked = settings.hosts ?? hostsOf(cluster.value.membership.members);
    const shell = await shellWith(machine, ssh);
    const hosts = await Promise.all(
      [...new Set(asked)].map((host) => readHost(shell, host, logIdentityOf, signal)),
    );
    return adoptionOf({ name, ssh, cluster: cluster.value, hosts });
  } finally {
    await admin.close();
  }
}

/** Where the members are registered: the first peer URL of each. */
const hostsOf = (members: readonly Member[]): readonly HostName[] =>
  members.flatMap(({ peerURLs: [url] }) => {
    const name = url === undefined ? '' : new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
    const host = parseHostName(name);
    return host.ok ? [host.value] : [];
  });

/** The spec is read from anywhere. */
const whole = ({ cert, key, ca }: FilesOfPlane): FilesOfPlane => ({
  cert: resolve(cert),
  key: resolve(key),
  ca: resolve(ca),
});
