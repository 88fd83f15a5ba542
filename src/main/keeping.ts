import type { Problem, Result } from '../base/index.js';
import type { ClusterRecord } from '../core/cluster/index.js';
import type { ClusterSpec } from '../core/spec/index.js';
import type { ClusterStore } from '../engine/ports/index.js';
import type { Parts } from './machine.js';

/** What differs between a cluster on this machine and one on other hosts. */
export interface Keeping {
  /** Where its state and data are, in words for a person. */
  readonly place: string;
  readonly store: ClusterStore;
  /** Where this machine keeps its certificate authorities. */
  readonly pki: string;
  exists(): Promise<Result<boolean>>;
  /** Put together anew for each use; whoever uses them closes their admin. `record`: what it says is known already. */
  parts(record?: ClusterRecord): Promise<Parts>;
  /** The spec is about to be accepted: what this machine has to know of it is written down. */
  accept(spec: ClusterSpec): Promise<Result<void>>;
  /** Names who hears of what the state's keepers mended by themselves, or could not. */
  hear(listener: (problem: Problem) => void): void;
  supervise(signal: AbortSignal): Promise<Result<{ readonly pid: number } | undefined>>;
  /** Everything is stopped: its state goes out of the way. Answers where to; undefined: it is gone. */
  moveAway(options: {
    readonly deleteData: boolean;
  }): Promise<Result<{ readonly movedTo?: string }>>;
}
