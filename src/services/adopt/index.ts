/**
 * services/adopt — what is to be known of a running cluster that somebody else made: from its members, and from its hosts.
 *
 * Contract: looks, and changes nothing, neither in the cluster nor on a host. One round trip a host. What a process was
 * started with, which data it holds and who keeps it, the kernel and systemd say; no key is read. What it amounts to is for
 * core/adoption.
 */
export { type ClusterQuestion, readCluster } from './read-cluster.js';
export { type IdentityOf, parseSightings, readHost } from './read-host.js';
