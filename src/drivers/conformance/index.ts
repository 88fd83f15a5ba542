/**
 * drivers/conformance — one suite that every driver passes.
 *
 * Contract: knows a driver only by the HostDriver port, and its surroundings only by the rig. Runs real etcd. Used by
 * tests alone; nothing that is shipped imports it.
 */
export { describeHostDriver } from './suite.js';
export { type DriverRig, untilData, untilLogSays, untilProcess } from './rig.js';
export { type LabEtcd, freePorts, labEtcd, memberFlags } from './lab.js';
