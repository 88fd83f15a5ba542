/**
 * core/bootstrap — spec and record in, exact etcd flags out, per version.
 *
 * Contract: pure. Bootstrap-only flags (`--initial-*`) are added in launch.ts alone, so that `new` is said in one place.
 * Never contacts anything. What is known of each flag is core/spec's flag table.
 */
export { type TargetInput, imaginedPlace, resolveTarget } from './resolve-target.js';
export { type FinalFlagsInput, finalFlags, flagsLike } from './final-flags.js';
export {
  type BirthMember,
  FIRST_LIFE_FLAGS,
  isFirstLife,
  birthFlags,
  firstToStart,
  joinFlags,
  restartFlags,
  withFastTimings,
} from './launch.js';
export { type EtcdVariables, etcdVariables } from './etcd-variables.js';
export { type FlagsStyle, renderFlags } from './render-flags.js';
export { checkFlags } from './check-flags.js';
export { addressesUnder, certificatesOn, targetUnder, withScheme } from './tls.js';
export { canonicalAddress } from './dns/hosts.js';
export * as bootstrapProblems from './problems.js';
/** Birth by DNS SRV: the records, and what is wrong with those that were found. */
export * from './dns/index.js';
export type { JoinWords } from './join-words.js';
