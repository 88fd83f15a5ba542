/**
 * core/spec — what the user wants: the domain type, its limits, edits that keep it valid, and what is known of etcd's flags.
 *
 * Contract: pure; never reads a file, never knows current state. Loads neither zod nor yaml (about 100 ms together),
 * because `quorate up` without a spec file needs neither: text in and text out is core/spec-text.
 */
export type {
  BootstrapSpec,
  ClusterSpec,
  DNSBootstrap,
  DiscoverySite,
  DNSPublish,
  DriverSpec,
  SSHOptions,
  MemberSpec,
  ProxySpec,
} from './cluster-spec.js';
export {
  type AutoTLS,
  type FilesOfPlane,
  type TLSFiles,
  type TLSSpec,
  DEFAULT_VALIDITY_MS,
  parseAbsolutePath,
  parseSeatPath,
  parseValidity,
  validityMsOf,
} from './tls.js';
export { type FlagFacts, type FlagType } from './flag-table/rows.js';
export { type FlagInfo, flagInfo, flagsOf, minorsWith } from './flag-table/lookup.js';
export { type ReadFlags, readFlags } from './flag-table/read-flags.js';
export { flagValueFault } from './flag-table/values.js';
export { gatesOf } from './flag-table/feature-gates.js';
export { whyReserved } from './flag-table/reserved.js';
export { defaultSpec, defaultTLS } from './default-spec.js';
export {
  type NewMember,
  addMember,
  removeMember,
  renameMember,
  replaceMember,
  setPeerURLs,
  setVersion,
  withSize,
} from './edit.js';
export { versionFault, versionWarnings } from './versions.js';
export * as specProblems from './problems.js';
export type { SpecPlace, SpecProblem, SpecProblemData } from './problems.js';
