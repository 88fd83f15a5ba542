import { type Problem, type Result, err, ok } from '../../../base/index.js';
import { type EtcdVersion, isAtLeast, parseDomainName } from '../../cluster/index.js';
import { type URLParts, addressType, isWithin, partsOf } from './hosts.js';
import {
  dnsBadTarget,
  dnsMixedSchemes,
  dnsNeedsTLS,
  dnsNoAddress,
  dnsOnePeerURL,
  dnsSameName,
} from './problems.js';
import {
  type AddressRecord,
  type DNSRecord,
  type SRVRecord,
  type Scheme,
  type Side,
  recordKey,
  sortedRecords,
  srvName,
} from './records.js';

/** A member as the DNS is to know it. */
export interface DNSMember {
  readonly name: string;
  readonly peerURLs: readonly string[];
  /** Empty while it serves no clients: then it has no client record. */
  readonly clientURLs: readonly string[];
  /** Of its machine: what names of the domain that it advertises lead to. */
  readonly addresses: readonly string[];
}

export interface DNSPlace {
  readonly domain: string;
  readonly serviceName?: string | undefined;
}

export interface ClusterDNS {
  readonly place: DNSPlace;
  readonly records: readonly DNSRecord[];
  readonly scheme: { readonly server: Scheme; readonly client: Scheme };
  /** Names that must have no records: those of the other scheme. */
  readonly forbidden: readonly string[];
  readonly members: readonly NamedMember[];
}

export interface NamedMember {
  readonly name: string;
  /** What `--initial-advertise-peer-urls` says. */
  readonly advertised: string;
  /** What etcd's member list will say after a birth by these records: the target's name, whatever is advertised. */
  readonly listed: string;
  readonly host: string;
  readonly port: number;
}

/** Short, because a member that moves is looked for again after so long. */
export const RECORD_TTL_SECONDS = 30;

/**
 * The records of a cluster: one scheme on each side, each target with an address, or every reason why not. A member that
 * advertises a plain address gets a name of the domain, because an SRV record can name nothing else; etcd finds itself
 * among the targets by address (etcd-facts 4).
 *
 * @param version when known: what its etcd cannot do is a problem.
 */
export function clusterDNS(input: {
  readonly place: DNSPlace;
  readonly members: readonly DNSMember[];
  readonly version?: EtcdVersion | undefined;
}): Result<ClusterDNS, readonly Problem[]> {
  const { place, members, version } = input;
  const problems: Problem[] = [...nameClashes(members, place)];
  const named: (Target & { readonly advertised: string })[] = [];
  const served: Target[] = [];
  for (const member of members) {
    const [advertised, ...more] = member.peerURLs;
    if (advertised === undefined || more.length > 0) {
      problems.push(dnsOnePeerURL({ member: member.name, peerURLs: member.peerURLs }));
      continue;
    }
    const peer = targetOf(member, advertised, place, problems);
    if (peer !== undefined) named.push({ ...peer, advertised });
    for (const url of member.clientURLs) {
      const client = targetOf(member, url, place, problems);
      if (client !== undefined) served.push(apart(client, peer, place));
    }
  }
  const scheme = {
    server: oneScheme('peer', named, problems),
    client: oneScheme('client', served, problems),
  };
  const isBornAs34 = version !== undefined && !isAtLeast(version, 3, 5);
  if (isBornAs34 && named.length > 0 && scheme.server === 'http') {
    problems.push(dnsNeedsTLS({ version }));
  }
  if (problems.length > 0) return err(problems);
  const records = [
    ...named.map((target) => srvOf('server', scheme.server, target, place)),
    ...served.map((target) => srvOf('client', scheme.client, target, place)),
    ...[...named, ...served].flatMap(addressesOf),
  ];
  return ok({
    place,
    records: unique(records),
    scheme,
    forbidden: [
      srvName('server', other(scheme.server), place),
      srvName('client', other(scheme.client), place),
    ],
    members: named.map(({ member, advertised, name, parts }) => ({
      name: member,
      advertised,
      listed: `${parts.scheme}://${name}:${parts.port}`,
      host: parts.host,
      port: parts.port,
    })),
  });
}

