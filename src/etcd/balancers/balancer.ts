import type { Clock } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import type { EtcdError, NotSentWhy } from '../errors.js';
import type { Transport } from '../transport/transport.js';
import { POLICIES, type BalancerName, type CallClass, type Picker } from './policies.js';
import {
  afterAnswer,
  afterFailure,
  afterProbe,
  factsOf,
  statesOf,
  type EndpointCondition,
  type EndpointFacts,
  type EndpointState,
  type Failure,
  type ProbeAnswer,
} from './state.js';

interface BalancerParts {
  readonly name: BalancerName;
  readonly transport: Pick<Transport, 'connect' | 'states'>;
  readonly clock: Clock;
}

/** Of all reads at most this share is sent twice, so that a slow cluster is not made slower; so many may come at once. */
const HEDGE_SHARE = 0.1;
const HEDGES_SAVED_MAX = 10;

/** How long `healthy` goes round again for a call that certainly was not done, while there is no leader. */
const PATIENCE_MS = 3_000;

/** So often in a row. */
const LATE_MAX = 3;

/** Conditions in which a call that waits at an endpoint had better wait elsewhere. */
const OUT: ReadonlySet<EndpointCondition> = new Set(['silent', 'unreachable', 'no-leader']);

/** Keeps what is known of each endpoint, and the picker that the policy makes of it. */
export class Balancer {
  readonly #parts: BalancerParts;
  #facts: readonly EndpointFacts[] = [];
  #picker: Picker | undefined;
  #turn = 0;
  #connected = 0;
  #hedgesSaved = HEDGES_SAVED_MAX;
  readonly #late = new Map<string, number>();
  readonly #waitingAt = new Map<string, Set<() => void>>();

  constructor(parts: BalancerParts) {
    this.#parts = parts;
  }

  get name(): BalancerName {
    return this.#parts.name;
  }

  /** How long a call may go round again when every endpoint turned it away unseen; 0: once is enough. */
  get patienceMs(): number {
    return this.name === 'healthy' && this.#facts.length > 1 ? PATIENCE_MS : 0;
  }

  /** Undefined: a read waits for its endpoint. */
  get hedgeAfterMs(): number | undefined {
    return this.#facts.length > 1 ? this.#pick().hedgeAfterMs : undefined;
  }

  endpoints(): readonly Endpoint[] {
    return this.#facts.map(({ endpoint }) => endpoint);
  }

