import type { Clock, Random } from '../../base/index.js';
import type { EtcdError } from '../errors.js';

export interface KeepOptions {
  /** Until when the lease certainly lives without us, on the client's monotonic clock, if that is known. */
  readonly knownUntilMs?: number | undefined;
  /** Stops the keeping; the lease then goes at its end. */
  readonly signal?: AbortSignal | undefined;
}

/** Why a lease is no longer kept alive. */
export type LeaseLoss =
  /** The server knows no such lease: it ended or was revoked. */
  | { readonly kind: 'gone' }
  /** No server answered for so long that it may have ended. */
  | { readonly kind: 'expired'; readonly silentMs: number }
  /** Keeping it alive is refused in a way that no other try would change, or the client was closed. */
  | { readonly kind: 'failed'; readonly error: EtcdError }
  /** By `stop` or the signal. */
  | { readonly kind: 'stopped' };

/** What a keeper needs of the stream that it shares. */
export interface KeeperHost {
  ask(keeper: LeaseKeeper): void;
  /** The stream has not answered for too long. */
  isSilent(keeper: LeaseKeeper): void;
  remove(keeper: LeaseKeeper): void;
}

/** Of its time to live, a lease is renewed after this share, less up to a fifth so that many do not come at once. */
const RENEW_SHARE = 1 / 3;
const JITTER = 0.2;
/** An answer that takes longer is not awaited: the stream is opened elsewhere. */
const ANSWER_MS_MAX = 2_000;

/**
 * Keeps one lease alive. How long it lives is counted from when a renewal was *sent*: the server counts from later,
 * so while `signal` is not aborted the lease is alive, as far as both clocks run at the same speed.
 */
export class LeaseKeeper {
  readonly leaseID: bigint;
  /** Settles when the lease is no longer kept alive, with why. */
  readonly lost: Promise<LeaseLoss>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #host: KeeperHost;
  readonly #losing = new AbortController();
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.stop();
  #tellLost: (loss: LeaseLoss) => void = () => undefined;
  #untilMs: number | undefined;
  #sentMs = 0;
  #cancelRenewal: () => void = () => undefined;
  #cancelExpiry: () => void = () => undefined;
  #renewals = 0;

  constructor(
    leaseID: bigint,
    { knownUntilMs, signal }: KeepOptions,
    parts: { readonly clock: Clock; readonly random: Random; readonly host: KeeperHost },
  ) {
    this.leaseID = leaseID;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#host = parts.host;
    this.#signal = signal;
    this.lost = new Promise((resolve) => {
      this.#tellLost = resolve;
    });
    if (knownUntilMs !== undefined) this.#livesUntil(knownUntilMs);
    signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  /** Aborts when the lease is lost or may be, or its keeping was stopped; work that relies on the lease takes it. */
  get signal(): AbortSignal {
    return this.#losing.signal;
  }

  /** How often the server has renewed it for this keeper. */
  get renewals(): number {
    return this.#renewals;
  }

  /** How long it certainly lives if nobody renews it, in milliseconds; 0 while that is not known. */
  leftMs(): number {
    return Math.max(0, (this.#untilMs ?? 0) - this.#clock.monotonicMs());
  }

  /** Renews it no more; the lease goes at its end. To end it at once, revoke it. */
  stop(): void {
    this.lose({ kind: 'stopped' });
  }

  /** For the stream: asks for a renewal now. */
  renew(): void {
    this.#cancelRenewal();
    if (this.#losing.signal.aborted) return;
    this.#sentMs = this.#clock.monotonicMs();
    this.#cancelRenewal = this.#clock.after(ANSWER_MS_MAX, () => this.#host.isSilent(this));
    this.#host.ask(this);
  }

  /** For the stream: there is none at the moment; it will say `renew`. */
  pause(): void {
    this.#cancelRenewal();
  }

  /** For the stream: the server's answer. */
  answered(ttlSeconds: number): void {
    if (this.#losing.signal.aborted) return;
    this.#cancelRenewal();
    if (ttlSeconds <= 0) {
      this.lose({ kind: 'gone' });
      return;
    }
    this.#renewals++;
    this.#livesUntil(this.#sentMs + ttlSeconds * 1000);
    const shareMs = ttlSeconds * 1000 * RENEW_SHARE * (1 - JITTER * this.#random.next());
    const waitMs = Math.max(0, this.#sentMs + shareMs - this.#clock.monotonicMs());
    this.#cancelRenewal = this.#clock.after(waitMs, () => this.renew());
  }

  /** For the stream. */
  lose(loss: LeaseLoss): void {
    if (this.#losing.signal.aborted) return;
    this.#cancelRenewal();
    this.#cancelExpiry();
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#losing.abort(new DOMException(`lease ${loss.kind}`, 'AbortError'));
    this.#tellLost(loss);
    this.#host.remove(this);
  }

  #livesUntil(untilMs: number): void {
    this.#cancelExpiry();
    this.#untilMs = untilMs;
    const leftMs = Math.max(0, untilMs - this.#clock.monotonicMs());
    this.#cancelExpiry = this.#clock.after(leftMs, () => {
      const silentMs = Math.round(this.#clock.monotonicMs() - this.#sentMs);
      this.lose({ kind: 'expired', silentMs });
    });
  }
}
