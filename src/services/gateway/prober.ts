import type { Clock } from '../../base/index.js';
import type { Backend, Probe, Sight } from './backend.js';
import type { GatewayLimits } from './limits.js';

interface ProberParts {
  readonly clock: Clock;
  readonly probe: Probe;
  readonly limits: Pick<GatewayLimits, 'probeIntervalMs' | 'probeDeadlineMs'>;
  /** Bytes that this backend has sent to clients so far: who talks is not silent. */
  readonly heardBytes: (url: string) => number;
  readonly onSight: (backend: Backend, sight: Sight, tookMs: number) => void;
}

/**
 * One that lets nobody look inside logs each of our probes as a broken connection, so it is asked less often; but not
 * while it talks to clients: then it is not greeted at all, and is missed as soon as it stops.
 */
const OPAQUE_INTERVAL_MS = 1_000;
/** One that is gone is asked less and less often, up to this. */
const PAUSE_MS_MAX = 2_000;

interface Round {
  readonly backend: Backend;
  isAsking: boolean;
  /** Asked for while a probe was under way. */
  again: boolean;
  failures: number;
  last: Sight['kind'] | undefined;
  heardBytes: number;
  hasTalked: boolean;
  cancel: (() => void) | undefined;
}

/** Asks each backend how it is, one question at a time each, for as long as the gateway runs. */
export class Prober {
  readonly #parts: ProberParts;
  readonly #rounds = new Map<string, Round>();

  constructor(parts: ProberParts) {
    this.#parts = parts;
  }

  /** Probes these from now on, new ones at once, and no others. */
  follow(backends: readonly Backend[]): void {
    const urls = new Set(backends.map(({ url }) => url));
    for (const [url, round] of this.#rounds) {
      if (urls.has(url)) continue;
      round.cancel?.();
      this.#rounds.delete(url);
    }
    for (const backend of backends) {
      if (this.#rounds.has(backend.url)) continue;
      const round: Round = {
        backend,
        isAsking: false,
        again: false,
        failures: 0,
        last: undefined,
        heardBytes: 0,
        hasTalked: false,
        cancel: undefined,
      };
      this.#rounds.set(backend.url, round);
      void this.#ask(round);
    }
  }

  /** Something happened that makes a fresh look worth while. */
  soon(url: string): void {
    const round = this.#rounds.get(url);
    if (round === undefined) return;
    if (round.isAsking) {
      round.again = true;
      return;
    }
    round.cancel?.();
    void this.#ask(round);
  }

  close(): void {
    for (const round of this.#rounds.values()) round.cancel?.();
    this.#rounds.clear();
  }

  async #ask(round: Round): Promise<void> {
    const { clock, probe, limits, heardBytes, onSight } = this.#parts;
    const { backend } = round;
    const sentMs = clock.monotonicMs();
    const before = heardBytes(backend.url);
    round.hasTalked = before !== round.heardBytes;
    round.heardBytes = before;
    round.isAsking = true;
    const seen = await probe(backend, limits.probeDeadlineMs, round.hasTalked);
    round.isAsking = false;
    if (this.#rounds.get(backend.url) !== round) return;
    const sight = this.#unlessHeard(seen, backend, before);
    if (sight.kind !== 'unclear') round.last = sight.kind;
    const isBad = sight.kind === 'unreachable' || sight.kind === 'silent';
    round.failures = isBad ? round.failures + 1 : 0;
    onSight(backend, sight, clock.monotonicMs() - sentMs);
    if (this.#rounds.get(backend.url) !== round) return;
    const pauseMs = round.again ? 0 : this.#pauseMs(round);
    round.again = false;
    round.cancel = clock.after(pauseMs, () => void this.#ask(round));
  }

  /** A late answer to a probe means nothing while the backend answers clients. */
  #unlessHeard(sight: Sight, backend: Backend, before: number): Sight {
    if (sight.kind !== 'silent' || this.#parts.heardBytes(backend.url) === before) return sight;
    return { kind: 'unclear', because: 'It answers clients and was late for a probe.' };
  }

  #pauseMs({ failures, last, hasTalked }: Round): number {
    const { probeIntervalMs } = this.#parts.limits;
    // The second question, which confirms the first, follows at once.
    if (failures === 1 && last === 'silent') return 0;
    if (failures > 1) return Math.min(PAUSE_MS_MAX, probeIntervalMs * 2 ** (failures - 2));
    const isIdleAndOpaque = last === 'answers' && !hasTalked;
    return isIdleAndOpaque ? Math.max(OPAQUE_INTERVAL_MS, probeIntervalMs) : probeIntervalMs;
  }
}
