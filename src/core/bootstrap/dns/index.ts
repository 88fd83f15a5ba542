/**
 * core/bootstrap/dns — the records by which members find each other: spec and addresses in, records out.
 *
 * Pure. One scheme on each side, never both; every target inside the domain has an address. Start at cluster-dns.ts.
 */
export {
  type ClusterDNS,
  type DNSMember,
  type DNSPlace,
  type NamedMember,
  RECORD_TTL_SECONDS,
  clusterDNS,
} from './cluster-dns.js';
export {
  type ListedMember,
  type PlacedMember,
  dnsMembersOf,
  inTheirPlaces,
  leadsElsewhere,
  membersOfList,
  publishable,
} from './members.js';
export {
  type AddressRecord,
  type DNSRecord,
  type SRVRecord,
  recordKey,
  recordValue,
  rrsetKey,
  sortedRecords,
  srvName,
} from './records.js';
export {
  type DNSDifference,
  type RRSet,
  bySet,
  differenceOf,
  isNoDifference,
  ownSets,
} from './difference.js';
export { dnsFlags } from './flags.js';
export { type DNSStyle, renderDNS } from './text.js';
export {
  type DNSSight,
  type LookupAnswer,
  type SeenSet,
  type Transport,
  TRANSPORTS,
  addressesToSee,
  dnsFindings,
  setsToSee,
} from './check.js';
export {
  type HostAnswers,
  type HostsJudged,
  type ResolverSaid,
  judgeHosts,
} from './hosts-check.js';
export { certificateFinding, certificatesToSee } from './certificates.js';
export { addressType, isWithin } from './hosts.js';
