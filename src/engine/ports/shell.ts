import type { Problem } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';

/**
 * How drivers, stores and services act on a Linux host that we reach from here: one POSIX shell script at a time, as
 * root. What runs there leaves nothing behind but what the script itself writes.
 */
export interface HostShell {
  /** Settles within the command's deadline or soon after the signal aborts; never throws for what the world does. */
  run(host: HostName, command: ShellCommand, signal: AbortSignal): Promise<ShellEnd>;
}

export interface ShellCommand {
  /** What it does, in words, for problems: `read the state of the member`. */
  readonly doing: string;
  /**
   * POSIX sh, run as root. Everybody on the host can read it while it runs, so that a secret never stands in it: secrets
   * go by `stdin`.
   */
  readonly script: string;
  /** Its standard input; absent: empty. */
  readonly stdin?: Uint8Array;
  readonly deadlineMs: number;
  /** Hears, whenever there is more, everything that the script has written so far; a shell may have nothing to tell. */
  readonly onOutput?: (soFar: { readonly stdout: Uint8Array; readonly stderr: Uint8Array }) => void;
}

export type ShellEnd =
  /** It ran to its end. A code other than 0 is an answer like any other; `stderr` is what the host said, verbatim. */
  | {
      readonly kind: 'ended';
      readonly code: number;
      readonly stdout: Uint8Array;
      readonly stderr: string;
    }
  /** It was certainly not begun: no connection, no login, no root. */
  | { readonly kind: 'unreached'; readonly problem: Problem }
  /** The connection ended or the deadline passed in the middle: it may have run, whole or in part. */
  | { readonly kind: 'cut'; readonly problem: Problem };

/** When adapters that look at hosts may join questions; told by the controller. */
export interface LookWindow {
  /** A turn begins: whatever was seen before is not told any more. */
  open(): void;
  /** From here on a look is newer than the moment at which it is asked for. */
  close(): void;
}
