/**
 * services/gateway — one address in front of a cluster's members, at the level of TCP: bytes pass through, TLS too.
 *
 * Contract:
 * - `createGateway({ listen, backends, clock, logger, limits })` answers `start`, `update`, `refresh`, `drain`, `close`,
 *   `state` and `metrics`. What the world does comes back as a Problem; nothing is thrown.
 * - Health orders backends and never refuses: a connection goes to the best one that accepts it, and when every backend
 *   is out, to the best guess. Picker and judgement are pure functions (picker.ts, facts.ts); probing is outside them.
 * - A backend that is dead, hung, or cut off from the leader gets no new connection, and its live ones are closed at
 *   once, so that clients connect anew; but only while another backend is in. `state()` says why each is in or out.
 * - A probe is a member's own Status, where it lets us ask (plainly, or with the certificate given). Where it does not,
 *   a sign of life is asked for: such a backend is known to answer and no more.
 * - A backend that left the list is drained: nothing new goes there; what is quiet is closed, the rest after `drainMs`.
 * - Memory is bounded: connections and the bytes held for each have limits with names (limits.ts).
 *
 * Decides nothing about membership and understands nothing of what passes. A gateway that terminates HTTP/2, shares
 * upstream connections among clients and can so hand over single requests would be a second kind of `Relay` behind the
 * same picker, prober and sources; it is not here yet.
 * Start reading at gateway.ts; backends.ts keeps what is known, relay.ts moves the bytes.
 */
export { type Gateway, type GatewayOptions, type GatewayState, createGateway } from './gateway.js';
export { type ListenAddress, listenText, parseBackends, parseListenAddress } from './addresses.js';
export type { Backend, BackendCondition, BackendState, Probe, Sight } from './backend.js';
export type { HealthProbe } from './etcd-probe.js';
export { DEFAULT_GATEWAY_LIMITS, type GatewayLimits } from './limits.js';
export type { BackendSource, SourceSeat } from './sources/source.js';
export { fixedBackends } from './sources/fixed.js';
export { memberBackends } from './sources/members.js';
export { type ResolveSRV, type SRVRecord, srvBackends } from './sources/srv.js';
