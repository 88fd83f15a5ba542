/**
 * services/preflight — whether hosts are fit for members of etcd, before any of them is trusted with one.
 *
 * Contract: looks, and changes nothing; what it needs on a host for a moment (a listener, a file without a name, a directory in
 * memory) goes by itself, whatever becomes of whoever asked. Needs POSIX sh and what a small systemd host has; what
 * could not be asked is a verdict too, with its reason. Ports of a host that holds a member are never taken. Scripts are read by
 * pure functions into facts, and facts are judged by pure functions; every number that a verdict turns on is in
 * thresholds.ts with its source. Every wait has a deadline, and a host that hangs is told like any other.
 */
export { type PreflightOptions, type PreflightPorts, checkHosts } from './check-hosts.js';
export {
  type Dialled,
  type Listen,
  type Plane,
  type PreflightHost,
  type PreflightWish,
  partsOfURL,
} from './hosts.js';
export { DEFAULT_HEARTBEAT_MS, DEFAULT_QUOTA_BYTES } from './thresholds.js';
export { shellOfThisMachine } from './this-machine.js';
export {
  type Check,
  type PreflightReport,
  type Standing,
  type Verdict,
  SEAT,
  inTheWayOf,
} from './verdict.js';
export * as preflightProblems from './problems.js';
