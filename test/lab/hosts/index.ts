/**
 * test/lab/hosts — machines with systemd and sshd for tests of the SSH driver, with power buttons, cables and disks.
 *
 * Contract: `hostsLab` answers hosts that take SSH, at 10.0.1.10, .11, …; all they are lives in the namespaces of one
 * keeper process, which ends with this process however that ends. A host is dialled only from inside the lab's network:
 * `npm run test:hosts` starts the tests in one, and from anywhere else `LabHost.run` still works. A call that does
 * something to a host answers when it has happened. `dispose` looks in the kernel's own tables that nothing is left.
 *
 * Tests ask with `hostsFor` and `hostsForAll` of suite.ts, which is for vitest and therefore not exported here.
 *
 * What such a host is not: it has no kernel, clock or memory of its own, and it is no security boundary.
 */
export type { Answer } from './commands.js';
export { DEPLOY } from './base-tree.js';
export type { DiskKind } from './disks.js';
export type { LabHost, Peer } from './host.js';
export type { NetworkOf } from './keeper.js';
export { type HostsLab, type HostsOptions, hostsLab } from './lab.js';
export { whyNoHosts } from './machine.js';
export { DNS_ADDRESS, SEAT_ADDRESS } from './network.js';
export { isInsideNetwork, whySkipped } from './network-of-run.js';
