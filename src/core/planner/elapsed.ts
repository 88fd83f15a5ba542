import type { Instant } from '../../base/index.js';

/** Hosts and we need not agree to the second: so far ahead of our clock a moment is still "just now". */
export const CLOCK_SLACK_MS = 5000;

/**
 * How long ago, in ms. A moment far ahead of our clock is from before the clock was set back: how long ago nobody can
 * say any more, so it is long ago, and nothing waits until the clock has caught up with it.
 *
 * @example elapsedMs(instantOf(1000), instantOf(3000)) === 2000
 */
export const elapsedMs = (since: Instant, now: Instant): number =>
  since > now + CLOCK_SLACK_MS ? Number.POSITIVE_INFINITY : Math.max(0, now - since);
