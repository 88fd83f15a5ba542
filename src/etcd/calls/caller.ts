import { assert, err, ok, withDeadline, type Clock } from '../../base/index.js';
import type { Balancer } from '../balancers/balancer.js';
import type { CallClass } from '../balancers/policies.js';
import { parseEndpoint, type Endpoint } from '../endpoints.js';
import type { CallResult, EtcdError, Tried } from '../errors.js';
import { errorOfStatus, isStaleToken, mayTryNext } from '../known-answers.js';
import { rpcs, type Rpc } from '../rpcs.js';
import type { AttemptFailure, ByteStream, Transport } from '../transport/transport.js';
import type { Codec } from './codec.js';
import { hedged, type Round } from './hedging.js';
import type { TokenSource } from './tokens.js';

/** What a caller may say about any call. */
export interface CallOptions {
  /** For the whole call, every endpoint and a login included. Each RPC has its own default (rpcs.ts). */
  readonly deadlineMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Ask this endpoint and no other; it need not be one of the client's. */
  readonly endpoint?: string | undefined;
}

/** One try of a call on one endpoint. */
export interface Turn {
  readonly endpoint: Endpoint;
  readonly signal: AbortSignal | undefined;
  /** What is left for this try. */
  leftMs(): number;
  /** What of that may go into connecting. */
  connectMs(): number;
}

type FallOverRpc = Pick<Rpc, 'repeatable' | 'needsLeader' | 'deadlineMs'> & {
  readonly isStream?: boolean;
};

/** One pass over the endpoints. */
interface RoundCall<T> {
  readonly rpc: FallOverRpc;
  readonly options: CallOptions;
  readonly endpoints: readonly Endpoint[];
  readonly endMs: number;
  readonly attempt: (turn: Turn) => Promise<CallResult<T>>;
}

/** Between two passes over the endpoints, doubling. */
const ROUND_PAUSE_MS = 10;
const ROUND_PAUSE_MS_MAX = 200;

/** A transfer of leadership is over or given up within an election time-out, a second by default. */
const DROPPED_MS_MAX = 3_000;
const DROPPED_PAUSE_MS = 20;

const isDropped = (result: CallResult<unknown>): boolean =>
  !result.ok && result.error.kind === 'refused' && result.error.reason === 'proposal-dropped';

const BY_CALLER: ReadonlySet<string> = new Set(['cancelled', 'closed', 'request-too-large']);

const NEVER = new AbortController().signal;

const NEEDS_LEADER: Readonly<Record<string, string>> = { hasleader: 'true' };
const NOTHING: Readonly<Record<string, string>> = {};

interface CallerParts {
  readonly transport: Transport;
  readonly balancer: Balancer;
  /** A call that the balancer places is about to be made. What it answers, if anything, is waited for. */
  readonly onUse: () => Promise<void> | undefined;
  /** An answer came from a later term than any before: who leads may have changed. */
  readonly onNewTerm: () => void;
  readonly clock: Clock;
  readonly hasTLS: boolean;
  readonly connectTimeoutMs: number;
  readonly login: { readonly tokens: TokenSource; readonly authenticate: Authenticate } | undefined;
}

export type Authenticate = (caller: Caller, turn: Turn) => Promise<CallResult<string | undefined>>;

/** From a request to its result: endpoints in order, time shared among them, tokens, and what may be sent again. */
export class Caller {
  readonly #parts: CallerParts;
  #unreadable: readonly EtcdError[] = [];
  #openStreams = 0;
  #term = 0n;

  constructor(parts: CallerParts) {
    this.#parts = parts;
  }

  /** Errors that are known before any call, such as endpoints that cannot be read. */
  reportWithFailures(errors: readonly EtcdError[]): void {
    this.#unreadable = errors;
  }

  get openStreams(): number {
    return this.#openStreams;
  }

  unary<Request, Response>(
    rpc: Rpc,
    codec: () => Promise<Codec<Request, Response>>,
    request: Request,
    options?: CallOptions,
  ): Promise<CallResult<Response>> {
    return this.fallOver(rpc, options, (turn) => this.unaryAt(turn, rpc, codec, request));
  }

