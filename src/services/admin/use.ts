import type { Clock } from '../../base/index.js';

/** A connection that nobody asked for this long is closed; a controller asks every member several times a minute. */
export const IDLE_MS_MAX = 60_000;
/** More endpoints than any cluster has, with room for members that were replaced a moment ago. */
export const ENDPOINTS_MAX = 64;

/** Which endpoints were used lately. `keep` is told whenever the set shrinks. */
export interface Use {
  /** Notes that they are used now, and hands them back. */
  of(endpoints: readonly string[]): readonly string[];
}

export function createUse(clock: Clock, keep: (recent: readonly string[]) => void): Use {
  /** In the order of last use, oldest first. */
  const usedAtMs = new Map<string, number>();
  return {
    of: (endpoints) => {
      const nowMs = clock.monotonicMs();
      for (const endpoint of endpoints) {
        usedAtMs.delete(endpoint);
        usedAtMs.set(endpoint, nowMs);
      }
      const before = usedAtMs.size;
      for (const [endpoint, atMs] of usedAtMs) {
        if (nowMs - atMs < IDLE_MS_MAX && usedAtMs.size <= ENDPOINTS_MAX) break;
        usedAtMs.delete(endpoint);
      }
      if (usedAtMs.size < before) keep([...usedAtMs.keys()]);
      return endpoints;
    },
  };
}
