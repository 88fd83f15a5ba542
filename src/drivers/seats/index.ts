/**
 * drivers/seats — one cluster's record, wish, journal and lock on its hosts themselves, so that any seat (a person's
 * machine, a server) can continue what another began.
 *
 * Contract: what was written counts when a majority of the hosts has it on its disk, and then every later read contains
 * it; reads never go back. The lock is a lease on a majority with a number that only grows: its holder knows of its end
 * before anybody else can have it, and a host refuses whoever has a lower number. A host that is away delays nobody
 * once a majority has answered; one that comes back behind, empty or damaged is brought up to date by whoever holds the
 * lock. Two states of one name, and damage on a majority, are told and never guessed over.
 *
 *   /var/lib/quorate/<cluster>/    record.json wish.json lock.json lease journal.jsonl
 */
export { type HostsStore, type HostsStoreOptions, createHostsStore } from './store.js';
export type { Seat } from './parts.js';
export { holdersOf } from './host-set.js';
export { DEFAULT_TIMINGS as SEAT_TIMINGS, type SeatTimings } from './timings.js';
export { stateDirectory } from './host-request.js';
export * as seatProblems from './problems.js';
