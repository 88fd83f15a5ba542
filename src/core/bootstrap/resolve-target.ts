import {
  type MemberID,
  type Problem,
  type Result,
  assertNever,
  err,
  ok,
  unsafeBrand,
} from '../../base/index.js';
import {
  type Authorities,
  type Birth,
  type ClusterRecord,
  type ClusterToken,
  type MeetingPlace,
  type PeerURL,
  type Target,
  type TargetMember,
  type TargetProxy,
  isAtLeast,
  tokenOfPlace,
} from '../cluster/index.js';
import type { ClusterSpec, DNSBootstrap } from '../spec/index.js';
import { clusterDNS, dnsMembersOf } from './dns/index.js';
import { advertisedBy, finalFlags } from './final-flags.js';
import { noAddress, noAuthorities, noMeetingPlace } from './problems.js';
import { addressesUnder, memberUnder, namesOf, tlsOnHost } from './tls.js';

export interface TargetInput {
  readonly spec: ClusterSpec;
  readonly record: ClusterRecord;
  /** Needed where `spec.tls` is `auto`. */
  readonly authorities?: Authorities;
  readonly state: Target['state'];
  readonly firstLife: Target['firstLife'];
  readonly retire: readonly MemberID[];
}

/**
 * The spec joined with the record: every member with its addresses and exact final flags. Version and token are the
 * record's, which holds the exact version that `spec.version` was resolved to. Every problem at once.
 */
export function resolveTarget(input: TargetInput): Result<Target, readonly Problem[]> {
  const { record, authorities, state, firstLife, retire } = input;
  if (input.spec.tls.kind === 'auto' && authorities === undefined) {
    return err([noAuthorities({ cluster: input.spec.name })]);
  }
  const { tls } = input.spec;
  const spec: ClusterSpec = {
    ...input.spec,
    members: input.spec.members.map((member) => memberUnder(tls, member)),
  };
  const addressesByHost = Object.fromEntries(
    Object.entries(record.addresses).map(([host, found]) => [host, addressesUnder(tls, found)]),
  );
  const members: TargetMember[] = [];
  const problems: Problem[] = [];
  for (const member of spec.members) {
    const { name, host } = member;
    const addresses = Object.hasOwn(addressesByHost, host) ? addressesByHost[host] : undefined;
    if (addresses === undefined) {
      problems.push(noAddress({ cluster: spec.name, member: name, host }));
      continue;
    }
    const { dataDir } = addresses;
    const flags = finalFlags({
      member,
      addresses,
      etcd: spec.etcd,
      tls: tlsOnHost(tls, authorities, { dataDir, names: [] }).flags,
      version: record.version,
    });
    if (!flags.ok) {
      // The flags of the spec are the same for every member: told once.
      if (!problems.some((problem) => flags.error.some((own) => isSame(own, problem)))) {
        problems.push(...flags.error);
      }
      continue;
    }
    const byHand = member.start === 'by-hand';
    members.push({ name, host, byHand, ...advertisedBy(member, addresses), flags: flags.value });
  }
  const proxies: TargetProxy[] = [];
  for (const { name, host } of spec.proxies) {
    const addresses = Object.hasOwn(addressesByHost, host) ? addressesByHost[host] : undefined;
    if (addresses === undefined)
      problems.push(noAddress({ cluster: spec.name, member: name, host }));
    else
      proxies.push({
        name,
        host,
        clientURLs: addresses.clientURLs,
        listenClientURLs: addresses.listenClientURLs,
      });
  }
  if (problems.length > 0) return err(problems);
  const birth = birthOf(spec, record);
  if (!birth.ok) return err([birth.error]);
  const found = namedByDNS(spec, { ...record, addresses: addressesByHost }, members);
  if (!found.ok) return found;
  const passing = proxies.flatMap(({ clientURLs }) => clientURLs);
  const holding = found.value.map((member): TargetMember => {
    const { clientURLs, peerURLs, host, byHand } = member;
    const dataDir = addressesByHost[host]?.dataDir;
    if (byHand || dataDir === undefined) return member;
    const listening = LISTENING.flatMap((flag) => member.flags[flag]?.split(',') ?? []);
    const names = namesOf(spec, host, [...peerURLs, ...clientURLs, ...listening, ...passing]);
    const { certificates } = tlsOnHost(tls, authorities, { dataDir, names });
    return certificates === undefined ? member : { ...member, certificates };
  });
  const { version } = record;
  const token =
    birth.value.kind === 'discovery'
      ? unsafeBrand<ClusterToken>(tokenOfPlace(birth.value.place))
      : record.token;
  return ok({
    name: spec.name,
    token,
    birth: birth.value,
    version,
    members: holding,
    proxies,
    ...(spec.consumers.length === 0 ? {} : { consumers: spec.consumers }),
    state,
    firstLife,
    retire,
    ...(tls.kind === 'auto' && authorities !== undefined ? { authorities } : {}),
  });
}

