import type { ClientHttp2Session, ClientHttp2Stream, OutgoingHttpHeaders } from 'node:http2';
import type { Socket } from 'node:net';
import type { TransportLimits } from './limits.js';

/**
 * Keeps the native side of a session until a stream that did not end as it should has been collected. Node 20.20 was
 * seen once to abort the process when it collected a session (`current_nghttp2_memory_ == 0` did not hold) after a
 * server had sent ten thousand headers: we take it that a stream still held headers that never became complete. It was
 * too rare to be shown on purpose, so this is a precaution. Only the holding on to the second argument of `register`
 * matters.
 */
const collectedStreams = new FinalizationRegistry<object>(() => undefined);

/** Node gives no other way to it; where it has none under this name, nothing is kept. */
function nativeHandleOf(session: ClientHttp2Session): object | undefined {
  const key = Object.getOwnPropertySymbols(session).find(
    ({ description }) => description === 'kHandle',
  );
  const handle: unknown = key === undefined ? undefined : Reflect.get(session, key);
  return typeof handle === 'object' && handle !== null ? handle : undefined;
}

/** One HTTP/2 connection from ready to closed. A retired one finishes its streams and takes no more. */
export class Session {
  readonly #session: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #limits: TransportLimits;
  readonly #whenUnusable = new Set<() => void>();
  readonly #whenClosed: (() => void)[] = [];
  readonly #handle: object | undefined;
  #streamCount = 0;
  /** How many streams the server lets us have open; it may change its mind. */
  #streamsMax: number;
  readonly #waitingForRoom = new Set<() => void>();
  #answersHeard = 0;
  #isRetired = false;
  #lastProcessedStream = Number.POSITIVE_INFINITY;
  #endedBecause: string | undefined;
  #keepalive: ReturnType<typeof setInterval> | undefined;

  constructor(session: ClientHttp2Session, socket: Socket, limits: TransportLimits) {
    this.#session = session;
    this.#handle = nativeHandleOf(session);
    this.#socket = socket;
    this.#limits = limits;
    session.unref();
    this.#streamsMax = session.remoteSettings.maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    session.on('remoteSettings', ({ maxConcurrentStreams = Number.POSITIVE_INFINITY }) => {
      this.#streamsMax = maxConcurrentStreams;
      this.#tellRoom();
    });
    session.on('error', (error: Error) => {
      this.#endedBecause ??= error.message;
    });
    // The session passes on most errors of its socket, but no TLS alert.
    socket.on('error', (error: Error) => this.destroy(error.message));
    session.on('goaway', (code, lastStreamID, data) => {
      this.#lastProcessedStream = lastStreamID;
      const text = data === undefined ? '' : ` (${Buffer.from(data).toString('latin1')})`;
      this.#endedBecause ??= `the server is closing the connection, code ${code}${text}`;
      this.retire();
    });
    session.once('close', () => {
      this.retire();
      this.#stopKeepalive();
      for (const tell of this.#whenClosed.splice(0)) tell();
    });
  }

  /** Grows whenever a call on this connection gets something. */
  get answersHeard(): number {
    return this.#answersHeard;
  }

  get isUsable(): boolean {
    return !this.#isRetired && !this.#session.closed && !this.#session.destroyed;
  }

  /** Whether the server takes one more stream now. One that is sent all the same would wait inside Node, unseen. */
  get hasRoom(): boolean {
    return this.#streamCount < this.#streamsMax;
  }

  /** Runs `tell` once, when there may be room or the connection is of no more use; the answer takes that back. */
  onRoom(tell: () => void): () => void {
    this.#waitingForRoom.add(tell);
    return () => this.#waitingForRoom.delete(tell);
  }

  /** Those who waited first are told first. */
  #tellRoom(): void {
    let room = this.isUsable ? this.#streamsMax - this.#streamCount : Number.POSITIVE_INFINITY;
    for (const tell of this.#waitingForRoom) {
      if (room-- <= 0) return;
      this.#waitingForRoom.delete(tell);
      tell();
    }
  }

  /** What ended the connection, for a person. */
  get endedBecause(): string {
    return this.#endedBecause ?? 'the connection was closed';
  }

  /** Runs `tell` once, when no new stream may be opened here any more; the answer takes that back. */
  onUnusable(tell: () => void): () => void {
    if (this.#isRetired) queueMicrotask(tell);
    else this.#whenUnusable.add(tell);
    return () => this.#whenUnusable.delete(tell);
  }

  onClosed(tell: () => void): void {
    this.#whenClosed.push(tell);
  }

  /** Whether the server said, by GOAWAY or by refusing it, that it has not looked at this stream (RFC 9113 §6.8, §8.7). */
  hasNotProcessed(stream: ClientHttp2Stream): boolean {
    const REFUSED_STREAM = 7;
    if (stream.id === undefined || stream.rstCode === REFUSED_STREAM) return true;
    return stream.id > this.#lastProcessedStream;
  }

  /** Whoever opens a stream tells of it by `heard` and, exactly once, by `closed`. */
  open(headers: OutgoingHttpHeaders): ClientHttp2Stream {
    const stream = this.#session.request(headers, { endStream: false });
    if (this.#streamCount++ === 0) {
      this.#session.ref();
      this.#startKeepalive();
    }
    return stream;
  }

  /** The call on a stream got something. */
  heard(): void {
    this.#answersHeard++;
  }

  /** A stream is closed; `isWhole`: it came to the end that the server gave it. */
  closed(stream: ClientHttp2Stream, isWhole: boolean): void {
    if (!isWhole && this.#handle !== undefined) collectedStreams.register(stream, this.#handle);
    this.#streamCount--;
    if (this.#waitingForRoom.size > 0) this.#tellRoom();
    if (this.#streamCount > 0) return;
    this.#stopKeepalive();
    // An idle connection does not keep the process up.
    if (!this.#session.destroyed) this.#session.unref();
    if (this.#isRetired) this.destroy();
  }

  /** No new streams; closes when the last one has ended. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    for (const tell of this.#whenUnusable) tell();
    this.#whenUnusable.clear();
    this.#tellRoom();
    if (this.#streamCount === 0) this.destroy();
  }

  /** At once; every stream still open ends without an answer. */
  destroy(because?: string): void {
    if (because !== undefined) this.#endedBecause ??= because;
    if (!this.#session.destroyed) this.#session.destroy();
  }

  /**
   * Only while calls are open: etcd counts pings on an idle connection as offences. A silent connection with open
   * calls is pinged; one that does not answer is cut, which ends a watch on a vanished host.
   */
  #startKeepalive(): void {
    const { keepaliveIntervalMs, keepaliveTimeoutMs } = this.#limits;
    let heard = this.#socket.bytesRead;
    this.#keepalive = setInterval(() => {
      if (this.#socket.bytesRead > heard) {
        heard = this.#socket.bytesRead;
        return;
      }
      const late = setTimeout(() => {
        this.destroy(`no answer to a ping within ${keepaliveTimeoutMs} ms`);
      }, keepaliveTimeoutMs);
      const isSent = this.#session.ping(() => clearTimeout(late));
      if (!isSent) clearTimeout(late);
    }, keepaliveIntervalMs);
  }

  #stopKeepalive(): void {
    clearInterval(this.#keepalive);
  }
}
