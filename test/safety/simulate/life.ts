import { type Clock, instantOf } from '../../../src/base/index.js';
import type { Run } from './run.js';
import type { Wish } from '../../../src/engine/ports/index.js';

const NEVER = new Promise<never>(() => undefined);

/**
 * One process of a controller. Everything that it does and all that it hears passes here; when the life is over it is
 * as if it had never waited: none of its promises settles any more, none of its timers fires.
 */
export class Life {
  isAlive = true;
  /** Why it ended; for the trace. */
  ended = '';
  /** The wish it read last, and when: that is when its turn began. */
  wish: Wish | undefined;
  turnStartedMs = 0;
  /** Whether its last look at the lock said that the lock is its own, and when that was true. */
  lockSeenAtMs: number | undefined;
  /** The disk refused a line of the journal, so that one may be missing there. */
  hasLostLines = false;
  /** Never aborts. Its own, because listeners of the dead are never taken away. */
  readonly signal: AbortSignal = new AbortController().signal;
  readonly clock: Clock;
  readonly #onEnd: (() => void)[] = [];
  #callsLeft: number;

  readonly run: Run;
  readonly name: string;
  readonly pid: number;

  constructor(run: Run, name: string, pid: number, callsLeft: number) {
    this.run = run;
    this.name = name;
    this.pid = pid;
    this.#callsLeft = callsLeft;
    const { clock } = run;
    const after: Clock['after'] = (ms, then) => clock.after(ms, () => this.isAlive && then());
    this.clock = {
      now: () => instantOf(clock.now()),
      monotonicMs: () => clock.monotonicMs(),
      after,
      sleep: (ms, signal) =>
        clock.sleep(ms, signal).then(
          () => (this.isAlive ? undefined : NEVER),
          (error: unknown) => (this.isAlive ? Promise.reject(error as Error) : NEVER),
        ),
    };
  }

  /** A call of a port: `work` is given the function that delivers its answer. */
  call<T>(work: (answer: (value: T) => void) => void): Promise<T> {
    if (!this.survives()) return NEVER;
    return new Promise<T>((resolve) => {
      work((value) => {
        if (this.survives()) resolve(value);
      });
    });
  }

  /** Counts one call or answer, which may be the last one; false: it is dead. */
  survives(): boolean {
    if (this.isAlive && --this.#callsLeft <= 0) this.end('killed between two instructions');
    return this.isAlive;
  }

  /** kill -9. What it sent before is on its way. */
  end(why: string): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.ended = why;
    this.run.say(this.name, () => `ends: ${why}`);
    for (const then of this.#onEnd) then();
  }

  onEnd(then: () => void): void {
    this.#onEnd.push(then);
  }

  /** In the liveness phase nobody is killed any more. */
  spare(): void {
    this.#callsLeft = Number.POSITIVE_INFINITY;
  }
}