  /** The same on one endpoint, for calls that are made of several. */
  async unaryAt<Request, Response>(
    turn: Turn,
    rpc: Rpc,
    codec: () => Promise<Codec<Request, Response>>,
    request: Request,
  ): Promise<CallResult<Response>> {
    const { encode, decode } = await codec();
    const message = encode(request);
    return await this.#withToken(turn, rpc, async (metadata) => {
      const { endpoint, signal } = turn;
      const { transport } = this.#parts;
      const answer = await transport.unary({
        endpoint,
        signal,
        path: rpc.path,
        message,
        metadata,
        deadlineMs: turn.leftMs(),
        connectMs: turn.connectMs(),
      });
      if (!answer.ok) return err(errorOf(answer.error, endpoint));
      try {
        return ok(decode(answer.value));
      } catch (error) {
        const text = `The answer to ${rpc.path} cannot be read: ${String(error)}`;
        return err(errorOf({ kind: 'unknown', why: 'bad-answer', message: text }, endpoint));
      }
    });
  }

  /** Opens a stream on the first endpoint that takes it. What happens on it later is the caller's. */
  async stream(rpc: Rpc, options?: CallOptions): Promise<CallResult<OpenStream>> {
    return await this.fallOver({ ...rpc, isStream: true }, options, (turn) =>
      this.#withToken(turn, rpc, async (metadata) => {
        const { endpoint, signal } = turn;
        const opened = await this.#parts.transport.stream({
          endpoint,
          signal,
          path: rpc.path,
          metadata,
          deadlineMs: turn.leftMs(),
          connectMs: turn.connectMs(),
        });
        if (!opened.ok) return err(errorOf(opened.error, endpoint));
        this.#openStreams++;
        const ended = (error: EtcdError | undefined) =>
          this.#streamEnded(endpoint, metadata, error);
        return ok({ stream: opened.value, endpoint, ended });
      }),
    );
  }

  /**
   * Tries endpoints, best first, until one settles the matter. With `healthy`, a call that every endpoint turned away
   * unseen, as while a leader is elected, goes round again for a while.
   */
  async fallOver<T>(
    rpc: FallOverRpc,
    options: CallOptions = {},
    attempt: (turn: Turn) => Promise<CallResult<T>>,
  ): Promise<CallResult<T>> {
    const { clock, balancer, connectTimeoutMs, onUse } = this.#parts;
    const { signal } = options;
    const startMs = clock.monotonicMs();
    const endMs = startMs + (options.deadlineMs ?? rpc.deadlineMs);
    const isNamed = options.endpoint !== undefined;
    if (!isNamed) {
      const found = onUse();
      if (found !== undefined) {
        await withDeadline(clock, endMs - startMs, signal ?? NEVER, () => found);
      }
      if (!balancer.isPrepared) {
        await balancer.prepare(Math.min(connectTimeoutMs, endMs - startMs), signal);
      }
    }
    const roundsEndMs = isNamed ? startMs : Math.min(endMs, startMs + balancer.patienceMs);
    for (let round = 0; ; round++) {
      const endpoints = this.#candidates(options, rpc.needsLeader ? 'consensus' : 'local');
      if (!endpoints.ok) return endpoints;
      const call = { rpc, options, endpoints: endpoints.value, endMs, attempt };
      const { result, failures } = await this.#round(call);
      const before = isNamed ? failures : [...this.#unreadable, ...failures];
      if (result !== undefined) return result.ok ? result : err(withTried(result.error, before));
      const pauseMs = Math.min(ROUND_PAUSE_MS_MAX, ROUND_PAUSE_MS * 2 ** round);
      const isOver = clock.monotonicMs() + pauseMs >= roundsEndMs || signal?.aborted === true;
      if (isOver) return err(strongest(before));
      await clock.sleep(pauseMs, signal ?? NEVER).catch(() => undefined);
    }
  }

  async #round<T>(call: RoundCall<T>): Promise<Round<T>> {
    const { balancer, clock } = this.#parts;
    const { rpc, options, endpoints } = call;
    const afterMs = balancer.hedgeAfterMs;
    const mayHedge = rpc.repeatable && rpc.isStream !== true && options.endpoint === undefined;
    if (!mayHedge || afterMs === undefined || endpoints.length < 2) return await this.#inTurn(call);
    balancer.countRead();
    return await hedged({
      endpoints,
      clock,
      afterMs,
      signal: options.signal,
      attempt: (endpoint, index, signal) => this.#attemptAt(call, endpoint, index, signal),
      isFinal: (result) => !result.ok && !mayTryNext(result.error, true),
      takeHedge: () => balancer.takeHedge(),
      whenOut: (endpoint, tell) => balancer.whenOut(endpoint, tell),
      onLate: (endpoint) => balancer.late(endpoint),
    });
  }

  async #inTurn<T>(call: RoundCall<T>): Promise<Round<T>> {
    const { clock } = this.#parts;
    const { rpc, options, endpoints, endMs } = call;
    const failures: EtcdError[] = [];
    for (const [index, endpoint] of endpoints.entries()) {
      if (index > 0 && clock.monotonicMs() >= endMs) break;
      const result = await this.#attemptAt(call, endpoint, index, options.signal);
      if (result.ok || !mayTryNext(result.error, rpc.repeatable)) return { result, failures };
      failures.push(result.error);
    }
    return { result: undefined, failures };
  }

  /**
   * One endpoint. The time left is shared equally among the endpoints left, so that the first cannot use up all of it;
   * a call that must not be repeated has no second try once it was sent, so only its connecting is cut short.
   */
  async #attemptAt<T>(
    { rpc, options, endpoints, endMs, attempt }: RoundCall<T>,
    endpoint: Endpoint,
    index: number,
    signal: AbortSignal | undefined,
  ): Promise<CallResult<T>> {
    const { clock, connectTimeoutMs } = this.#parts;
    const startMs = clock.monotonicMs();
    const shareMs = (endMs - startMs) / (endpoints.length - index);
    const turnEndMs = rpc.repeatable ? startMs + shareMs : endMs;
    const connectEndMs = startMs + Math.min(shareMs, connectTimeoutMs);
    const left = (untilMs: number) => Math.max(0, untilMs - clock.monotonicMs());
    const turn: Turn = {
      endpoint,
      signal,
      leftMs: () => left(turnEndMs),
      connectMs: () => left(connectEndMs),
    };
    let result = await attempt(turn);
    // While leadership moves, the old leader drops what it is asked and says so. It knows best when that is over.
    const dropEndMs = Math.min(turnEndMs, startMs + DROPPED_MS_MAX);
    while (isDropped(result) && clock.monotonicMs() + DROPPED_PAUSE_MS < dropEndMs) {
      await clock.sleep(DROPPED_PAUSE_MS, signal ?? NEVER).catch(() => undefined);
      result = await attempt(turn);
    }
    if (options.endpoint === undefined) {
      this.#report(endpoint, result, rpc, clock.monotonicMs() - startMs);
    }
    return result;
  }

  #report(endpoint: Endpoint, result: CallResult<unknown>, rpc: FallOverRpc, tookMs: number): void {
    const { balancer } = this.#parts;
    if (result.ok) {
      const term = termOf(result.value);
      if (term > this.#term) {
        this.#term = term;
        this.#parts.onNewTerm();
      }
      balancer.answered(endpoint, rpc.isStream === true ? undefined : tookMs);
      return;
    }
    const { error } = result;
    // What the caller did itself says nothing about the endpoint.
    if (error.kind !== 'refused' && BY_CALLER.has(error.why)) return;
    if (error.kind === 'refused' && !mayTryNext(error, rpc.repeatable)) balancer.answered(endpoint);
    else balancer.failed(endpoint, error);
  }

  #candidates(options: CallOptions, call: CallClass): CallResult<readonly Endpoint[]> {
    const { balancer, hasTLS } = this.#parts;
    if (options.endpoint !== undefined) {
      const parsed = parseEndpoint(options.endpoint, hasTLS);
      if (parsed.ok) return ok([parsed.value]);
      return err(badEndpoint(options.endpoint, parsed.error));
    }
    const endpoints = balancer.candidates(call);
    if (endpoints.length > 0 || this.#unreadable.length > 0) return ok(endpoints);
    const where = { message: 'The client has no endpoint to ask.', endpoint: '', tried: [] };
    return err({ kind: 'not-sent', why: 'no-endpoint', ...where });
  }

  /** Runs `send` with the metadata the call needs; once more after a new login when the token was refused. */
  #withToken<T>(
    turn: Turn,
    rpc: Rpc,
    send: (metadata: Readonly<Record<string, string>>) => Promise<CallResult<T>>,
  ): Promise<CallResult<T>> {
    const base = rpc.needsLeader ? NEEDS_LEADER : NOTHING;
    const { login } = this.#parts;
    if (login === undefined || rpc === rpcs.authenticate) return send(base);
    return this.#withLogin(turn, login, base, send);
  }

  async #withLogin<T>(
    turn: Turn,
    login: NonNullable<CallerParts['login']>,
    base: Readonly<Record<string, string>>,
    send: (metadata: Readonly<Record<string, string>>) => Promise<CallResult<T>>,
  ): Promise<CallResult<T>> {
    const sendOnce = async () => {
      const token = await this.#token(turn, login);
      if (!token.ok) return { token: undefined, result: token };
      const metadata = token.value === undefined ? base : { ...base, token: token.value };
      return { token: token.value, result: await send(metadata) };
    };
    const first = await sendOnce();
    if (first.result.ok || !isStaleToken(first.result.error)) return first.result;
    login.tokens.forget(first.token);
    return (await sendOnce()).result;
  }

  #streamEnded(
    endpoint: Endpoint,
    metadata: Readonly<Record<string, string>>,
    error: EtcdError | undefined,
  ): void {
    const { balancer, login } = this.#parts;
    this.#openStreams--;
    if (error === undefined) return;
    if (isStaleToken(error)) login?.tokens.forget(metadata['token']);
    if (mayTryNext(error, true)) balancer.failed(endpoint, error);
  }

  /** A login that fails means that the call itself was never sent, whatever became of the login. */
  async #token(
    turn: Turn,
    login: NonNullable<CallerParts['login']>,
  ): Promise<CallResult<string | undefined>> {
    const shared = () => login.authenticate(this, loginTurn(turn));
    const token = await login.tokens.token(shared, turn.leftMs(), turn.signal);
    const where = { endpoint: turn.endpoint.url, tried: [] };
    if (token === 'late') {
      const why = turn.signal?.aborted === true ? 'cancelled' : 'login-failed';
      return err({ kind: 'not-sent', why, message: 'The login took too long.', ...where });
    }
    if (token.ok || token.error.kind !== 'unknown') return token;
    const message = `The login gave no answer: ${token.error.message}`;
    return err({ kind: 'not-sent', why: 'login-failed', message, ...where });
  }
}

