import { assertNever } from '../../base/index.js';
import type { BackendState } from './backend.js';
import { rankOf } from './facts.js';

/**
 * The order in which a new connection tries the backends: the best condition first, then the smaller priority, then
 * the fewest live connections, then each in turn. Health orders and never refuses: when every backend is out, the order
 * is the best guess. One that is leaving is not in it. `turn` counts connections.
 */
export function pick(states: readonly BackendState[], turn: number): readonly BackendState[] {
  const staying = states.filter(({ condition }) => condition !== 'leaving');
  const start = staying.length === 0 ? 0 : turn % staying.length;
  return [...staying.slice(start), ...staying.slice(0, start)].sort(
    (a, b) =>
      rankOf(a.condition) - rankOf(b.condition) ||
      priorityOf(a) - priorityOf(b) ||
      a.connections - b.connections,
  );
}

const priorityOf = ({ backend }: BackendState): number => backend.priority ?? 0;

/**
 * A member that has been without a leader for so long while another has one is cut off: it is not in an election, and
 * what it said of itself is no older than that.
 */
export const CUT_OFF_AFTER_MS = 700;
/** The second silent probe in a row confirms the first. */
const SILENT_PROBES = 2;

/**
 * The backends whose live connections are closed now, so that their clients connect anew: dead, hung, or cut off from
 * the leader, as long as another backend is in. When none is in, nothing would be gained.
 */
export function hopeless(states: readonly BackendState[], nowMs: number): readonly BackendState[] {
  if (!states.some(({ isIn }) => isIn)) return [];
  const someoneHasLeader = states.some(({ condition }) => condition === 'well');
  return states.filter(({ condition, failedProbes, sinceMs }) => {
    switch (condition) {
      case 'unreachable':
        // What only failed to take one more connection may still serve those it has.
        return failedProbes > 0;
      case 'silent':
        return failedProbes >= SILENT_PROBES;
      case 'no-leader':
        return someoneHasLeader && nowMs - sinceMs >= CUT_OFF_AFTER_MS;
      case 'well':
      case 'answers':
      case 'untried':
      case 'lagging':
      case 'learner':
      case 'leaving':
        return false;
      default:
        return assertNever(condition);
    }
  });
}
