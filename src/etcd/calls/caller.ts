import { assert, err, ok, type Clock } from '../../base/index.js';
import { parseEndpoint, type Endpoint } from '../endpoints.js';
import type { CallResult, EtcdError, Tried } from '../errors.js';
import { errorOfStatus, isStaleToken, mayTryNext } from '../known-answers.js';
import { rpcs, type Rpc } from '../rpcs.js';
import type { AttemptFailure, ByteStream, Transport } from '../transport/transport.js';
import type { Codec } from './codec.js';
import type { EndpointOrder } from './endpoint-order.js';
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

interface CallerParts {
  readonly transport: Transport;
  readonly order: EndpointOrder;
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

  constructor(parts: CallerParts) {
    this.#parts = parts;
  }

  /** Errors that are known before any call, such as endpoints that cannot be read. */
  reportWithFailures(errors: readonly EtcdError[]): void {
    this.#unreadable = errors;
  }

  async unary<Request, Response>(
    rpc: Rpc,
    codec: () => Promise<Codec<Request, Response>>,
    request: Request,
    options?: CallOptions,
  ): Promise<CallResult<Response>> {
    return await this.fallOver(rpc, options, (turn) => this.unaryAt(turn, rpc, codec, request));
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
    return await this.fallOver(rpc, options, (turn) =>
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
        const ended = (error: EtcdError | undefined) =>
          this.#streamEnded(endpoint, metadata, error);
        return ok({ stream: opened.value, endpoint, ended });
      }),
    );
  }

  /**
   * Tries endpoints in order until one settles the matter. The time left is shared equally among the endpoints left,
   * so that the first cannot use up all of it; a call that must not be repeated has no second try once it was sent,
   * so only its connecting is cut short.
   */
  async fallOver<T>(
    rpc: Pick<Rpc, 'repeatable' | 'deadlineMs'>,
    options: CallOptions = {},
    attempt: (turn: Turn) => Promise<CallResult<T>>,
  ): Promise<CallResult<T>> {
    const { clock, order, connectTimeoutMs } = this.#parts;
    const { signal } = options;
    const endpoints = this.#candidates(options);
    if (!endpoints.ok) return endpoints;
    const endMs = clock.monotonicMs() + (options.deadlineMs ?? rpc.deadlineMs);
    const failures = options.endpoint === undefined ? [...this.#unreadable] : [];
    for (const [index, endpoint] of endpoints.value.entries()) {
      const startMs = clock.monotonicMs();
      const shareMs = (endMs - startMs) / (endpoints.value.length - index);
      const turnEndMs = rpc.repeatable ? startMs + shareMs : endMs;
      const connectEndMs = startMs + Math.min(shareMs, connectTimeoutMs);
      if (index > 0 && shareMs <= 0) break;
      const left = (untilMs: number) => Math.max(0, untilMs - clock.monotonicMs());
      const turn = {
        endpoint,
        signal,
        leftMs: () => left(turnEndMs),
        connectMs: () => left(connectEndMs),
      };
      const result = await attempt(turn);
      if (result.ok || !mayTryNext(result.error, rpc.repeatable)) {
        if (result.ok || result.error.kind === 'refused') order.answered(endpoint);
        else order.failed(endpoint);
        return result.ok ? result : err(withTried(result.error, failures));
      }
      order.failed(endpoint);
      failures.push(result.error);
    }
    return err(strongest(failures));
  }

  #candidates(options: CallOptions): CallResult<readonly Endpoint[]> {
    const { order, hasTLS } = this.#parts;
    if (options.endpoint !== undefined) {
      const parsed = parseEndpoint(options.endpoint, hasTLS);
      if (parsed.ok) return ok([parsed.value]);
      return err(badEndpoint(options.endpoint, parsed.error));
    }
    const endpoints = order.candidates();
    if (endpoints.length > 0 || this.#unreadable.length > 0) return ok(endpoints);
    const where = { message: 'The client has no endpoint to ask.', endpoint: '', tried: [] };
    return err({ kind: 'not-sent', why: 'no-endpoint', ...where });
  }

  /** Runs `send` with the metadata the call needs; once more after a new login when the token was refused. */
  async #withToken<T>(
    turn: Turn,
    rpc: Rpc,
    send: (metadata: Readonly<Record<string, string>>) => Promise<CallResult<T>>,
  ): Promise<CallResult<T>> {
    const base = rpc.needsLeader ? { hasleader: 'true' } : {};
    const { login } = this.#parts;
    if (login === undefined || rpc === rpcs.authenticate) return await send(base);
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
    { url }: Endpoint,
    metadata: Readonly<Record<string, string>>,
    error: EtcdError | undefined,
  ): void {
    const { order, login } = this.#parts;
    if (error === undefined) return;
    if (isStaleToken(error)) login?.tokens.forget(metadata['token']);
    const endpoint = order.candidates().find((each) => each.url === url);
    if (endpoint !== undefined && mayTryNext(error, true)) order.failed(endpoint);
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