/** The term in which the member that answered stands; every answer of a member says it in its header. */
function termOf(answer: unknown): bigint {
  const { header } = (answer ?? {}) as { readonly header?: { readonly raftTerm?: unknown } };
  return typeof header?.raftTerm === 'bigint' ? header.raftTerm : 0n;
}

export interface OpenStream {
  readonly stream: ByteStream;
  readonly endpoint: Endpoint;
  /** Tells how the stream ended, so that the next one goes where it can live; undefined: as it should. */
  ended(error: EtcdError | undefined): void;
}

/** A login serves many calls, so neither the time nor the signal of the one that started it ends it. */
const loginTurn = ({ endpoint, connectMs }: Turn): Turn => ({
  endpoint,
  signal: undefined,
  leftMs: () => rpcs.authenticate.deadlineMs,
  connectMs,
});

export const badEndpoint = (endpoint: string, message: string): EtcdError => ({
  kind: 'not-sent',
  why: 'bad-endpoint',
  message,
  endpoint,
  tried: [],
});

/** What the transport saw, as the client's error. */
export function errorOf(failure: AttemptFailure, endpoint: Endpoint): EtcdError {
  if (failure.kind === 'status') return errorOfStatus(failure.code, failure.message, endpoint.url);
  return { ...failure, endpoint: endpoint.url, tried: [] };
}

/** Of several failures the one that says most: a server's word before silence, silence before no connection. */
function strongest(failures: readonly EtcdError[]): EtcdError {
  const rank = { refused: 3, unknown: 2, 'not-sent': 1 };
  const [best] = failures.toSorted((a, b) => rank[b.kind] - rank[a.kind]);
  assert(best !== undefined, 'a call failed without a try');
  return withTried(
    best,
    failures.filter((failure) => failure !== best),
  );
}

const withTried = (error: EtcdError, others: readonly EtcdError[]): EtcdError => ({
  ...error,
  tried: [...error.tried, ...others.map(({ endpoint, message }): Tried => ({ endpoint, message }))],
});
