/**
 * drivers/evidence — what an etcd leaves behind on a disk and in its log, and what a driver may conclude from it.
 *
 * Contract: pure, on bytes and text that a driver has read wherever they are; every driver reads them alike. What can
 * not be told is said so, never guessed. Here are also the refusals that every driver makes in the same words.
 */
export { type LogIdentity, WAL_HEAD_BYTES, logIdentityOf, oldestLogFile } from './wal.js';
export {
  type End,
  type EndedLife,
  type LifeLog,
  SHORT_LIFE_MS,
  classify,
  lastExitOf,
  neverReachedRaft,
} from './last-exit.js';
export { type ExitData, problemOfExit } from './exit-problems.js';
export { dataInWords, isDataOf, proofInWords } from './proof.js';
export * from './refusals.js';
