import type { Problem } from '../../../base/index.js';
import type { EtcdVersion } from '../../cluster/index.js';
import { type SeenSet, dnsFindings } from './check.js';
import type { ClusterDNS } from './cluster-dns.js';
import { addressType, partsOf, sameAddress } from './hosts.js';
import { dnsHostsDiffer, dnsOwnNameElsewhere, dnsTargetUnresolved } from './problems.js';

/** What a host's own resolver says to one name: addresses, none at all, or why there is no answer. */
export type ResolverSaid =
  | { readonly kind: 'addresses'; readonly addresses: readonly string[] }
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly because: string };

/**
 * What one host answered, carried from there as JSON. `srv`: the services as the servers of its /etc/resolv.conf give them,
 * message by message. `addresses`: names as its programs see them, /etc/hosts included.
 */
export interface HostAnswers {
  readonly host: string;
  readonly resolverSays: {
    readonly srv: readonly (SeenSet & { readonly server: string })[];
    readonly addresses: Readonly<Record<string, ResolverSaid>>;
  };
  /** What it has no means to ask, and why; said aloud beside every finding. */
  readonly unasked: readonly { readonly what: 'srv' | 'addresses'; readonly because: string }[];
}

export interface HostsJudged {
  readonly findings: readonly Problem[];
  readonly unasked: readonly {
    readonly host: string;
    readonly what: string;
    readonly because: string;
  }[];
}

/**
 * What would make a start go wrong at any of these hosts: each judged as `dnsFindings` judges a place, a member's own name
 * that its /etc/hosts leads elsewhere, and hosts that are told different addresses. Pure; who carries the answers is a driver.
 */
export function judgeHosts(
  wanted: ClusterDNS,
  hosts: readonly HostAnswers[],
  version?: EtcdVersion,
): HostsJudged {
  return {
    findings: [
      ...hosts.flatMap((each) => atHost(wanted, each, version)),
      ...hosts.flatMap((each) => ownNames(wanted, each)),
      ...disagreeing(hosts),
    ],
    unasked: hosts.flatMap(({ host, unasked }) => unasked.map((each) => ({ host, ...each }))),
  };
}

function atHost(
  wanted: ClusterDNS,
  { host, resolverSays: { srv, addresses } }: HostAnswers,
  version: EtcdVersion | undefined,
): readonly Problem[] {
  const servers = [...new Set(srv.map(({ server }) => server))];
  if (servers.length === 0) return withoutServices(wanted, host, addresses);
  const named = Object.entries(addresses).flatMap(([name, said]) => asSeen(name, said));
  return servers.flatMap((server) => {
    const services = srv.filter((each) => each.server === server);
    return dnsFindings(wanted, { place: host, server, seen: [...services, ...named] }, version);
  });
}

/** Where nobody could ask for services, the targets that they should have are looked at all the same. */
function withoutServices(
  { records }: ClusterDNS,
  place: string,
  addresses: HostAnswers['resolverSays']['addresses'],
): readonly Problem[] {
  const targets = new Map(
    records.flatMap((each) => (each.type === 'SRV' ? [[each.target, each.name] as const] : [])),
  );
  return [...targets].flatMap(([target, name]) => {
    const said = Object.hasOwn(addresses, target) ? addresses[target] : undefined;
    if (said === undefined || said.kind === 'addresses') return [];
    const because = said.kind === 'failed' ? said.because : 'It has no address there.';
    return [dnsTargetUnresolved({ place, server: 'its own resolver', name, target, because })];
  });
}

/** As if one had asked over both transports: the resolver chose. */
function asSeen(name: string, said: ResolverSaid): readonly SeenSet[] {
  return (['A', 'AAAA'] as const).flatMap((type) => {
    const own =
      said.kind === 'addresses' ? said.addresses.filter((each) => addressType(each) === type) : [];
    const records = own.map((address) => ({ type, name, ttlSeconds: 0, address }));
    const answer: SeenSet['answer'] =
      said.kind === 'failed'
        ? said
        : records.length === 0
          ? { kind: 'none' }
          : { kind: 'records', records };
    return (['udp', 'tcp'] as const).map((transport) => ({ name, type, transport, answer }));
  });
}

const isLoopback = (address: string): boolean =>
  address.startsWith('127.') || sameAddress(address, '::1');

/** Installers write `127.0.1.1 HOSTNAME` into /etc/hosts: then a host alone takes its own name for another address. */
function ownNames({ members }: ClusterDNS, answers: HostAnswers): readonly Problem[] {
  const { host, resolverSays } = answers;
  return members.flatMap(({ name: member, listed, host: advertised }) => {
    const name = partsOf(listed)?.host ?? '';
    const said = Object.hasOwn(resolverSays.addresses, name)
      ? resolverSays.addresses[name]
      : undefined;
    if (said?.kind !== 'addresses' || isLoopback(advertised)) return [];
    const elsewhere = said.addresses.filter(isLoopback);
    return elsewhere.length === 0
      ? []
      : [dnsOwnNameElsewhere({ host, member, name, found: elsewhere })];
  });
}

/** Loopback is told apart: it is every host's own. */
function disagreeing(hosts: readonly HostAnswers[]): readonly Problem[] {
  const names = new Set(hosts.flatMap(({ resolverSays }) => Object.keys(resolverSays.addresses)));
  return [...names].flatMap((name) => {
    const said = hosts.flatMap(({ host, resolverSays: { addresses } }) => {
      const own = Object.hasOwn(addresses, name) ? addresses[name] : undefined;
      if (own?.kind !== 'addresses' || own.addresses.some(isLoopback)) return [];
      return [{ host, addresses: [...own.addresses].sort() }];
    });
    const different = new Set(said.map(({ addresses }) => addresses.join()));
    return different.size < 2 ? [] : [dnsHostsDiffer({ name, said })];
  });
}
