/**
 * core/adoption — a running cluster that somebody made by hand, as a spec and a record.
 *
 * Contract: pure. What a process was started with (command line, environment, configuration file) becomes flags as a settled
 * life of ours would say them; members and hosts are joined by the identity in their logs. Every problem at once, and without
 * one the plan for spec and record is empty: what a spec cannot say is a problem, never left out.
 */
export { type Adoption, type AdoptionInput, adoptionOf } from './adoption.js';
export { type ProcessWords, flagsOfProcess } from './process-flags.js';
export { settledFlags } from './settled-flags.js';
export type { ClusterSighting, EtcdSighting, HostSighting, Keeper } from './sights.js';
export * as adoptionProblems from './problems.js';
