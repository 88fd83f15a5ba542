/**
 * For tests only: time that passes when told, in whole events. Between two events every promise that can settle has
 * settled, so the order of everything depends on the order of the timers alone, and is the same at every run.
 */
import { type Clock, type Instant, instantOf } from '../index.js';

export interface VirtualClock extends Clock {
  /**
   * Lets time pass, timer by timer, until `isDone`, until `untilMs` (monotonic) is reached, or until nobody waits for
   * anything any more; answers which. What a timer throws, rejects this.
   */
  run(until: { readonly isDone?: () => boolean; readonly untilMs?: number }): Promise<RunStop>;
  /** How many timers have fired. */
  firedCount(): number;
}

export type RunStop = 'done' | 'time' | 'nothing-left';

interface Timer {
  readonly atMs: number;
  /** Timers of one instant fire in the order in which they were set. */
  readonly order: number;
  then: (() => void) | undefined;
}

/** @example const clock = virtualClock(); const work = controller.run(…); await clock.run({ untilMs: 60_000 }); */
export function virtualClock(epoch: Instant = instantOf(1_000_000_000_000)): VirtualClock {
  const queue = new TimerQueue();
  let nowMs = 0;
  let order = 0;
  let fired = 0;

  const after = (ms: number, then: () => void): (() => void) => {
    const timer: Timer = { atMs: nowMs + Math.max(0, ms), order: order++, then };
    queue.push(timer);
    return () => {
      timer.then = undefined;
    };
  };

  return {
    now: () => instantOf(epoch + nowMs),
    monotonicMs: () => nowMs,
    after,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal.aborted) {
          reject(signal.reason as Error);
          return;
        }
        const onAbort = () => {
          cancel();
          reject(signal.reason as Error);
        };
        const cancel = after(ms, () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        });
        signal.addEventListener('abort', onAbort, { once: true });
      }),
    run: ({ isDone, untilMs = Number.POSITIVE_INFINITY }) =>
      new Promise((resolve, reject) => {
        const next = () => {
          try {
            if (isDone?.() === true) return resolve('done');
            const timer = queue.peek();
            if (timer === undefined || timer.atMs > untilMs) {
              if (Number.isFinite(untilMs)) nowMs = Math.max(nowMs, untilMs);
              return resolve(timer === undefined ? 'nothing-left' : 'time');
            }
            queue.pop();
            nowMs = timer.atMs;
            fired++;
            timer.then?.();
          } catch (error) {
            return reject(error as Error);
          }
          whenSettled(next);
        };
        whenSettled(next);
      }),
    firedCount: () => fired,
  };
}

/**
 * Calls `then` when no promise is left that can settle: Node runs the queue of ticks again only after the queue of
 * promises is empty, and a tick that is asked for from inside that queue therefore comes after all of it.
 */
const whenSettled = (then: () => void): void =>
  queueMicrotask(() => {
    process.nextTick(then);
  });

/** A binary heap by time, then by order. */
class TimerQueue {
  readonly #heap: Timer[] = [];

  /** The next timer that is still wanted. */
  peek(): Timer | undefined {
    while (this.#heap[0] !== undefined && this.#heap[0].then === undefined) this.pop();
    return this.#heap[0];
  }

  push(timer: Timer): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(timer);
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (parent === undefined || isSooner(parent, timer)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = timer;
  }

  pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const left = heap[down];
      if (left === undefined) break;
      const right = heap[down + 1];
      let child = left;
      if (right !== undefined && isSooner(right, left)) {
        child = right;
        down++;
      }
      if (isSooner(last, child)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
  }
}

const isSooner = (a: Timer, b: Timer): boolean =>
  a.atMs === b.atMs ? a.order < b.order : a.atMs < b.atMs;
