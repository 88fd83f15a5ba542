import { type Problem, type Result, err, ok } from '../base/index.js';
import {
  type ClusterDNS,
  clusterDNS,
  dnsFindings,
  dnsMembersOf,
  srvName,
} from '../core/bootstrap/index.js';
import type { EtcdVersion } from '../core/cluster/index.js';
import type { BirthRecords } from '../engine/ports/index.js';
import { lookAtRecords, publishTo } from './dns.js';
import type { Machine } from './machine.js';

/** The records of a birth by DNS, as this machine's resolvers give them to members that run here. */
export const birthRecordsOf = (machine: Machine): BirthRecords => ({
  ready: async ({ bootstrap, ...spec }, { addresses, version }, signal) => {
    if (bootstrap.kind !== 'dns') return ok(undefined);
    const members = dnsMembersOf({ ...spec, bootstrap }, addresses);
    if (!members.ok) return members;
    const dns = clusterDNS({ place: bootstrap, members: members.value, version });
    if (!dns.ok) return dns;
    const { publish } = bootstrap;
    const peers = members.value.map((member) => ({ ...member, clientURLs: [] }));
    const found = clusterDNS({ place: bootstrap, members: peers, version });
    if (!found.ok) return found;
    const before = await findings(machine, found.value, version, signal);
    if (before.ok || publish === undefined) return before;
    const { server, zone, tsigKeyFile } = publish.rfc2136;
    const published = await publishTo(machine, {
      dns: dns.value,
      server,
      zone,
      tsigKeyFile,
      dryRun: false,
    });
    // What may have arrived shows itself in the next look, which is made before anybody starts.
    if (published.kind !== 'applied') return err([published.problem]);
    return findings(machine, found.value, version, signal);
  },
});

async function findings(
  machine: Machine,
  dns: ClusterDNS,
  version: EtcdVersion,
  signal: AbortSignal,
): Promise<Result<void, readonly Problem[]>> {
  const look = await lookAtRecords(machine, { dns, server: undefined, signal });
  if (!look.ok) return err([look.error]);
  // Where clients go follows when members have started; only by what peers find can a birth go wrong.
  const ofClients = new Set(
    (['http', 'https'] as const).map((scheme) => srvName('client', scheme, dns.place)),
  );
  const found = look.value.sights.flatMap((sight) => {
    const seen = sight.seen.filter(({ name }) => !ofClients.has(name));
    return dnsFindings(dns, { ...sight, seen }, version);
  });
  return found.length === 0 ? ok(undefined) : err(found);
}
