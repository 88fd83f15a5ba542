/**
 * services/dns — the DNS side of a birth by SRV records: a server, a publisher and a look at what others serve, from here and
 * from other hosts.
 *
 * Contract:
 * - The server (`createDNSServer`) is authoritative for one zone, answers from what `serve` gave it last, and never throws,
 *   waits or grows beyond its limits (limits.ts) whatever it is sent. No recursion, no more records than asked for.
 *   What an answer is, is a pure function (server/answer.ts).
 * - What the world does comes back as a Problem; a change of somebody's zone ends `applied`, `refused` or `unknown`.
 * - A key is read from its file for one use; it is in no argument, log, problem or result.
 *
 * Decides nothing about membership: which records there are to be is core/bootstrap's.
 * Start reading at server/server.ts.
 */
export { type DNSAddress, addressText, parseDNSAddress } from './addresses.js';
export { DEFAULT_DNS_LIMITS, type DNSServerLimits } from './limits.js';
export {
  type DNSServer,
  type DNSServerOptions,
  type DNSServerState,
  createDNSServer,
} from './server/server.js';
export { type Zone, type ZoneInput, compileZone } from './server/zone.js';
export { type DNSFeed, type DNSFeedOptions, createDNSFeed } from './feed.js';
export { type MemberListReader, createMemberListReader } from './member-list.js';
export { type PublishOptions, type Published, publishRecords } from './publish.js';
export { TSIGKey, parseTSIGKey, readTSIGKey } from './update/key-file.js';
export { type Lookup, type LookupOptions, createLookup } from './client/lookup.js';
export { addressOf, lookAtDNS } from './look.js';
export { type AskingFromHosts, askFromHosts } from './hosts/ask-from-hosts.js';
export { certificateNames } from './certificate-names.js';
