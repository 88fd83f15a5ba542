import { err, ok, type Clock, type Random } from '../../base/index.js';
import type { CallResult, EtcdError } from '../errors.js';
import { isStaleToken } from '../known-answers.js';
import type { Rpc } from '../rpcs.js';
import { Backoff } from './backoff.js';
import { errorOf, type CallOptions, type OpenStream } from './caller.js';
import type { Codec } from './codec.js';

export interface StreamOpener {
  stream(rpc: Rpc, options?: CallOptions): Promise<CallResult<OpenStream>>;
}

/** What a lasting stream works with. */
export interface LastingParts {
  readonly opener: StreamOpener;
  readonly clock: Clock;
  readonly random: Random;
}

export interface LastingEvents<Response> {
  /** A new stream stands; nothing that was said on an older one counts any more. */
  onOpen(): void;
  onMessage(response: Response): void;
  /** The stream broke; another is under way. */
  onBreak(error: EtcdError): void;
  /** No other stream would do better, so there will be none. */
  onGivenUp(error: EtcdError): void;
}

/** A stream that lived so long was a good one: the next is opened without a pause. */
const LIVED_MS = 1_000;

/** How often in a row a fresh token may be called stale before it is believed. */
const STALE_TOKENS_MAX = 2;

/**
 * One stream in both directions for as long as somebody needs it: opened again after every break, on whichever
 * endpoint is best then, and moved when its connection is closing (GOAWAY). Its users say again what they need after
 * each `onOpen`.
 */
export class LastingStream<Request, Response> {
  readonly #parts: LastingParts;
  readonly #rpc: Rpc;
  readonly #codec: () => Promise<Codec<Request, Response>>;
  readonly #events: LastingEvents<Response>;
  #codecNow: Codec<Request, Response> | undefined;
  #current: OpenStream | undefined;
  #running: AbortController | undefined;
  #leftBecause: EtcdError | undefined;

  constructor(
    parts: LastingParts,
    rpc: Rpc,
    codec: () => Promise<Codec<Request, Response>>,
    events: LastingEvents<Response>,
  ) {
    this.#parts = parts;
    this.#rpc = rpc;
    this.#codec = codec;
    this.#events = events;
  }

  /** The endpoint that serves the stream now. */
  get endpoint(): string | undefined {
    return this.#current?.endpoint.url;
  }

  /** Opens the stream unless it is open or opening. */
  start(): void {
    if (this.#running !== undefined) return;
    const running = new AbortController();
    this.#running = running;
    void this.#run(running.signal);
  }

  stop(): void {
    this.#running?.abort();
    this.#running = undefined;
    const current = this.#current;
    this.#current = undefined;
    current?.ended(undefined);
    current?.stream.cancel();
  }

  /** Says something on the stream; without one it is not said, and `onOpen` will come. */
  send(request: Request): void {
    const codec = this.#codecNow;
    if (codec !== undefined) void this.#current?.stream.send(codec.encode(request));
  }

  /** Leaves the stream for another one because of `error`, say that this one does not answer. */
  renew(error: EtcdError): void {
    const current = this.#current;
    if (current === undefined) return;
    this.#leftBecause = error;
    this.#break(current, error);
    current.stream.cancel();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { opener, clock, random } = this.#parts;
    const backoff = new Backoff(random);
    let staleTokens = 0;
    this.#codecNow = await this.#codec();
    while (!signal.aborted) {
      const opened = await opener.stream(this.#rpc, { signal });
      if (signal.aborted) {
        if (opened.ok) {
          opened.value.ended(undefined);
          opened.value.stream.cancel();
        }
        return;
      }
      const openedMs = clock.monotonicMs();
      const ended = opened.ok ? await this.#serve(opened.value, this.#codecNow) : opened;
      if (clock.monotonicMs() - openedMs > LIVED_MS) backoff.reset();
      if (signal.aborted) return;
      const error = ended.ok ? undefined : ended.error;
      if (error !== undefined) {
        staleTokens = isStaleToken(error) ? staleTokens + 1 : 0;
        if (isFinal(error) && (staleTokens === 0 || staleTokens > STALE_TOKENS_MAX)) {
          this.#running = undefined;
          this.#events.onGivenUp(error);
          return;
        }
      }
      await clock.sleep(backoff.next(), signal).catch(() => undefined);
    }
  }

  /** Passes messages on until the stream ends or is left. */
  async #serve(
    opened: OpenStream,
    codec: Codec<Request, Response>,
  ): Promise<CallResult<undefined>> {
    const { stream, endpoint } = opened;
    this.#current = opened;
    let isLeaving = false;
    stream.onLeaving(() => {
      isLeaving = true;
      stream.cancel();
    });
    this.#events.onOpen();
    for (;;) {
      const next = await stream.next();
      if (this.#current !== opened) return this.#left();
      const read = next.ok
        ? decoded(next.value, codec, endpoint)
        : err(errorOf(next.error, endpoint));
      if (read.ok && read.value !== undefined) {
        this.#events.onMessage(read.value);
        if (this.#current !== opened) return this.#left();
        continue;
      }
      const error = read.ok ? endedByServer(endpoint.url) : read.error;
      // A server that asked us to leave is not at fault; whoever chooses endpoints knows of it anyway.
      this.#break(opened, error, isLeaving);
      stream.cancel();
      return isLeaving ? ok(undefined) : err(error);
    }
  }

  #left(): CallResult<undefined> {
    const error = this.#leftBecause;
    this.#leftBecause = undefined;
    return error === undefined ? ok(undefined) : err(error);
  }

  #break(opened: OpenStream, error: EtcdError, isLeaving = false): void {
    if (this.#current !== opened) return;
    this.#current = undefined;
    opened.ended(isLeaving ? undefined : error);
    this.#events.onBreak(error);
  }
}

function decoded<Response>(
  bytes: Uint8Array | undefined,
  codec: Codec<never, Response>,
  endpoint: OpenStream['endpoint'],
): CallResult<Response | undefined> {
  if (bytes === undefined) return ok(undefined);
  try {
    return ok(codec.decode(bytes));
  } catch (error) {
    const message = `A message of the stream cannot be read: ${String(error)}`;
    return err(errorOf({ kind: 'unknown', why: 'bad-answer', message }, endpoint));
  }
}

const endedByServer = (endpoint: string): EtcdError => ({
  kind: 'unknown',
  why: 'connection-lost',
  message: 'The server ended the stream.',
  endpoint,
  tried: [],
});

/** Refusals that a member may take back, or that another member may not share. */
const PASSING: ReadonlySet<string> = new Set([
  'no-leader',
  'learner-unsupported',
  'too-many-requests',
]);

/** Whether a new stream would end the same way. */
function isFinal(error: EtcdError): boolean {
  switch (error.kind) {
    case 'refused':
      return !PASSING.has(error.reason);
    case 'not-sent':
      return ['closed', 'no-endpoint', 'bad-endpoint'].includes(error.why);
    case 'unknown':
      return error.why === 'answer-too-large';
  }
}
