import type { Clock } from '../../base/index.js';
import type { HostName } from '../../core/cluster/index.js';
import { type Moment, momentOf } from './ask.js';
import type { LockWho } from './copies.js';
import type { Grant } from './host-request.js';
import { type HostSet, isQuorum } from './host-set.js';

/**
 * The lock as its holder knows it: until when each host has promised it. Counted from before the host was asked, by the
 * clock that runs faster, so that the holder knows of its end before any host would give it to somebody else. Once lost,
 * it is lost for ever.
 */
export class Lease {
  readonly fence: number;
  readonly token: string;
  readonly founding: string;
  readonly who: LockWho;
  /** Whose majority counts now. */
  set: HostSet;
  /** Of the last record that was written under it. */
  sequence = 0;
  readonly #clock: Clock;
  readonly #times: { readonly leaseMs: number; readonly trustedMs: number };
  readonly #grantedAt = new Map<HostName, Moment>();
  #isLost = false;

  constructor(d: {
    readonly fence: number;
    readonly token: string;
    readonly founding: string;
    readonly who: LockWho;
    readonly set: HostSet;
    readonly clock: Clock;
    readonly leaseMs: number;
    readonly trustedMs: number;
  }) {
    this.fence = d.fence;
    this.token = d.token;
    this.founding = d.founding;
    this.who = d.who;
    this.set = d.set;
    this.#clock = d.clock;
    this.#times = d;
  }

  get grant(): Grant {
    const { fence, token, who } = this;
    return { fence, token, who, leaseMs: this.#times.leaseMs };
  }

  granted(host: HostName, sent: Moment): void {
    const before = this.#grantedAt.get(host);
    if (before === undefined || sent.monotonicMs > before.monotonicMs) {
      this.#grantedAt.set(host, sent);
    }
  }

  lose(): void {
    this.#isLost = true;
  }

  isHeld(): boolean {
    this.#isLost ||= !this.#isGrantedOn(this.set);
    return !this.#isLost;
  }

  /** Whether it would be held still if only this set counted. */
  isHeldOn(set: HostSet): boolean {
    return this.isHeld() && this.#isGrantedOn(set);
  }

  #isGrantedOn(set: HostSet): boolean {
    const now = momentOf(this.#clock);
    return isQuorum(set, (host) => {
      const sent = this.#grantedAt.get(host);
      if (sent === undefined) return false;
      const passedMs = Math.max(now.monotonicMs - sent.monotonicMs, now.at - sent.at);
      return passedMs < this.#times.trustedMs;
    });
  }
}
