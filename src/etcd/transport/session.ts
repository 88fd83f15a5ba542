import type { Endpoint } from '../endpoints.js';
import type { ClosedBecause, H2Connection } from './h2/h2-connection.js';
import type { H2Stream, StreamEvents } from './h2/h2-stream.js';
import type { ServerSettings } from './h2/server-settings.js';
import type { TransportLimits } from './limits.js';
import { RequestHeaders } from './request-headers.js';
import type { StreamAttempt } from './transport.js';

/** One HTTP/2 connection from ready to closed. A retired one finishes its streams and takes no more. */
export class Session {
  readonly #connection: H2Connection;
  readonly #headers: RequestHeaders;
  readonly #limits: TransportLimits;
  readonly #whenUnusable = new Set<() => void>();
  readonly #whenClosed: (() => void)[] = [];
  /** How many streams the server lets us have open; it may change its mind. */
  #streamsMax: number;
  readonly #waitingForRoom = new Set<() => void>();
  #answersHeard = 0;
  #isRetired = false;
  #endedBecause: string | undefined;
  #keepalive: ReturnType<typeof setInterval> | undefined;
  /** Runs out when a ping stays unanswered. */
  #pingTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    connection: H2Connection,
    settings: ServerSettings,
    endpoint: Endpoint,
    limits: TransportLimits,
  ) {
    this.#connection = connection;
    this.#headers = new RequestHeaders(endpoint);
    this.#limits = limits;
    this.#streamsMax = settings.streamsMax;
    connection.events = {
      onSettings: ({ streamsMax }) => {
        this.#streamsMax = streamsMax;
        this.#tellRoom();
      },
      onGoaway: (code, text) => this.#onGoaway(code, text),
      onStreamOver: () => this.#onStreamOver(),
      onClosed: (because) => this.#onClosed(because),
    };
    connection.setReferenced(false);
  }

  /** Grows whenever a call on this connection gets something. */
  get answersHeard(): number {
    return this.#answersHeard;
  }

  get isUsable(): boolean {
    return !this.#isRetired && !this.#connection.isClosed;
  }

  /** Whether the server takes one more stream now. One that is sent all the same would be refused. */
  get hasRoom(): boolean {
    return this.#connection.streamCount < this.#streamsMax;
  }

  /**
   * Runs `tell` once, when there is room, which it takes at once, or when the connection is of no more use. The answer
   * takes that back.
   */
  onRoom(tell: () => void): () => void {
    this.#waitingForRoom.add(tell);
    return () => this.#waitingForRoom.delete(tell);
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

  /** Runs `tell` once, when the connection is closed. */
  onClosed(tell: () => void): void {
    if (this.#connection.isClosed) queueMicrotask(tell);
    else this.#whenClosed.push(tell);
  }

  open({ path, metadata }: StreamAttempt, events: StreamEvents): H2Stream {
    const stream = this.#connection.open(this.#headers.of(path, metadata), events);
    if (this.#connection.streamCount === 1) {
      this.#connection.setReferenced(true);
      this.#keepalive ??= this.#startKeepalive();
    }
    // Another connection goes on with the calls to come.
    if (!this.#connection.hasStreamIDs) this.retire();
    return stream;
  }

  /** The call on a stream got something. */
  heard(): void {
    this.#answersHeard++;
  }

  /** No new streams; closes when the last one has ended. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    for (const tell of this.#whenUnusable) tell();
    this.#whenUnusable.clear();
    this.#tellRoom();
    if (this.#connection.streamCount === 0) this.destroy();
  }

  /** At once; every stream still open ends without an answer. */
  destroy(because?: string): void {
    if (because !== undefined) this.#endedBecause ??= because;
    this.#connection.close(this.endedBecause);
  }

  #onGoaway(code: number, text: string): void {
    const said = text === '' ? '' : ` (${text})`;
    this.#endedBecause ??= `the server is closing the connection, code ${code}${said}`;
    this.retire();
  }

  #onStreamOver(): void {
    if (this.#waitingForRoom.size > 0) this.#tellRoom();
    if (this.#connection.streamCount > 0) return;
    // An idle connection does not keep the process up.
    this.#connection.setReferenced(false);
    if (this.#isRetired) this.destroy();
  }

  #onClosed(because: ClosedBecause): void {
    this.#endedBecause ??=
      because.kind === 'socket-error' ? because.error.message : because.message;
    this.retire();
    this.#stopKeepalive();
    clearTimeout(this.#pingTimer);
    for (const tell of this.#whenClosed.splice(0)) tell();
  }

  /** Those who waited first are told first, as long as the one before has left room. */
  #tellRoom(): void {
    for (const tell of this.#waitingForRoom) {
      if (this.isUsable && !this.hasRoom) return;
      this.#waitingForRoom.delete(tell);
      tell();
    }
  }

  /**
   * Only while calls are open: etcd counts pings on an idle connection as offences. A silent connection with open
   * calls is pinged; one that does not answer is cut, which ends a watch on a vanished host.
   */
  #startKeepalive(): ReturnType<typeof setInterval> {
    const connection = this.#connection;
    let heard = connection.bytesRead;
    const timer = setInterval(() => {
      const isSilent = connection.bytesRead === heard;
      heard = connection.bytesRead;
      // It runs on between calls that follow one another: to stop it each time would cost more than the call.
      if (connection.streamCount === 0) this.#stopKeepalive();
      else if (isSilent && this.#pingTimer === undefined) this.#ping();
    }, this.#limits.keepaliveIntervalMs);
    return timer.unref();
  }

  #stopKeepalive(): void {
    clearInterval(this.#keepalive);
    this.#keepalive = undefined;
  }

  #ping(): void {
    const { keepaliveTimeoutMs } = this.#limits;
    this.#pingTimer = setTimeout(() => {
      this.destroy(`no answer to a ping within ${keepaliveTimeoutMs} ms`);
    }, keepaliveTimeoutMs).unref();
    this.#connection.ping(() => {
      clearTimeout(this.#pingTimer);
      this.#pingTimer = undefined;
    });
  }
}
