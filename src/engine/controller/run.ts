import type { Clock, Instant, Problem } from '../../base/index.js';
import { describeStep } from '../journal/index.js';
import type { ClusterStore, JournalEntry } from '../ports/index.js';
import { controllerPaused } from './problems.js';
import type { ControllerTimings } from './timings.js';
import type { TurnResult } from './turn.js';

export interface RunOptions {
  /**
   * `converged` goes on through `blocked` in the hope that somebody ends it; `converged-or-blocked` ends when two turns
   * in a row were blocked, and also when only a pause keeps the next step back. A predicate is asked after every turn.
   */
  readonly until:
    'forever' | 'converged' | 'converged-or-blocked' | ((turn: TurnResult) => boolean);
  /** Ends between two turns, never inside a step; so a run may last one step longer. */
  readonly deadlineMs?: number;
  /** Ends between two steps at once, and cuts a step short: its outcome is then unknown, and in the journal. */
  readonly signal: AbortSignal;
  /** Ends between two turns, after the step under way; a pause is cut short. */
  readonly interrupt?: AbortSignal;
}

export type RunEnd =
  | { readonly kind: 'done'; readonly turn: TurnResult }
  | { readonly kind: 'blocked'; readonly problems: readonly Problem[]; readonly turn: TurnResult }
  | { readonly kind: 'deadline'; readonly turn: TurnResult }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'lock-lost'; readonly problem: Problem };

export interface RunParts {
  readonly turn: (signal: AbortSignal) => Promise<TurnResult>;
  readonly journal: (entry: JournalEntry) => Promise<unknown>;
  readonly store: ClusterStore;
  readonly clock: Clock;
  readonly timings: ControllerTimings;
  /** The generation of the wish that the last turn was based on. */
  readonly generation: () => number | undefined;
  /** What was waited for before the first step is not counted against the deadline. */
  readonly waitedMs: () => number;
  readonly who: { readonly pid: number; readonly purpose: string } | undefined;
}

export async function run(options: RunOptions, parts: RunParts): Promise<RunEnd> {
  const { clock, journal, who } = parts;
  if (who !== undefined) await journal({ kind: 'controller-started', at: clock.now(), ...who });
  let because = 'a bug';
  try {
    const end = await loop(options, parts);
    because = end.kind;
    return end;
  } catch (error) {
    because = `a bug: ${String(error)}`;
    throw error;
  } finally {
    if (who !== undefined) {
      await journal({ kind: 'controller-ended', at: clock.now(), pid: who.pid, because });
    }
  }
}

async function loop(options: RunOptions, parts: RunParts): Promise<RunEnd> {
  const { clock, timings } = parts;
  const { signal, interrupt, deadlineMs = Number.POSITIVE_INFINITY } = options;
  const waking = interrupt === undefined ? signal : AbortSignal.any([signal, interrupt]);
  const endMs = clock.monotonicMs() + deadlineMs;
  let previous: TurnResult | undefined;
  for (;;) {
    const turn = await parts.turn(signal);
    if (turn.kind === 'cancelled') return turn;
    if (turn.kind === 'lock-lost') return turn;
    const end = endOf(turn, previous, options.until);
    if (end !== undefined) return end;
    const leftMs = endMs + parts.waitedMs() - clock.monotonicMs();
    if (leftMs <= 0) return { kind: 'deadline', turn };
    const ms = Math.min(leftMs, pauseAfter(turn, previous, clock.now(), timings));
    if (!(await pause(ms, parts, waking))) return { kind: 'cancelled' };
    previous = turn;
  }
}

function endOf(
  turn: TurnResult,
  previous: TurnResult | undefined,
  until: RunOptions['until'],
): RunEnd | undefined {
  if (typeof until === 'function') return until(turn) ? { kind: 'done', turn } : undefined;
  if (until === 'forever') return undefined;
  if (turn.kind === 'converged') return { kind: 'done', turn };
  if (until === 'converged') return undefined;
  if (turn.kind === 'blocked' && previous?.kind === 'blocked') {
    return { kind: 'blocked', problems: turn.problems, turn };
  }
  if (turn.kind !== 'paused') return undefined;
  const problem = controllerPaused({ step: describeStep(turn.plan.step) });
  return { kind: 'blocked', problems: [problem], turn };
}

/** How long to do nothing after a turn. A step that was applied is looked at again at once, unless it repeats itself. */
export function pauseAfter(
  turn: TurnResult,
  previous: TurnResult | undefined,
  now: Instant,
  timings: ControllerTimings,
): number {
  switch (turn.kind) {
    case 'step':
      if (turn.outcome.kind !== 'applied') return timings.retryPauseMs;
      return repeats(turn, previous) ? timings.waitPollMs : 0;
    case 'wait': {
      const forming = turn.view.record.clusterID === undefined;
      const pollMs = forming ? timings.formingPollMs : timings.waitPollMs;
      if (turn.plan.until === undefined) return pollMs;
      return Math.max(timings.formingPollMs, Math.min(pollMs, turn.plan.until - now));
    }
    case 'blocked': {
      // What blocks for the first time is looked at again soon: it may be a file that was just being written.
      const lasts = previous?.kind === 'blocked';
      if (turn.view?.record.clusterID === undefined) {
        return lasts ? timings.retryPauseMs : timings.formingPollMs;
      }
      return lasts ? timings.blockedPollMs : timings.waitPollMs;
    }
    case 'paused':
    case 'converged':
      return timings.steadyPollMs;
    case 'lock-lost':
    case 'cancelled':
      return 0;
  }
}

/** A step that is "applied" again and again (a process that dies at its start) must not make the loop spin. */
const repeats = (turn: TurnResult, previous: TurnResult | undefined): boolean =>
  turn.kind === 'step' &&
  previous?.kind === 'step' &&
  JSON.stringify(turn.step) === JSON.stringify(previous.step);

/** Sleeps, but wakes when the wish changes. False: cancelled. */
async function pause(
  ms: number,
  { clock, store, timings, generation }: RunParts,
  signal: AbortSignal,
): Promise<boolean> {
  const before = generation();
  let leftMs = ms;
  try {
    while (leftMs > timings.wishPollMs) {
      await clock.sleep(timings.wishPollMs, signal);
      leftMs -= timings.wishPollMs;
      const wish = await store.readWish();
      if (wish.ok && wish.value?.generation !== before) return true;
    }
    if (leftMs > 0) await clock.sleep(leftMs, signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}
