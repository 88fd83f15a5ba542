import { instantOf } from '../../../base/index.js';
import { QUIET_PERIOD_MS } from '../guards.js';
import { waitFor } from '../make.js';
import type { Rule } from '../view.js';

/**
 * Safety rule 2: a membership change of unknown outcome may land at any moment until etcd itself has given it up.
 * Until then, and until a list newer than that was read through quorum, no other one is decided.
 */
export const waitForUnresolvedChange: Rule = ({ unresolved, observation, now, guards }) => {
  if (unresolved === undefined || guards.changeIsResolved(unresolved, observation))
    return undefined;
  const until = instantOf(unresolved.at + QUIET_PERIOD_MS);
  return now < until
    ? waitFor('quiet-period', 'unresolved-change', { until })
    : waitFor('linearizable-member-list', 'unresolved-change');
};
