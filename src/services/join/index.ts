/**
 * services/join — one host becomes a member of a cluster that is found by discovery, or a gateway while there is no room.
 *
 * Contract:
 * - `decide` is pure: what was seen of this host's data, of the token and of the member list, to what happens next. The
 *   loop around it (run.ts) looks, does that one thing in the foreground, and looks again.
 * - A data directory that a process has open is left alone: what an earlier start left behind is waited for, anybody else
 *   is told. One with a log is started from, with `existing`, whatever the discovery flags say. `new` is told to an empty
 *   one only while the token has room, does not know this host, and nobody answers for a cluster.
 * - A host that was registered before and comes without its log is told so and not started, also over v3, where etcd
 *   itself would let it in in silence (etcd-facts 14.1).
 * - A gateway turns into a member when the member list, read through quorum, has an unstarted member with this host's
 *   peer URL: it drains first, and etcd joins with that list.
 * - Nothing here reads a clock, a disk or a socket: the world is an argument (world.ts), put together in main.
 *
 * Never adds, removes or promotes a member: that is for whoever runs `member add`.
 * Start reading at decide.ts.
 */
export { type JoinInput, type JoinPlace, type SaidAddresses, readInput } from './input.js';
export { type Decision, decide } from './decide.js';
export type { ClusterSight, DataHolder, JoinSight, PlaceSight, TokenSight } from './sight.js';
export type { EtcdEnd, EtcdProcess, ForwardingGateway, JoinWorld } from './world.js';
export { type HostState, type JoinEnd, type JoinSeat, type JoiningHost, runJoin } from './run.js';
export { joinAddressesUnknown, joinMemoryUnreadable, joinNoFreePorts } from './problems.js';
export { hintFor } from './hints.js';
