import type { ClusterSpec } from '../../../src/core/spec/index.js';
import type { Pair } from './pair.js';

/** Faults and requests in one order on one cluster. Both sides are asked the same; what they should say is not written here. */
export interface Story {
  readonly name: string;
  /** Voters at birth. */
  readonly voters: number;
  /** Processes at the same time, at most. */
  readonly processes: number;
  /** Other flags of etcd, as in a spec. */
  readonly etcd?: ClusterSpec['etcd'];
  /** Part of the short form. */
  readonly quick: boolean;
  readonly play: (pair: Pair) => Promise<void>;
}