/** The name of a member in the domain, for addresses that need one. */
export const nameInDomain = (member: string, { domain }: DNSPlace): string =>
  `${member.toLowerCase()}.${domain}`;

interface Target {
  readonly member: string;
  readonly url: string;
  readonly parts: URLParts;
  readonly name: string;
  /** Empty for a name outside the domain, which is somebody else's to resolve. */
  readonly addresses: readonly string[];
}

function targetOf(
  { name: member, addresses }: DNSMember,
  url: string,
  place: DNSPlace,
  problems: Problem[],
): Target | undefined {
  const parts = partsOf(url);
  if (parts === undefined) {
    problems.push(dnsBadTarget({ member, url, because: 'It is not reached over the network.' }));
    return undefined;
  }
  const { host } = parts;
  if (addressType(host) !== undefined) {
    return { member, url, parts, name: nameInDomain(member, place), addresses: [host] };
  }
  const because = unfitName(host);
  if (because !== undefined) {
    problems.push(dnsBadTarget({ member, url, because }));
    return undefined;
  }
  if (!isWithin(host, place.domain)) return { member, url, parts, name: host, addresses: [] };
  const known = addresses.filter((address) => addressType(address) !== undefined);
  if (known.length === 0) problems.push(dnsNoAddress({ member, name: host, domain: place.domain }));
  return { member, url, parts, name: host, addresses: known };
}

/** `localhost` is a name that etcd never resolves when it looks for itself, and everybody's own. */
const unfitName = (host: string): string | undefined => {
  if (host === 'localhost') return 'Every machine takes localhost for itself.';
  const name = parseDomainName(host);
  return name.ok ? undefined : `The DNS takes ${name.error}.`;
};

/** Clients that are served at another address than peers need a name of their own: one name would lead to both. */
function apart(client: Target, peer: Target | undefined, place: DNSPlace): Target {
  const isShared = client.name !== peer?.name || client.addresses.join() === peer.addresses.join();
  return isShared ? client : { ...client, name: nameInDomain(`${client.member}-client`, place) };
}

function oneScheme(side: string, targets: readonly Target[], problems: Problem[]): Scheme {
  const urls = (scheme: Scheme) =>
    targets.filter(({ parts }) => parts.scheme === scheme).map(({ url }) => url);
  const [http, https] = [urls('http'), urls('https')];
  if (http.length > 0 && https.length > 0) problems.push(dnsMixedSchemes({ side, http, https }));
  return https.length > 0 ? 'https' : 'http';
}

const other = (scheme: Scheme): Scheme => (scheme === 'http' ? 'https' : 'http');

const srvOf = (
  side: Side,
  scheme: Scheme,
  { name, parts }: Target,
  place: DNSPlace,
): SRVRecord => ({
  type: 'SRV',
  name: srvName(side, scheme, place),
  ttlSeconds: RECORD_TTL_SECONDS,
  priority: 0,
  weight: 0,
  port: parts.port,
  target: name,
});

const addressesOf = ({ name, addresses }: Target): readonly AddressRecord[] =>
  addresses.map((address) => ({
    type: addressType(address) ?? 'A',
    name,
    ttlSeconds: RECORD_TTL_SECONDS,
    address,
  }));

const unique = (records: readonly DNSRecord[]): readonly DNSRecord[] =>
  sortedRecords([...new Map(records.map((record) => [recordKey(record), record])).values()]);

function nameClashes(members: readonly DNSMember[], place: DNSPlace): readonly Problem[] {
  const byName = new Map<string, string[]>();
  for (const { name } of members) {
    const inDomain = nameInDomain(name, place);
    byName.set(inDomain, [...(byName.get(inDomain) ?? []), name]);
  }
  return [...byName]
    .filter(([, names]) => names.length > 1)
    .map(([name, names]) => dnsSameName({ name, members: names }));
}
