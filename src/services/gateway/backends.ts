import type { Clock, Logger } from '../../base/index.js';
import type { Backend, BackendState } from './backend.js';
import type { HealthProbe } from './etcd-probe.js';
import { type BackendFacts, afterFailedDial, afterSight, factsOf, statesOf } from './facts.js';
import type { GatewayLimits } from './limits.js';
import { type BackendCounts, newBackendCounts } from './metrics.js';
import { hopeless, pick } from './picker.js';
import { Prober } from './prober.js';
import type { Relay } from './relay.js';

/** One backend: what is known of it, what is counted, and its live connections. */
export interface BackendEntry {
  facts: BackendFacts;
  /** When it left the list; undefined while it is in it. */
  leftMs: number | undefined;
  dialling: number;
  readonly counts: BackendCounts;
  readonly live: Set<Relay>;
}

interface BackendsParts {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: GatewayLimits;
  readonly probe: HealthProbe;
  /** Its live connections are to be closed: others serve, and it does not. */
  readonly onHopeless: (entry: BackendEntry) => void;
}

/** Keeps what is known of each backend fresh, and says where the next connection goes. */
export class Backends {
  readonly #parts: BackendsParts;
  readonly #prober: Prober;
  readonly #entries = new Map<string, BackendEntry>();
  #states: readonly BackendState[] = [];
  #onSight: (() => void) | undefined;

  constructor(parts: BackendsParts) {
    this.#parts = parts;
    const { clock, limits, probe } = parts;
    this.#prober = new Prober({
      clock,
      limits,
      probe: probe.ask,
      heardBytes: (url) => this.#entries.get(url)?.counts.toClientBytes ?? 0,
      onSight: ({ url }, sight, tookMs) => {
        const entry = this.#entries.get(url);
        if (entry === undefined) return;
        entry.facts = afterSight(entry.facts, sight, tookMs);
        this.#judge();
        this.#onSight?.();
      },
    });
  }

  /** Until each backend was looked at once; no longer than one probe may take. */
  async firstLook(): Promise<void> {
    const { clock, limits } = this.#parts;
    const isOver = () => this.#states.every(({ condition }) => condition !== 'untried');
    await new Promise<void>((resolve) => {
      const cancel = clock.after(limits.probeDeadlineMs, resolve);
      this.#onSight = () => {
        if (!isOver()) return;
        cancel();
        resolve();
      };
      this.#onSight();
    });
    this.#onSight = undefined;
  }

  replace(backends: readonly Backend[]): void {
    const { clock, probe } = this.#parts;
    const listed = new Map(backends.map((backend) => [backend.url, backend]));
    for (const [url, entry] of this.#entries) {
      const backend = listed.get(url);
      if (backend === undefined) entry.leftMs ??= clock.monotonicMs();
      else entry.leftMs = undefined;
      entry.facts = {
        ...entry.facts,
        backend: backend ?? entry.facts.backend,
        isLeaving: backend === undefined,
      };
      this.forgetIfGone(entry);
    }
    for (const backend of listed.values()) {
      if (this.#entries.has(backend.url)) continue;
      this.#entries.set(backend.url, {
        facts: factsOf(backend),
        leftMs: undefined,
        dialling: 0,
        counts: newBackendCounts(),
        live: new Set(),
      });
    }
    this.#judge();
    probe.keepOnly([...listed.values()]);
    this.#prober.follow([...listed.values()]);
  }

  renewProbe(): void {
    this.#parts.probe.renew();
    for (const url of this.#entries.keys()) this.#prober.soon(url);
  }

  /** The order in which a new connection tries them, and how many of them are good. */
  order(turn: number): { readonly order: readonly Backend[]; readonly goodCount: number } {
    const states = pick(this.states(), turn);
    const inCount = states.filter(({ isIn }) => isIn).length;
    // When all are out, none is known to be better than the next.
    const goodCount = inCount === 0 ? states.length : inCount;
    return { order: states.map(({ backend }) => backend), goodCount };
  }

  /** A connection to this one is on its way, so that those that come at once are spread; call what it answers at its end. */
  dialling(backend: Backend | undefined): () => void {
    const entry = backend === undefined ? undefined : this.#entries.get(backend.url);
    if (entry === undefined) return () => undefined;
    entry.dialling++;
    return () => {
      entry.dialling--;
      this.forgetIfGone(entry);
    };
  }

  failedDial({ url }: Backend, because: string): void {
    const entry = this.#entries.get(url);
    if (entry === undefined) return;
    entry.counts.failedDials++;
    entry.facts = afterFailedDial(entry.facts, because);
    this.#judge();
    this.#prober.soon(url);
  }

  entry(url: string): BackendEntry | undefined {
    return this.#entries.get(url);
  }

  entries(): readonly BackendEntry[] {
    return [...this.#entries.values()];
  }

  /** One that left is remembered until its last connection has ended. */
  forgetIfGone({ leftMs, live, dialling, facts }: BackendEntry): void {
    if (leftMs === undefined || live.size + dialling > 0) return;
    const { url } = facts.backend;
    this.#entries.delete(url);
    this.#states = this.#states.filter(({ backend }) => backend.url !== url);
  }

  states(): readonly BackendState[] {
    return this.#states.map((state) => ({
      ...state,
      connections: this.#connectionsOf(state.backend.url),
    }));
  }

  async close(): Promise<void> {
    this.#prober.close();
    await this.#parts.probe.close();
  }

  #connectionsOf(url: string): number {
    const entry = this.#entries.get(url);
    return entry === undefined ? 0 : entry.live.size + entry.dialling;
  }

  #judge(): void {
    const { clock, onHopeless } = this.#parts;
    const nowMs = clock.monotonicMs();
    const before = this.#states;
    const facts = [...this.#entries.values()].map((entry) => entry.facts);
    this.#states = statesOf(facts, before, nowMs, (url) => this.#connectionsOf(url));
    this.#tellChanges(before);
    for (const { backend } of hopeless(this.#states, nowMs)) {
      const entry = this.#entries.get(backend.url);
      if (entry !== undefined && entry.live.size > 0) onHopeless(entry);
    }
  }

  #tellChanges(before: readonly BackendState[]): void {
    for (const { backend, condition, isIn, reason, connections } of this.#states) {
      const last = before.find((state) => state.backend.url === backend.url);
      if (last?.condition === condition || condition === 'untried') continue;
      const data = { backend: backend.url, condition, because: reason, connections };
      this.#parts.logger.log(isIn ? 'info' : 'warn', `backend is ${isIn ? 'in' : 'out'}`, data);
    }
  }
}
