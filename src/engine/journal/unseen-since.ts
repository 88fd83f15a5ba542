import type { Instant } from '../../base/index.js';
import { plannerProblems } from '../../core/planner/index.js';
import type { JournalEntry } from '../ports/index.js';

/**
 * Since when each host that was told not to be seen, and nothing else told since, has not been seen; by its name. For the
 * texts of one look alone, which has no other memory: it decides nothing.
 */
export function unseenSinceFrom(
  entries: readonly JournalEntry[],
): Readonly<Record<string, Instant>> {
  let since: Record<string, Instant> = {};
  for (const entry of entries) {
    // A step for somebody else, and a new controller, tell nothing of this host.
    if (entry.kind !== 'plan') continue;
    const { problem, at } = entry;
    const host =
      problem !== undefined && plannerProblems.hostUnseen.is(problem)
        ? problem.data['host']
        : undefined;
    since = typeof host === 'string' ? { [host]: since[host] ?? at } : {};
  }
  return since;
}
