import { type Instant, instantOf } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';

/** An answer that was this much quicker than the one before tells the boot better. */
const BETTER_MS = 200;
/** No answer is as slow as this: the seat's own clock was set. */
const CLOCK_SET_MS = 30_000;

/**
 * When each host booted, by this seat's clock. What happened on a host is dated from its boot, so that the host's own
 * clock may be wrong; and the same event is dated alike at every look, however long the answer took.
 */
export class BootTimes {
  readonly #known = new Map<HostName, { readonly bootID: string; readonly at: Instant }>();

  of(host: HostName, bootID: string, now: Instant, uptimeSeconds: number): Instant {
    const at = instantOf(Math.round(now - uptimeSeconds * 1000));
    const known = this.#known.get(host);
    const holds =
      known?.bootID === bootID && at > known.at - BETTER_MS && at < known.at + CLOCK_SET_MS;
    if (holds) return known.at;
    this.#known.set(host, { bootID, at });
    return at;
  }
}
