import {
  type Clock,
  type Logger,
  type Outcome,
  type Problem,
  type Random,
  type Result,
  refused,
  unknown,
} from '../../base/index.js';
import type { ClusterName, EtcdVersion, HostName } from '../../core/cluster/index.js';
import type { HostShell, ShellCommand, ShellEnd } from '../../engine/ports/index.js';
import { cancelled } from '../evidence/index.js';
import type { BinaryDigests } from './digests.js';
import type { BootTimes } from './boot-times.js';
import type { HostPaths } from './layout.js';
import { hostBusy, hostCommandFailed } from './problems.js';
import { SCRIPT_CODE } from './scripts.js';

/** Upstream's archive for one kind of machine. */
export interface Archive {
  readonly url: string;
  readonly sha256: string;
  /** What it unpacks to, with the programs in it. */
  readonly folder: string;
}

/** Where etcd is to be had for a kind of machine, in the words of `uname -m`. */
export type ArchiveFor = (
  version: EtcdVersion,
  machine: string,
  signal: AbortSignal,
) => Promise<Result<Archive>>;

/** What every part of the driver works with. */
export interface Context {
  readonly cluster: ClusterName;
  readonly paths: HostPaths;
  readonly shell: HostShell;
  /** For looks that a turn begins with. */
  readonly lookShell: HostShell;
  /** The command by which a person logs in to a host as we do. */
  readonly loginTo: (host: HostName) => string;
  readonly binaryFor: (version: EtcdVersion, signal: AbortSignal) => Promise<Result<string>>;
  readonly archiveFor?: ArchiveFor;
  readonly digests: BinaryDigests;
  readonly bootTimes: BootTimes;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/** Scripts that only look, or change at once. */
export const SHORT_MS = 15_000;

/**
 * A look that takes longer than this is of no use to a turn, which waits no longer; told so by the shell first, it is known
 * that the host is silent.
 */
export const LOOK_MS = 4500;

/** How a script that changes something ended, as far as it is not the caller's to tell. */
export type Acted =
  | {
      readonly kind: 'ended';
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    }
  | { readonly kind: 'no'; readonly outcome: Outcome<never> };

/** Runs a script that changes something. What was certainly not begun is refused; what was cut is unknown. */
export async function act(
  context: Context,
  host: HostName,
  command: ShellCommand,
  signal: AbortSignal,
): Promise<Acted> {
  const end = await context.shell.run(host, command, signal);
  switch (end.kind) {
    case 'ended': {
      const { code, stderr } = end;
      return { kind: 'ended', code, stderr, stdout: Buffer.from(end.stdout).toString('utf8') };
    }
    case 'unreached': {
      const { doing } = command;
      return {
        kind: 'no',
        outcome: refused(signal.aborted ? cancelled({ doing, host }) : end.problem),
      };
    }
    case 'cut':
      return { kind: 'no', outcome: unknown(end.problem) };
  }
}

/** The problem of a script that ended with a code that its caller does not know. */
export function failed(
  context: Context,
  host: HostName,
  doing: string,
  end: { readonly code: number; readonly stderr: string },
): Problem {
  const words = end.stderr.trim();
  return end.code === SCRIPT_CODE.busy && words === ''
    ? hostBusy({ host, doing, lock: context.paths.lock })
    : hostCommandFailed({ host, doing, code: end.code, words });
}

/** Runs `work` unless it is cancelled first. */
export async function unlessCancelled<T>(
  doing: string,
  host: HostName,
  signal: AbortSignal,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  if (signal.aborted) return refused(cancelled({ doing, host }));
  return await work();
}

export const textOf = (end: Extract<ShellEnd, { kind: 'ended' }>): string =>
  Buffer.from(end.stdout).toString('utf8');
