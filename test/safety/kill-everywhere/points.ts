import { appendFileSync } from 'node:fs';

/** One line of what a controller under the knife reports; written before it goes on, so that no kill loses it. */
export type ReportLine =
  /** A point of its life was reached; the last line of a controller that was killed there. */
  | { readonly kind: 'point'; readonly point: string }
  /** A member was really started with `new`. */
  | { readonly kind: 'new'; readonly host: string };

export interface Points {
  /** A call that changes something, or a line of the journal, is about to be made or has been made. */
  reach(label: string): void;
  /** A question was answered and the answer is not yet used. */
  look(what: string): void;
  /** The world has changed since: questions are new questions. */
  newStretch(): void;
  note(line: ReportLine): void;
}

export interface PointsOptions {
  readonly report: string;
  /** The point at which this process ends itself: what is done there, and for which time; none: it lives. */
  readonly killAt: string | undefined;
  /** Every kind of question counts in every stretch. */
  readonly everyLook: boolean;
}

/**
 * Counts the points of one controller's life and ends its own process, as `kill -9` does, at the one that was asked.
 *
 * Questions change nothing: wherever between two changes a controller dies, it leaves the same world behind. So each
 * kind of question counts once in a life, and beside that the first question after every change.
 */
export function countPoints({ report, killAt, everyLook }: PointsOptions): Points {
  const times = new Map<string, number>();
  let isFirstLook = true;
  let inStretch = new Set<string>();
  const inLife = new Set<string>();
  const note = (line: ReportLine): void => appendFileSync(report, `${JSON.stringify(line)}\n`);
  const reach = (label: string): void => {
    const time = (times.get(label) ?? 0) + 1;
    times.set(label, time);
    const point = `${label} #${time}`;
    note({ kind: 'point', point });
    if (point !== killAt) return;
    process.kill(process.pid, 'SIGKILL');
    // The signal ends the process before the call returns to us; should it ever not, nothing more is done.
    for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  };
  return {
    note,
    reach,
    look: (what) => {
      const counts = everyLook ? !inStretch.has(what) : isFirstLook || !inLife.has(what);
      isFirstLook = false;
      inStretch.add(what);
      inLife.add(what);
      if (counts) reach(`answered: ${what}`);
    },
    newStretch: () => {
      isFirstLook = true;
      inStretch = new Set();
    },
  };
}