  states(): readonly EndpointState[] {
    const connections = this.#parts.transport.states();
    return statesOf(this.#facts, (url) => connections.get(url) ?? 'idle');
  }

  /** The endpoints for one call, best first. */
  candidates(call: CallClass): readonly Endpoint[] {
    return this.#pick().order(call, this.#turn++);
  }

  /** Whether `prepare` has nothing to do. */
  get isPrepared(): boolean {
    if (this.#facts.length < 2) return true;
    const connections = this.#parts.transport.states();
    return this.#facts.some(({ endpoint }) => connections.get(endpoint.url) === 'ready');
  }

  /**
   * Dials all endpoints at once when none is connected, and waits for the first that is, at most `ms`. Whoever has
   * only one, or a connection already, does not wait.
   */
  async prepare(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { transport, clock } = this.#parts;
    if (this.isPrepared) return;
    const dials = this.endpoints().map(async (endpoint) => {
      const dialled = await transport.connect({ endpoint, deadlineMs: ms, connectMs: ms, signal });
      if (!dialled.ok) throw new Error(dialled.error.message);
      const connectedAs = ++this.#connected;
      this.#change(endpoint.url, (facts) => ({ ...facts, connectedAs }));
    });
    let stop: (() => void) | undefined;
    const late = new Promise<void>((resolve) => {
      stop = clock.after(ms, resolve);
    });
    await Promise.race([Promise.any(dials).catch(() => undefined), late]);
    stop?.();
  }

  /** Another endpoint, asked later, has answered first. Once says nothing; again and again is a doubt. */
  late(endpoint: Endpoint): void {
    const count = (this.#late.get(endpoint.url) ?? 0) + 1;
    this.#late.set(endpoint.url, count);
    if (count < LATE_MAX) return;
    this.#late.delete(endpoint.url);
    const atMs = this.#parts.clock.monotonicMs();
    const message = `It was late ${LATE_MAX} times while others answered.`;
    this.#change(endpoint.url, (facts) => afterFailure(facts, { kind: 'doubtful', message, atMs }));
  }

  /** A call or a probe found this endpoint answering. */
  answered({ url }: Endpoint, tookMs?: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#late.delete(url);
    const before = this.#facts.find(({ endpoint }) => endpoint.url === url);
    if (before === undefined) return;
    const after = afterAnswer(before, nowMs, tookMs);
    const isNews = before.answeredMs === undefined || before.failedMs !== undefined;
    // One answer of thousands a second moves no order, only what late means; the next probe brings that to bear.
    if (isNews) this.#change(url, () => after);
    else this.#facts = this.#facts.map((facts) => (facts === before ? after : facts));
  }

  /** A call was not served here. */
  failed({ url }: Endpoint, error: EtcdError): void {
    this.#change(url, (facts) => afterFailure(facts, this.#failureOf(error)));
  }

  probed({ url }: Endpoint, answer: ProbeAnswer, sentMs: number): void {
    const nowMs = this.#parts.clock.monotonicMs();
    this.#change(url, (facts) => afterProbe(facts, answer, sentMs, nowMs));
  }

  /** A probe got no answer in time, and neither did any call meanwhile. */
  silent({ url }: Endpoint, sentMs: number, message: string): void {
    const atMs = this.#parts.clock.monotonicMs();
    this.#change(url, (facts) =>
      (facts.answeredMs ?? Number.NEGATIVE_INFINITY) > sentMs
        ? facts
        : afterFailure(facts, { kind: 'silent', message, atMs }),
    );
  }

  /** Calls `tell` once when this endpoint is taken out; the answer takes that back. */
  whenOut({ url }: Endpoint, tell: () => void): () => void {
    const waiting = this.#waitingAt.get(url) ?? new Set();
    this.#waitingAt.set(url, waiting.add(tell));
    return () => {
      waiting.delete(tell);
      if (waiting.size === 0) this.#waitingAt.delete(url);
    };
  }

  /** Counts a read that might be hedged. */
  countRead(): void {
    this.#hedgesSaved = Math.min(HEDGES_SAVED_MAX, this.#hedgesSaved + HEDGE_SHARE);
  }

  /** Whether one more read may be sent twice. */
  takeHedge(): boolean {
    if (this.#hedgesSaved < 1) return false;
    this.#hedgesSaved--;
    return true;
  }

  /** What is known of an endpoint that stays is kept. */
  replace(endpoints: readonly Endpoint[]): void {
    const known = new Map(this.#facts.map((facts) => [facts.endpoint.url, facts]));
    this.#facts = endpoints.map((endpoint) => known.get(endpoint.url) ?? factsOf(endpoint));
    this.#picker = undefined;
  }

  #pick(): Picker {
    return (this.#picker ??= POLICIES[this.name](this.states()));
  }

  #change(url: string, change: (facts: EndpointFacts) => EndpointFacts): void {
    let hasChanged = false;
    this.#facts = this.#facts.map((facts) => {
      if (facts.endpoint.url !== url) return facts;
      hasChanged = true;
      return change(facts);
    });
    if (!hasChanged) return;
    this.#picker = undefined;
    if (this.#waitingAt.size === 0) return;
    const state = this.states().find(({ endpoint }) => endpoint.url === url);
    if (state === undefined || !OUT.has(state.condition)) return;
    for (const tell of this.#waitingAt.get(url) ?? []) tell();
    this.#waitingAt.delete(url);
  }

  #failureOf(error: EtcdError): Failure {
    const atMs = this.#parts.clock.monotonicMs();
    return { kind: failureKindOf(error), message: error.message, atMs };
  }
}

/** Why a call was not sent though the endpoint is there. */
const IS_CONNECTED: ReadonlySet<NotSentWhy> = new Set(['login-failed', 'not-processed', 'no-room']);

function failureKindOf(error: EtcdError): Failure['kind'] {
  switch (error.kind) {
    case 'refused':
      return error.reason === 'no-leader' ? 'no-leader' : 'doubtful';
    case 'not-sent':
      return IS_CONNECTED.has(error.why) ? 'doubtful' : 'unreachable';
    case 'unknown':
      return 'doubtful';
  }
}
