/**
 * services/discovery — where members that do not know each other yet meet: etcd's v2 discovery protocol over HTTP(S),
 * and tokens for its v3 protocol, both kept in a real etcd.
 *
 * Contract:
 * - A front-end keeps nothing: tokens, registrations and their order are keys of the etcd, its revisions are the
 *   protocol's indexes. A token of /new is in its own name, sealed with a key of the etcd, until somebody registers (0034). Any number of front-ends may run before one etcd, and each may be killed at any moment.
 * - What is answered is durable. Whatever a registration's outcome, it is never answered 5xx or 429: a member would end.
 * - To a member of etcd 3.3 and newer it answers as etcd's own v2 API does. What that API takes and what burns the
 *   token (a second spelling of the URL, a name or peer URL twice, another size) is refused before it is written.
 * - A registration never changes and is deleted only with the token's secret, and only while the token is open; so the
 *   first registration from any index on can always be told from what is there, and no history is needed.
 * - Input is hostile: lengths, times and numbers are bounded, by name (limits.ts). HTTP/1.1 is read strictly (http/).
 * - What was seen of a token is a guess: etcd says with each answer that it still holds, or it is read anew (0020), but for
 *   what cannot be otherwise any more: a size, the list of a closed token (0022).
 *
 * Decides nothing about members of a running cluster.
 * Start reading at protocol.ts, which says what a request asks for; registrar.ts and polls.ts do it. rules.ts says what may happen to a token, etcd-store.ts where it lives.
 */
export {
  type DiscoveryService,
  type DiscoveryServiceOptions,
  startDiscoveryService,
} from './service.js';
export {
  DEFAULT_DISCOVERY_LIMITS,
  DEFAULT_SIZE,
  type DiscoveryLimits,
  SIZE_MAX,
} from './limits.js';
export { type NewToken, type TokenWish, newTokenAt, newTokenThrough } from './tokens.js';
export { type StartFlags, startFlagsOf } from './start-flags.js';
export { tokenFactsAt, tokenFactsThrough } from './token-facts.js';
export {
  type RegisteredMember,
  type TokenFacts,
  type TokenReport,
  peersToAsk,
  tokenReportOf,
} from './token-report.js';
export type { DiscoveryProtocol } from './store.js';
export { discoveryNoV3Here, discoveryServiceSilent, discoveryStorageSilent } from './problems.js';
