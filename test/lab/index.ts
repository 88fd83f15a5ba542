/**
 * test/lab — real clusters for the end-to-end tests: one home and the real command for each test, and clean-up that
 * happens whatever the test did.
 *
 * Contract: everything a test starts carries its home in its arguments or environment and is ended, by pid, when the
 * test ends; what cannot be ended fails the test. Judges the product by etcd's own answers, logs and files, by the
 * kernel's table of processes and by the documented JSON, never by the product's own types.
 */
export { type ByHand, lyingEtcd, startByHand } from './by-hand.js';
export {
  EXIT,
  type MemberJSON,
  type PlanJSON,
  type ProblemJSON,
  type StatusJSON,
} from './contract.js';
export { type Deed, type JournalLine, deedsOf, readJournal, tellDeed } from './journal.js';
export { type RealEtcd, etcdOf, etcdctl } from './etcd.js';
export { contentOf, writeAndRead } from './keys.js';
export { Lab, clientURLs, directory, followersOf, lab, leaderOf } from './lab.js';
export { leaderAt, reignsOf } from './leaders.js';
export { ANY_MINOR, LONG, MINORS } from './matrix.js';
export { mountTmpfs, remount, whyNoMounts } from './mounts.js';
export { freeze, isAlive, killHard, signalTo, type LabProcess } from './processes.js';
export { askingOnly, nextAddress, whyNoResolver } from './resolver.js';
export { type BornByDNS, bearByDNS } from './dns-birth.js';
export type { Ran, Running } from './run.js';
export { digestTree } from './snapshot.js';
export { until } from './wait.js';
export { Writer, type Tally, type Verified } from './writer.js';
