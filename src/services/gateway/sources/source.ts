import type { Problem, Result } from '../../../base/index.js';
import type { Backend, BackendState } from '../backend.js';

/** Where the backends come from. */
export interface BackendSource {
  /** For a person: `the list given`, `_etcd-client._tcp.example.com`. */
  readonly name: string;
  /** The backends to begin with; then `seat.update` at every change, until `close`. */
  start(seat: SourceSeat): Promise<Result<readonly Backend[]>>;
  /** Looks again now, with the certificates as they are now; the problem when it could not, and then what it had stays. */
  refresh(): Promise<Problem | undefined>;
  close(): Promise<void>;
}

/** What the gateway gives a source. */
export interface SourceSeat {
  readonly update: (backends: readonly Backend[]) => void;
  readonly states: () => readonly BackendState[];
}
