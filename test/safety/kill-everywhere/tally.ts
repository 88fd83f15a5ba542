/**
 * A point that was met once need not be met again: what a plan waits for depends on how fast members come up. So
 * often it is tried before it is given up.
 */
const TRIES_MAX = 3;

/** Which points of one operation are still to come, and how those that came went. */
export interface Tally {
  readonly points: number;
  readonly resumed: number;
  /** Points that were met in some run and not again when the controller was to die there. */
  readonly unmet: readonly string[];
  /** The point to kill at next; undefined: there is none left. */
  next(): string | undefined;
  /** What a run met until it ended. Points that are new are put to the end of the queue. */
  met(points: readonly string[]): void;
  /** How the run with a death at `point` went. */
  died(point: string, resumed: boolean): void;
  /** The controller was to die at `point` and never came there. */
  missed(point: string): void;
}

/** `spread`: of the points of the first run, so many, evenly; else all, and those that later runs bring. */
export function newTally(spread?: number): Tally {
  const known = new Set<string>();
  const queue: string[] = [];
  const tries = new Map<string, number>();
  const unmet: string[] = [];
  let points = 0;
  let resumed = 0;
  const leave = (point: string): void => {
    const place = queue.indexOf(point);
    if (place >= 0) queue.splice(place, 1);
  };
  return {
    get points() {
      return points;
    },
    get resumed() {
      return resumed;
    },
    unmet,
    next: () => queue[0],
    met: (met) => {
      if (spread !== undefined && known.size > 0) return;
      const fresh = met.filter((point) => !known.has(point));
      for (const point of fresh) known.add(point);
      queue.push(...(spread === undefined ? fresh : spreadOver(fresh, spread)));
    },
    died: (point, isResumed) => {
      leave(point);
      points += 1;
      if (isResumed) resumed += 1;
    },
    missed: (point) => {
      leave(point);
      const tried = (tries.get(point) ?? 0) + 1;
      tries.set(point, tried);
      if (tried < TRIES_MAX) queue.push(point);
      else unmet.push(point);
    },
  };
}

/** The middle of each of `count` equal parts. */
const spreadOver = (points: readonly string[], count: number): readonly string[] => [
  ...new Set(
    Array.from({ length: count }, (_, i) =>
      points.slice(Math.floor(((i + 0.5) * points.length) / count)).slice(0, 1),
    ).flat(),
  ),
];
