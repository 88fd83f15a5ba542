/** For tests only: a DNS that says what the test wants. */
import { type Outcome, applied, defineProblem, err, ok } from '../../../base/index.js';
import {
  type ClusterDNS,
  type DNSRecord,
  type DNSSight,
  type HostAnswers,
  addressesToSee,
  setsToSee,
} from '../../../core/bootstrap/index.js';
import type { DNSPorts, DNSPublished, ListedForDNS } from '../dns-ports.js';

export interface FakeDNS {
  /** The members that etcd lists; undefined: nobody answers. */
  listed: readonly ListedForDNS[] | undefined;
  /** Members are there, and none can say who is in the cluster. */
  isLeaderless?: boolean;
  /** What the servers have; undefined: what is wanted. */
  records: readonly DNSRecord[] | undefined;
  /** What hosts answer; undefined: there are none to ask. */
  fromHosts?: readonly HostAnswers[];
  /** How an update ends; undefined: as it should. */
  outcome: Outcome<DNSPublished> | undefined;
}

/** As the etcd client says it; this wing does not know that one. */
const silent = defineProblem('etcd-not-reached', () => ({
  summary: 'Cannot read the member list: etcd was not reached, nothing was sent',
  detail: '',
  hint: '',
}))({});
const leaderless = defineProblem('test-leaderless', () => ({
  summary: 'leaderless',
  detail: '',
  hint: '',
}));

export const fakeDNS = (asked: string[], world: FakeDNS): DNSPorts => ({
  serve: async ({ dns, wanted, tell, ...given }) => {
    const members = await wanted?.();
    asked.push(
      `dns serve ${JSON.stringify({ ...given, wanted: members?.map(({ name }) => name) ?? null })}`,
    );
    tell('serial 8: 3 members');
    return ok({
      report: () => ({
        listening: given.listen,
        zone: dns.place.domain,
        serial: 7,
        records: dns.records.length,
      }),
      close: async () => void asked.push('dns closed'),
    });
  },
  publish: async ({ dns, listed: _listed, ...given }) => {
    asked.push(`dns publish ${JSON.stringify(given)}`);
    if (world.outcome !== undefined) return world.outcome;
    const { server, dryRun } = given;
    const zone = given.zone ?? dns.place.domain;
    return applied({ zone, server, add: dns.records, remove: [], sent: !dryRun });
  },
  look: async ({ dns, server = '10.0.0.53' }) =>
    ok({ sights: [sightOf(dns, server, world.records ?? dns.records)], certificates: [] }),
  fromHosts: async ({ spec }) => ok(spec.driver.kind === 'ssh' ? (world.fromHosts ?? []) : []),
  listed: async ({ endpoints }) => {
    asked.push(`dns listed ${endpoints.join(',')}`);
    if (world.isLeaderless === true) return err(leaderless({}));
    return world.listed === undefined ? err(silent) : ok(world.listed);
  },
});

function sightOf(dns: ClusterDNS, server: string, records: readonly DNSRecord[]): DNSSight {
  const answersTo = (sets: ReturnType<typeof setsToSee>) =>
    (['udp', 'tcp'] as const).flatMap((transport) =>
      sets.map((set) => {
        const own = records.filter(({ name, type }) => name === set.name && type === set.type);
        const answer =
          own.length === 0
            ? ({ kind: 'none' } as const)
            : ({ kind: 'records', records: own } as const);
        return { ...set, transport, answer };
      }),
    );
  const services = answersTo(setsToSee(dns));
  const seen = [...services, ...answersTo(addressesToSee(dns, services))];
  return { place: 'this machine', server, seen };
}
