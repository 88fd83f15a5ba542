import type { Problem, Result } from '../../base/index.js';
import type { ClusterRecord, HostName } from '../../core/cluster/index.js';
import type { ClusterSpec } from '../../core/spec/index.js';

/** What `quorate hosts` needs from the world. */
export interface HostsPorts {
  /**
   * Looks at every host of the spec and at the ways between them; changes nothing there. Problems: there is nothing to look
   * at, or no way to reach it.
   */
  check(settings: HostsCheckSettings): Promise<Result<HostsReport, readonly Problem[]>>;

  /** The same look at hosts that are about to get members or gateways; changes nothing there. */
  fitness(settings: FitnessSettings): Promise<Fitness>;
}

export interface FitnessSettings {
  readonly spec: ClusterSpec;
  /** Absent: the cluster does not exist yet. */
  readonly record: ClusterRecord | undefined;
  readonly hosts: readonly HostName[];
  readonly signal: AbortSignal;
}

export interface Fitness {
  readonly verdicts: readonly HostVerdict[];
  /** Why none of them is to get one. */
  readonly problems: readonly Problem[];
}

export interface HostsCheckSettings {
  readonly spec: ClusterSpec;
  /** Absent: the cluster does not exist yet. */
  readonly record: ClusterRecord | undefined;
  /** Only these; absent: all. */
  readonly only: readonly HostName[] | undefined;
  readonly signal: AbortSignal;
}

/** `unseen`: it could not be asked, and the summary says why. */
export type HostStanding = 'ok' | 'warning' | 'problem' | 'unseen';

export interface HostVerdict {
  /** Of a pair, where the way begins; `seat` is this machine. */
  readonly host: string;
  /** Of a pair, where it leads. */
  readonly to?: string;
  /** What was asked: `memory`, `reach`, … */
  readonly check: string;
  readonly standing: HostStanding;
  readonly summary: string;
  readonly detail: string;
  readonly hint: string;
}

export interface HostsReport {
  readonly verdicts: readonly HostVerdict[];
}
