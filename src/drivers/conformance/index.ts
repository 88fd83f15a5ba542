/**
 * drivers/conformance — one suite that every driver passes, and one for every store.
 *
 * Contract: knows a driver only by the HostDriver port, a store only by the ClusterStore port, and their surroundings
 * only by the rig. Drivers run real etcd. Used by tests alone; nothing that is shipped imports it.
 */
export { describeHostDriver } from './suite.js';
export { type DriverRig, untilData, untilLogSays, untilProcess } from './rig.js';
export { type LabEtcd, freePorts, labEtcd, memberFlags } from './lab.js';
export { type StoreRig, describeClusterStore } from './store-suite.js';
