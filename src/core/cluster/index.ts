/**
 * core/cluster — the nouns: members, quorum and margin, flags, addresses, the record, and what we saw.
 *
 * Contract: types and arithmetic only; synchronous, no I/O, no clock, no platform types. Decides nothing.
 * Start reading at observation.ts (what was seen) and standing.ts (the same, joined for the rules).
 */
export * from './names.js';
export * from './version.js';
export * from './member.js';
export * from './quorum.js';
export * from './flags.js';
export * from './birth.js';
export * from './record.js';
export * from './consumer.js';
export * from './observation.js';
export * from './alarms.js';
export * from './certificates.js';
export { type HoldingConsumer, consumersHolding } from './rotation.js';
export * from './target.js';
export * from './standing.js';
export { clusterIDAtBirth, memberIDAtBirth } from './identity.js';
