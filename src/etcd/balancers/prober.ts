import type { Clock } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import type { CallResult } from '../errors.js';
import type { Balancer } from './balancer.js';
import type { ProbeAnswer } from './state.js';

interface ProberParts {
  readonly clock: Clock;
  readonly balancer: Balancer;
  /** Asks one member about itself; settles by `deadlineMs`. */
  readonly probe: (endpoint: Endpoint, deadlineMs: number) => Promise<CallResult<ProbeAnswer>>;
  /** Whether something long lives on the client that needs the endpoints known, say a watch. */
  readonly isBusy: () => boolean;
}

/** Together below a second: that is how soon a member that falls silent is taken out. */
const INTERVAL_MS = 400;
const DEADLINE_MS = 500;
/** A member that does not answer is asked less and less often, up to this. */
const PAUSE_MS_MAX = 2_000;
/** Without a call for so long, nothing is probed. */
const IDLE_MS = 2_000;

interface Probing {
  isAsking: boolean;
  /** What is being asked may be out of date when it is answered. */
  isStale: boolean;
  nextMs: number;
  pauseMs: number;
}

/**
 * Asks each endpoint how it is, while the client is used: one question at a time each, answered by the member from
 * memory. An idle client, and one with a single endpoint, asks nobody.
 */
export class Prober {
  readonly #parts: ProberParts;
  readonly #probing = new Map<string, Probing>();
  #lastUseMs = Number.NEGATIVE_INFINITY;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(parts: ProberParts) {
    this.#parts = parts;
  }

  /** The client is being used: what is known must be fresh. */
  touch(): void {
    this.#lastUseMs = this.#parts.clock.monotonicMs();
    if (this.#cancel === undefined && !this.#isClosed) this.#tick();
  }

  /**
   * Something has changed, say who leads: everybody is asked now, also who did not answer a while ago, because it may be
   * the very one that is new.
   */
  hurry(): void {
    const { clock, balancer } = this.#parts;
    // Without a round to come nobody uses the client, or it has one endpoint.
    if (this.#cancel === undefined) return;
    for (const endpoint of balancer.endpoints()) {
      const probing = this.#probing.get(endpoint.url);
      if (probing !== undefined) probing.nextMs = 0;
      if (probing?.isAsking === true) probing.isStale = true;
      else this.#probeIfDue(endpoint, clock.monotonicMs());
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #tick(): void {
    const { clock, balancer, isBusy } = this.#parts;
    const nowMs = clock.monotonicMs();
    this.#cancel = undefined;
    const endpoints = balancer.endpoints();
    if (this.#isClosed || endpoints.length < 2) return;
    if (nowMs - this.#lastUseMs > IDLE_MS && !isBusy()) return;
    const urls = new Set(endpoints.map(({ url }) => url));
    for (const url of this.#probing.keys()) if (!urls.has(url)) this.#probing.delete(url);
    for (const endpoint of endpoints) this.#probeIfDue(endpoint, nowMs);
    this.#cancel = clock.after(INTERVAL_MS, () => this.#tick());
  }

  #probeIfDue(endpoint: Endpoint, nowMs: number): void {
    const probing = this.#probing.get(endpoint.url) ?? {
      isAsking: false,
      isStale: false,
      nextMs: 0,
      pauseMs: 0,
    };
    this.#probing.set(endpoint.url, probing);
    if (probing.isAsking || nowMs < probing.nextMs) return;
    probing.isAsking = true;
    void this.#probe(endpoint, probing, nowMs);
  }

  async #probe(endpoint: Endpoint, probing: Probing, sentMs: number): Promise<void> {
    const { clock, balancer, probe } = this.#parts;
    const result = await probe(endpoint, DEADLINE_MS);
    probing.isAsking = false;
    if (this.#isClosed) return;
    if (result.ok || result.error.kind === 'refused') {
      if (result.ok) balancer.probed(endpoint, result.value, sentMs);
      else balancer.answered(endpoint);
      probing.pauseMs = 0;
      if (!probing.isStale) return;
      probing.isStale = false;
      this.#probeIfDue(endpoint, clock.monotonicMs());
      return;
    }
    probing.isStale = false;
    probing.pauseMs = Math.min(PAUSE_MS_MAX, Math.max(INTERVAL_MS, probing.pauseMs * 2));
    probing.nextMs = clock.monotonicMs() + probing.pauseMs - INTERVAL_MS;
    const { error } = result;
    if (error.kind === 'unknown') balancer.silent(endpoint, sentMs, error.message);
    else balancer.failed(endpoint, error);
  }
}
