import type { Problem } from '../../../base/index.js';
import type { EtcdVersion } from '../../cluster/index.js';
import type { ClusterDNS } from './cluster-dns.js';
import { type RRSet, bySet } from './difference.js';
import { addressType, partsOf, sameAddress } from './hosts.js';
import {
  dnsBothSchemes,
  dnsOwnAddressMissing,
  dnsRecordsDiffer,
  dnsServerSilent,
  dnsTargetUnresolved,
  dnsTransportsDiffer,
} from './problems.js';
import { type DNSRecord, type SRVRecord, recordValue, rrsetKey, srvName } from './records.js';

export type Transport = 'udp' | 'tcp';
export const TRANSPORTS: readonly Transport[] = ['udp', 'tcp'];

export type LookupAnswer =
  | { readonly kind: 'records'; readonly records: readonly DNSRecord[] }
  /** The server says that there are none. */
  | { readonly kind: 'none' }
  | { readonly kind: 'failed'; readonly because: string };

export interface SeenSet extends RRSet {
  readonly transport: Transport;
  readonly answer: LookupAnswer;
}

/** What one place saw of the DNS. */
export interface DNSSight {
  /** For a person: `this machine`, a host. */
  readonly place: string;
  readonly server: string;
  readonly seen: readonly SeenSet[];
}

/** Begin with the services of both schemes; the targets that are found there decide what else to ask. */
export const setsToSee = ({ place }: ClusterDNS): readonly RRSet[] =>
  (['server', 'client'] as const).flatMap((side) =>
    (['https', 'http'] as const).map((scheme) => ({
      name: srvName(side, scheme, place),
      type: 'SRV' as const,
    })),
  );

/** The addresses of every target wanted or found, and of every name that a member advertises. */
export function addressesToSee(
  { records, members }: ClusterDNS,
  seen: readonly SeenSet[],
): readonly RRSet[] {
  const found = seen.flatMap(({ answer }) => (answer.kind === 'records' ? answer.records : []));
  const targets = [...records, ...found].flatMap((record) =>
    record.type === 'SRV' ? [record.target] : [],
  );
  const advertised = members
    .map(({ host }) => host)
    .filter((host) => addressType(host) === undefined);
  return [...new Set([...targets, ...advertised])].flatMap((name): RRSet[] => [
    { name, type: 'A' },
    { name, type: 'AAAA' },
  ]);
}

/** Everything that would make a start go wrong at that place, the worst for all members first. */
export function dnsFindings(
  wanted: ClusterDNS,
  sight: DNSSight,
  version?: EtcdVersion,
): readonly Problem[] {
  const silent = silentTransports(sight);
  // Who got no answer at all can say nothing about records.
  if (silent.length === TRANSPORTS.length) return silent;
  return [
    ...silent,
    ...differing(wanted, sight),
    ...secondScheme(wanted, sight, version),
    ...unresolved(wanted, sight),
    ...lost(wanted, sight),
  ];
}

function silentTransports({ place, server, seen }: DNSSight): readonly Problem[] {
  return TRANSPORTS.flatMap((transport) => {
    const services = seen.filter((each) => each.transport === transport && each.type === 'SRV');
    const [first] = services;
    if (first === undefined || !services.every(({ answer }) => answer.kind === 'failed')) return [];
    const because = first.answer.kind === 'failed' ? first.answer.because : '';
    const others = seen.filter((each) => each.transport !== transport && each.type === 'SRV');
    const isOnlyThis = others.some(({ answer }) => answer.kind !== 'failed');
    return [dnsServerSilent({ place, server, transport, isOnlyThis, name: first.name, because })];
  });
}

/** The better of two answers: TCP's, because it is whole, unless it failed. */
function answerOf({ seen }: DNSSight, { name, type }: RRSet): LookupAnswer | undefined {
  const answers = seen.filter((each) => each.name === name && each.type === type);
  const given = answers.filter(({ answer }) => answer.kind !== 'failed');
  return (given.find(({ transport }) => transport === 'tcp') ?? given[0] ?? answers[0])?.answer;
}

const recordsOf = (answer: LookupAnswer | undefined): readonly DNSRecord[] =>
  answer?.kind === 'records' ? answer.records : [];

