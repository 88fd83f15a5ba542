/**
 * drivers/shell — scripts on Linux hosts, as root, over the system's own `ssh`.
 *
 * Contract: what the user's ssh configuration, agent and known hosts say is honoured, and nobody is asked for anything.
 * A script is sent only after the host has said that it is ready as root, so that `unreached` is certain; it has ended
 * only when the host has said so with a mark that nobody else knows, so that ssh's own exit codes are never taken for
 * the script's. Script and standard input travel as input: nothing of them is seen in a list of processes. One
 * connection per host carries a bounded number of scripts at once; one that died is replaced. Nothing outlives a
 * command's deadline here; what it left running on the host ends there by itself.
 */
export { type SSHShellOptions, type SSHShell, createSSHShell } from './ssh-shell.js';
export { type JoinedLooks, type JoinedLooksOptions, createJoinedLooks } from './joined-looks.js';
export type { OwnKeeper } from './control-directory.js';
export { SESSIONS_PER_HOST_MAX } from './limits.js';
export { shellQuoted } from './quoted.js';
export * as shellProblems from './problems.js';
