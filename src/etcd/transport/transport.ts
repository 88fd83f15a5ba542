import type { Result } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import type { NotSentWhy, UnknownWhy } from '../errors.js';

/**
 * One call on one endpoint, in bytes. A transport never tries twice, never chooses an endpoint and never knows what a
 * message means; it does know whether the request can have left.
 */
export interface Transport {
  /** One message there, one back. Settles no later than `deadlineMs`. */
  unary(attempt: Attempt): Promise<Result<Uint8Array, AttemptFailure>>;
  /**
   * Opens a stream in both directions; for a server stream send one message and finish. Settles no later than
   * `deadlineMs`, which is for opening it; after that `ByteStream.next` has its own limit.
   */
  stream(attempt: StreamAttempt): Promise<Result<ByteStream, AttemptFailure>>;
  /** Connects, unless it is connected, and sends nothing. */
  connect(attempt: ConnectAttempt): Promise<Result<undefined, NotSent>>;
  /** Where each connection stands, by endpoint URL. */
  states(): ReadonlyMap<string, ConnectionKind>;
  /** Closes the connections of endpoints that are not in the list, once their calls have ended. */
  keepOnly(urls: ReadonlySet<string>): void;
  /** Takes no more calls, waits up to `graceMs` for those under way, then cuts them. */
  close(graceMs: number): Promise<void>;
}

export interface ConnectAttempt {
  readonly endpoint: Endpoint;
  readonly deadlineMs: number;
  /** How long of that may go into connecting; the rest of the time belongs to other endpoints. */
  readonly connectMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface StreamAttempt extends ConnectAttempt {
  /** `/package.Service/Method`. */
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface Attempt extends StreamAttempt {
  readonly message: Uint8Array;
}

export type ConnectionKind = 'idle' | 'connecting' | 'ready' | 'closed';

/** What came instead of a message. `status` is an answer of the server, with a code other than 0. */
export type AttemptFailure =
  | { readonly kind: 'status'; readonly code: number; readonly message: string }
  | NotSent
  | { readonly kind: 'unknown'; readonly why: UnknownWhy; readonly message: string };

export interface NotSent {
  readonly kind: 'not-sent';
  readonly why: NotSentWhy;
  readonly message: string;
}

export interface ByteStream {
  /**
   * Resolves when the connection has taken the message, as far as the server's flow control lets it, or when the stream
   * is over. Whoever sends much awaits it: above `SEND_QUEUE_MAX_BYTES` waiting, the stream is given up.
   */
  send(message: Uint8Array): Promise<void>;
  /** Nothing more will be sent; the server may go on. */
  finishSending(): void;
  /**
   * The next message, or undefined when the server ended the stream with status OK. Waits at most `idleMs`; without
   * it as long as the connection answers pings. One caller at a time.
   */
  next(idleMs?: number): Promise<Result<Uint8Array | undefined, AttemptFailure>>;
  /**
   * Calls `tell` once when this connection takes no more calls (GOAWAY, or no longer trusted) though the stream itself
   * goes on: a reader that can go elsewhere should.
   */
  onLeaving(tell: () => void): void;
  cancel(): void;
}