function differing(wanted: ClusterDNS, sight: DNSSight): readonly Problem[] {
  const { place, server, seen } = sight;
  const sets = bySet(wanted.records);
  const problems: Problem[] = [];
  for (const { name, type } of seen.filter(({ transport }) => transport === 'tcp')) {
    const want = valuesOf(sets.get(rrsetKey({ name, type })) ?? []);
    const have = valuesOf(recordsOf(answerOf(sight, { name, type })));
    const [udp, tcp] = TRANSPORTS.map((transport) =>
      seen.find((each) => each.transport === transport && each.name === name && each.type === type),
    );
    if (udp?.answer.kind !== 'failed' && tcp?.answer.kind !== 'failed') {
      const [overUDP, overTCP] = [
        valuesOf(recordsOf(udp?.answer)),
        valuesOf(recordsOf(tcp?.answer)),
      ];
      if (overUDP.join() !== overTCP.join()) {
        problems.push(
          dnsTransportsDiffer({ place, server, name, type, udp: overUDP, tcp: overTCP }),
        );
      }
    }
    // Names that nobody asked us to publish are somebody else's, and those of the other scheme are told apart.
    const isOurs = type === 'SRV' ? !wanted.forbidden.includes(name) : hasSet(wanted, name);
    if (!isOurs || answerOf(sight, { name, type })?.kind === 'failed') continue;
    const missing = want.filter((value) => !have.includes(value));
    const extra = have.filter((value) => !want.includes(value));
    if (missing.length + extra.length > 0) {
      problems.push(dnsRecordsDiffer({ place, server, name, type, missing, extra }));
    }
  }
  return problems;
}

const hasSet = ({ records }: ClusterDNS, name: string): boolean =>
  records.some((record) => record.type !== 'SRV' && record.name === name);

const valuesOf = (records: readonly DNSRecord[]): readonly string[] =>
  records.map(recordValue).sort();

function secondScheme(
  { forbidden }: ClusterDNS,
  sight: DNSSight,
  version: EtcdVersion | undefined,
): readonly Problem[] {
  const { place, server } = sight;
  return forbidden.flatMap((name) => {
    const found = valuesOf(recordsOf(answerOf(sight, { name, type: 'SRV' })));
    return found.length === 0
      ? []
      : [dnsBothSchemes({ place, server, name, found, version: version ?? '' })];
  });
}

function targetsOf(wanted: ClusterDNS, sight: DNSSight): readonly SRVRecord[] {
  const names = setsToSee(wanted).filter(({ name }) => !wanted.forbidden.includes(name));
  return names
    .flatMap((set) => recordsOf(answerOf(sight, set)))
    .filter((record): record is SRVRecord => record.type === 'SRV');
}

function addressesAt(sight: DNSSight, name: string): readonly string[] {
  if (addressType(name) !== undefined) return [name];
  return (['A', 'AAAA'] as const)
    .flatMap((type) => recordsOf(answerOf(sight, { name, type })))
    .flatMap((record) => (record.type === 'SRV' ? [] : [record.address]));
}

function unresolved(wanted: ClusterDNS, sight: DNSSight): readonly Problem[] {
  const { place, server } = sight;
  const told = new Set<string>();
  return targetsOf(wanted, sight).flatMap(({ name, target }) => {
    if (told.has(target) || addressesAt(sight, target).length > 0) return [];
    told.add(target);
    const answer = answerOf(sight, { name: target, type: 'A' });
    const because =
      answer?.kind === 'failed' ? answer.because : 'It has neither A nor AAAA record.';
    return [dnsTargetUnresolved({ place, server, name, target, because })];
  });
}

/** etcd looks for itself by address and port, and for the scheme by the name of the service. */
function lost(wanted: ClusterDNS, sight: DNSSight): readonly Problem[] {
  const { place, server } = sight;
  const service = srvName('server', wanted.scheme.server, wanted.place);
  const targets = targetsOf(wanted, sight)
    .filter(({ name }) => name === service)
    .flatMap(({ target, port }) =>
      addressesAt(sight, target).map((address) => ({ address, port })),
    );
  return wanted.members.flatMap(({ name, advertised }) => {
    const own = partsOf(advertised);
    const addresses = addressesAt(sight, own?.host ?? '');
    const isFound = targets.some(
      ({ address, port }) =>
        port === own?.port && addresses.some((each) => sameAddress(each, address)),
    );
    if (isFound) return [];
    const led = targets.map(({ address, port }) => `${address}:${port}`);
    return [dnsOwnAddressMissing({ place, server, member: name, advertised, targets: led })];
  });
}
