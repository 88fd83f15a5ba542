import type { Outcome } from '../../base/index.js';
import type { Consumer, ConsumerSight } from '../../core/cluster/index.js';

/** Programs on hosts of ours that know the cluster by a list of endpoints: kube-apiserver, flanneld, a file. */
export interface Consumers {
  /** Looks at one: what its file names, what its process runs with, whom it is connected to. Changes nothing. */
  observe(consumer: Consumer, signal: AbortSignal): Promise<ConsumerSight>;

  /**
   * Writes the endpoints where they stand and nothing else, lets the program start again, and returns once it is seen to be
   * well with them. `refused`: nothing was changed, or it did not come back and what was there before is back. One that was
   * begun before and never ended is taken up.
   */
  update(consumer: Consumer, endpoints: readonly string[], signal: AbortSignal): Promise<Outcome>;
}
