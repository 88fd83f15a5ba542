/**
 * drivers/local — members as processes of this machine, and one cluster's record, wish, journal and lock as files.
 *
 * Contract: a member outlives the controller. A process is recognised by pid, start and data directory, never by pid
 * alone, so that no two processes share a data directory and no stranger is ever signalled. Whose data a directory
 * holds is read from the write-ahead log itself. Data is moved aside on proof and never deleted. Traffic is on
 * loopback unless the spec says otherwise; `ETCD_…` variables of our own environment never reach a member.
 *
 *   <home>/clusters/<name>/            record.json wish.json journal.jsonl lock
 *   <home>/clusters/<name>/members/<host>/   data/ etcd.log process.json aside/
 */
export { type LocalDriverOptions, createLocalDriver } from './driver.js';
export { type LocalStoreOptions, createLocalStore } from './store.js';
export { clusterDirectory, listClusters, stateHome } from './layout.js';
export * as localProblems from './problems.js';
export { LOG_BYTES_MAX } from './member-log.js';
export { JOURNAL_BYTES_MAX } from './journal.js';
/** For whoever runs an etcd in the foreground: whose data a directory holds, and what it may be told. */
export { lookAtData } from './data-sight.js';
export { environment } from './environment.js';