const LISTENING = ['listen-peer-urls', 'listen-client-urls'] as const;

/** The record with a place as it would be made, for a plan that makes none. */
export function imaginedPlace(spec: ClusterSpec, record: ClusterRecord): ClusterRecord {
  const { bootstrap, members } = spec;
  if (bootstrap.kind !== 'discovery' || record.meetingPlace !== undefined) return record;
  if (record.clusterID !== undefined || record.issuedNew.length > 0) return record;
  const { at } = bootstrap;
  const isOurs = at.kind === 'serve';
  const place = { size: members.length, isOurs };
  const token = 'a-token-made-by-apply';
  const isV2 = at.kind === 'url' || (isOurs && !isAtLeast(record.version, 3, 6));
  const meetingPlace: MeetingPlace = isV2
    ? { protocol: 'v2', url: at.kind === 'url' ? at.url : `http://127.0.0.1/${token}`, ...place }
    : {
        protocol: 'v3',
        endpoints: at.kind === 'endpoints' ? at.endpoints : ['http://127.0.0.1'],
        token: at.kind === 'endpoints' ? (at.token ?? token) : token,
        ...place,
      };
  return { ...record, meetingPlace };
}

/**
 * How the cluster is born. Where members of this incarnation meet already, the rest must meet there too, whatever the spec
 * says by now; and who was told the others goes on so.
 */
function birthOf({ name, bootstrap }: ClusterSpec, record: ClusterRecord): Result<Birth> {
  const { meetingPlace, clusterID, issuedNew } = record;
  if (meetingPlace !== undefined) return ok({ kind: 'discovery', place: meetingPlace });
  switch (bootstrap.kind) {
    case 'static':
      return ok({ kind: 'static' });
    case 'dns': {
      const { domain, serviceName } = bootstrap;
      return ok({ kind: 'dns', domain, ...(serviceName === undefined ? {} : { serviceName }) });
    }
    case 'discovery': {
      const isOver = clusterID !== undefined || issuedNew.length > 0;
      return isOver ? ok({ kind: 'static' }) : err(noMeetingPlace({ cluster: name }));
    }
    default:
      return assertNever(bootstrap);
  }
}

/**
 * A cluster found by SRV records has the names of its targets as peer URLs, also where a member advertises a plain address
 * (etcd-facts 4): so its members advertise those names.
 */
function namedByDNS(
  spec: ClusterSpec,
  record: ClusterRecord,
  members: readonly TargetMember[],
): Result<readonly TargetMember[], readonly Problem[]> {
  if (spec.bootstrap.kind !== 'dns') return ok(members);
  const place: DNSBootstrap = spec.bootstrap;
  const wanted = dnsMembersOf(spec, record.addresses);
  if (!wanted.ok) return wanted;
  const { version, clusterID } = record;
  // What an etcd cannot do at its birth is no problem of one that is born.
  const unborn = clusterID === undefined ? { version } : {};
  const dns = clusterDNS({ place, members: wanted.value, ...unborn });
  if (!dns.ok) return dns;
  return ok(
    members.map((member) => {
      const named = dns.value.members.find(({ name }) => name === member.name);
      return named === undefined
        ? member
        : { ...member, peerURLs: [unsafeBrand<PeerURL>(named.listed)] };
    }),
  );
}

const isSame = (a: Problem, b: Problem): boolean => a.code === b.code && a.summary === b.summary;
