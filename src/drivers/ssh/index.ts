/**
 * drivers/ssh — members as systemd units of Linux hosts, reached over a shell.
 *
 * Contract: no program of ours stays on a host; what stays are a unit, a state file and etcd itself, and a member lives,
 * restarts and boots without us. A look is one round trip and changes nothing. `new` is never written to a disk: a birth
 * or a join gets its flags by a ticket for one start, and without a ticket the unit starts nothing that has no log.
 * What somebody else changed is not overwritten. Data is moved aside on proof and never deleted.
 *
 *   /etc/systemd/system/etcd-<cluster>.service
 *   /opt/quorate/etcd/<version>/etcd
 *   /var/lib/quorate/<cluster>/        member.json first-life removed   (record, wish and lock are a store's)
 *   /var/lib/etcd/<cluster>/           the data, of user etcd; set aside: /var/lib/etcd/<cluster>.aside/
 *   /run/quorate/<cluster>/            ticket ended lock
 *
 * A member that a person made (`adopted`) keeps its data where they are and is seen in its former unit; the first stop is of
 * that unit, and the first start puts it out of the way for good before ours is written. Its file is kept in `former/`.
 */
export { type SSHDriver, type SSHDriverOptions, createSSHDriver } from './driver.js';
export { type Scheme, allocateAddresses } from './addresses.js';
export type { Archive } from './context.js';
export type { HostFile } from './write-files.js';
export { type AdoptedMember, type HostPaths, hostPaths } from './layout.js';
export * as sshDriverProblems from './problems.js';
