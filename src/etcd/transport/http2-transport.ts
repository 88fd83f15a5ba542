import { err, ok, type Result } from '../../base/index.js';
import type { Endpoint } from '../endpoints.js';
import { QueuedStream } from './byte-stream.js';
import { Connection } from './connection.js';
import type { AddressOf } from './dial.js';
import { GrpcCall, type Ending } from './grpc-call.js';
import type { TransportLimits } from './limits.js';
import type { Session } from './session.js';
import { TLSMaterial, type TLSOptions } from './tls.js';
import type {
  Attempt,
  AttemptFailure,
  ByteStream,
  ConnectAttempt,
  ConnectionKind,
  NotSent,
  StreamAttempt,
  Transport,
} from './transport.js';

/** Of one call, when what it had dialled is gone before the call could leave. */
const DIALS_MAX = 2;

/** gRPC over HTTP/2: one kept connection per endpoint. */
export class Http2Transport implements Transport {
  readonly #tls: TLSMaterial;
  readonly #limits: TransportLimits;
  readonly #addressOf: AddressOf | undefined;
  readonly #connections = new Map<string, Connection>();
  #isClosed = false;

  constructor(tls: TLSOptions | undefined, limits: TransportLimits, addressOf?: AddressOf) {
    this.#tls = new TLSMaterial(tls ?? {});
    this.#limits = limits;
    this.#addressOf = addressOf;
  }

  async unary(attempt: Attempt): Promise<Result<Uint8Array, AttemptFailure>> {
    const { requestBytesMax } = this.#limits;
    if (attempt.message.length > requestBytesMax) {
      const message = `The request has ${attempt.message.length} bytes; at most ${requestBytesMax} are sent.`;
      return err({ kind: 'not-sent', why: 'request-too-large', message });
    }
    const timer = new AttemptTimer(attempt);
    const ready = this.#readyFor(attempt, timer);
    if (ready !== undefined) return await this.#ask(ready, attempt, timer);
    const asked = await this.#withRoom(attempt, timer, (session) => ({
      answer: this.#ask(session, attempt, timer),
    }));
    if (asked.ok) return await asked.value.answer;
    timer.stop();
    return asked;
  }

  async stream(attempt: StreamAttempt): Promise<Result<ByteStream, AttemptFailure>> {
    const timer = new AttemptTimer(attempt);
    const opened = await this.#withRoom(attempt, timer, (session) => this.#open(session, attempt));
    timer.stop();
    return opened;
  }

  async connect(attempt: ConnectAttempt): Promise<Result<undefined, NotSent>> {
    const timer = new AttemptTimer(attempt);
    const session = await this.#sessionFor(attempt, timer);
    timer.stop();
    return session.ok ? ok(undefined) : session;
  }

  states(): ReadonlyMap<string, ConnectionKind> {
    return new Map([...this.#connections].map(([url, connection]) => [url, connection.kind]));
  }

  keepOnly(urls: ReadonlySet<string>): void {
    for (const [url, connection] of this.#connections) {
      if (urls.has(url)) continue;
      this.#connections.delete(url);
      void connection.closeWhenQuiet();
    }
  }

  async close(graceMs: number): Promise<void> {
    this.#isClosed = true;
    const connections = [...this.#connections.values()];
    const quiet = Promise.all(connections.map((connection) => connection.closeWhenQuiet()));
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, graceMs);
    });
    await Promise.race([quiet, late]);
    clearTimeout(timer);
    for (const connection of connections) connection.destroy();
  }

  /** The usual case, without waiting for anything. */
  #readyFor({ endpoint }: ConnectAttempt, timer: AttemptTimer): Session | undefined {
    if (this.#isClosed || timer.isExpired) return undefined;
    const ready = this.#connections.get(endpoint.url)?.readySession;
    return ready?.hasRoom === true ? ready : undefined;
  }

  async #sessionFor(
    attempt: ConnectAttempt,
    timer: AttemptTimer,
  ): Promise<Result<Session, NotSent>> {
    if (this.#isClosed) {
      return err({ kind: 'not-sent', why: 'closed', message: 'The client was closed.' });
    }
    const connection = this.#connectionTo(attempt.endpoint);
    return await new Promise((resolve) => {
      timer.startConnecting();
      timer.onExpiry((why) => resolve(err({ kind: 'not-sent', ...notConnected(why, attempt) })));
      void connection.session().then((session) => {
        timer.connected();
        resolve(session);
      });
    });
  }

  /** Runs `use` at the moment at which a session takes one more stream; it opens it at once. */
  async #withRoom<T>(
    attempt: ConnectAttempt,
    timer: AttemptTimer,
    use: (session: Session) => T,
  ): Promise<Result<T, NotSent>> {
    for (let lost = 0; ;) {
      const found = await this.#sessionFor(attempt, timer);
      if (!found.ok) return found;
      const session = found.value;
      if (!session.isUsable) {
        // It was lost this very moment. A server that hangs up on everybody is not dialled again and again.
        if (++lost < DIALS_MAX) continue;
        const message = `${attempt.endpoint.url}: ${session.endedBecause}`;
        return err({ kind: 'not-sent', why: 'connect-failed', message });
      }
      if (session.hasRoom) return ok(use(session));
      const used = await new Promise<Result<T, NotSent> | undefined>((resolve) => {
        const takeBack = session.onRoom(() =>
          resolve(session.isUsable ? ok(use(session)) : undefined),
        );
        timer.onExpiry((why) => {
          takeBack();
          resolve(err(noRoom(why, attempt)));
        });
      });
      if (used !== undefined) return used;
    }
  }

  #ask(
    session: Session,
    attempt: Attempt,
    timer: AttemptTimer,
  ): Promise<Result<Uint8Array, AttemptFailure>> {
    return new Promise((resolve) => {
      const messages: Uint8Array[] = [];
      const call = new GrpcCall(session, attempt, this.#limits.answerBytesMax, {
        onMessage: (message) => {
          messages.push(message);
          // One is due. A server that goes on would fill our memory for as long as the deadline allows.
          if (messages.length > 1) call.abandon(tooManyMessages(messages.length));
        },
        onEnd: (ending) => {
          timer.stop();
          resolve(unaryResult(ending, messages));
        },
      });
      timer.onExpiry((why) => call.abandon({ kind: 'unknown', ...expired(why, attempt) }));
      call.sendLast(attempt.message);
    });
  }

  #open(session: Session, attempt: StreamAttempt): ByteStream {
    const queue = new QueuedStream();
    const { signal } = attempt;
    const onAbort = () => queue.cancel();
    const call = new GrpcCall(session, attempt, this.#limits.answerBytesMax, {
      onMessage: (message) => queue.onMessage(message),
      onEnd: (ending) => {
        signal?.removeEventListener('abort', onAbort);
        queue.onEnd(ending);
      },
    });
    queue.attach(call);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted === true) onAbort();
    return queue;
  }

  #connectionTo(endpoint: Endpoint): Connection {
    const kept = this.#connections.get(endpoint.url);
    if (kept !== undefined) return kept;
    const connection = new Connection(endpoint, this.#tls, this.#limits, this.#addressOf);
    this.#connections.set(endpoint.url, connection);
    return connection;
  }
}

type Expiry = 'deadline' | 'cancelled';

/** The clock of one attempt: a limit for connecting, one for everything, and the caller's signal. */
class AttemptTimer {
  readonly #attempt: ConnectAttempt;
  readonly #whole: ReturnType<typeof setTimeout>;
  #connect: ReturnType<typeof setTimeout> | undefined;
  readonly #onAbort = () => this.#expire('cancelled');
  #expired: Expiry | undefined;
  #tell: ((why: Expiry) => void) | undefined;

  constructor(attempt: ConnectAttempt) {
    this.#attempt = attempt;
    const { deadlineMs, signal } = attempt;
    this.#whole = setTimeout(() => this.#expire('deadline'), deadlineMs);
    if (signal?.aborted === true) this.#expired = 'cancelled';
    else signal?.addEventListener('abort', this.#onAbort, { once: true });
  }

  get isExpired(): boolean {
    return this.#expired !== undefined;
  }

  startConnecting(): void {
    const { deadlineMs, connectMs } = this.#attempt;
    this.#connect = setTimeout(() => this.#expire('deadline'), Math.min(connectMs, deadlineMs));
  }

  onExpiry(tell: (why: Expiry) => void): void {
    this.#tell = tell;
    if (this.#expired !== undefined) tell(this.#expired);
  }

  connected(): void {
    clearTimeout(this.#connect);
  }

  stop(): void {
    clearTimeout(this.#whole);
    clearTimeout(this.#connect);
    this.#attempt.signal?.removeEventListener('abort', this.#onAbort);
  }

  #expire(why: Expiry): void {
    this.#expired = why;
    this.#tell?.(why);
  }
}

function unaryResult(
  ending: Ending,
  messages: readonly Uint8Array[],
): Result<Uint8Array, AttemptFailure> {
  if (ending.kind !== 'status' || ending.code !== 0) return err(ending);
  const [message] = messages;
  if (message !== undefined && messages.length === 1) return ok(message);
  return err(tooManyMessages(messages.length));
}

const tooManyMessages = (count: number): AttemptFailure => ({
  kind: 'unknown',
  why: 'bad-answer',
  message: `The answer has ${count} messages where one is due.`,
});

const expired = (why: Expiry, { endpoint, deadlineMs }: ConnectAttempt) => ({
  why,
  message:
    why === 'cancelled'
      ? 'The caller cancelled while the answer was awaited.'
      : `${endpoint.url} gave no answer within ${Math.round(deadlineMs)} ms.`,
});

const noRoom = (why: Expiry, { endpoint }: ConnectAttempt): NotSent => ({
  kind: 'not-sent',
  why: why === 'cancelled' ? 'cancelled' : 'no-room',
  message: `${endpoint.url} has as many calls of this client open as it allows.`,
});

const notConnected = (why: Expiry, { endpoint, connectMs, deadlineMs }: ConnectAttempt) => ({
  why: why === 'cancelled' ? ('cancelled' as const) : ('connect-timeout' as const),
  message:
    why === 'cancelled'
      ? 'The caller cancelled before anything was sent.'
      : `${endpoint.url} did not complete a connection within ${Math.round(Math.min(connectMs, deadlineMs))} ms.`,
});
