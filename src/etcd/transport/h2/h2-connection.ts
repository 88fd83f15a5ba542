import type { Socket } from 'node:net';
import { NO_TABLE } from '../hpack/hpack-encoder.js';
import {
  ACKS_MAX,
  CONNECTION_WINDOW_BYTES,
  HEADER_LIST_MAX_BYTES,
  STREAM_WINDOW_BYTES,
} from '../limits.js';
import {
  checkIsOfConnection,
  goawayOf,
  hasFlag,
  pingPayload,
  windowIncrement,
  type Frame,
} from './frame.js';
import { H2FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import type { H2Stream, StreamEvents } from './h2-stream.js';
import { HeaderBlocks } from './header-blocks.js';
import { Outflow } from './outflow.js';
import { ProtocolFault } from './protocol-fault.js';
import {
  errorCodes,
  flags,
  frameTypes,
  INITIAL_WINDOW_BYTES,
  PING_BYTES,
  PREFACE,
  settingIDs,
  type ErrorCode,
} from './rfc9113.js';
import { INITIAL_SETTINGS, withSettings, type ServerSettings } from './server-settings.js';
import { Streams } from './streams.js';

/** Why a connection is closed. */
export type ClosedBecause =
  | { readonly kind: 'socket-error'; readonly error: Error }
  | { readonly kind: 'protocol-fault'; readonly message: string }
  | { readonly kind: 'closed-by-server'; readonly message: string }
  | { readonly kind: 'closed-by-us'; readonly message: string };

export interface ConnectionEvents {
  /** The server's settings came, for the first time or anew. */
  onSettings(settings: ServerSettings): void;
  /** The server takes no more streams. Those that it has not looked at are told next. */
  onGoaway(code: number, text: string): void;
  /** A stream is over; there may be room for another one. */
  onStreamOver(): void;
  /** Once, after every stream was told. */
  onClosed(because: ClosedBecause): void;
}

/** How long what was written last may take to leave before the socket is cut. */
const LINGER_MS = 200;

/** The client's side of one HTTP/2 connection on a socket (RFC 9113), without what gRPC does not need. */
export class H2Connection {
  /** Who hears of it; that changes when the connection is ready. */
  events: ConnectionEvents;
  readonly #socket: Socket;
  readonly #reader = new H2FrameReader(this);
  readonly #writer: FrameWriter;
  readonly #outflow: Outflow;
  readonly #headerBlocks = new HeaderBlocks();
  readonly #streams: Streams;
  readonly #pings = new Map<bigint, () => void>();
  #settings: ServerSettings = INITIAL_SETTINGS;
  #hasSettings = false;
  /** Our next header block must say that it uses no table. */
  #mustDropTable = false;
  #nextPing = 0n;
  /** Streams above this have not left this process. */
  #flushedStreamID = 0;
  #acksWaiting = 0;
  #isClosed = false;

  constructor(socket: Socket, events: ConnectionEvents, firstStreamID = 1) {
    this.#socket = socket;
    this.events = events;
    this.#writer = new FrameWriter(socket, {
      onFlush: () => (this.#flushedStreamID = this.#streams.lastID),
      onSent: () => (this.#acksWaiting = 0),
    });
    this.#outflow = new Outflow(this.#writer);
    this.#streams = new Streams(
      this.#writer,
      this.#outflow,
      () => this.events.onStreamOver(),
      firstStreamID,
    );
    socket.on('data', (chunk: Buffer) => this.#onChunk(chunk));
    socket.on('drain', () => this.#outflow.resumeAll());
    socket.on('error', (error) => this.#close({ kind: 'socket-error', error }));
    const onEnd = () => this.#close({ kind: 'closed-by-server', message: 'the server hung up' });
    socket.on('end', onEnd);
    socket.on('close', onEnd);
    this.#writer.raw(Buffer.from(PREFACE));
    this.#writer.settings([
      [settingIDs.enablePush, 0],
      [settingIDs.initialWindowSize, STREAM_WINDOW_BYTES],
      [settingIDs.maxHeaderListSize, HEADER_LIST_MAX_BYTES],
    ]);
    this.#writer.windowUpdate(0, CONNECTION_WINDOW_BYTES - INITIAL_WINDOW_BYTES);
  }

  get streamCount(): number {
    return this.#streams.count;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** False when every stream ID has been used, as after some hours of many calls. */
  get hasStreamIDs(): boolean {
    return this.#streams.hasIDs;
  }

  /** Grows with everything that arrives. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Opens a stream with a header block of `encodeHeaderBlock`. */
  open(block: Uint8Array, events: StreamEvents): H2Stream {
    const before = this.#mustDropTable ? NO_TABLE : undefined;
    this.#mustDropTable = false;
    return this.#streams.open(events, this.#settings.initialWindowBytes, (streamID) =>
      this.#writer.headers(streamID, before, block),
    );
  }

  /** `onAnswer` runs when the server answers. */
  ping(onAnswer: () => void): void {
    const id = this.#nextPing++;
    const payload = Buffer.alloc(PING_BYTES);
    payload.writeBigUInt64BE(id);
    this.#pings.set(id, onAnswer);
    this.#writer.ping(payload, false);
  }

  /** While it is referenced the connection keeps the process up. */
  setReferenced(isReferenced: boolean): void {
    if (isReferenced) this.#socket.ref();
    else this.#socket.unref();
  }

  /** At once; streams still open are told that the connection is lost. */
  close(message: string): void {
    this.#closeWith(errorCodes.noError, { kind: 'closed-by-us', message });
  }

  /** For the frame reader. */
  onFrame(frame: Frame): boolean {
    this.#checkOrder(frame);
    switch (frame.type) {
      case frameTypes.data:
        this.#streams.onData(frame);
        break;
      case frameTypes.headers:
        this.#streams.onHeaders(this.#headerBlocks.begin(frame));
        break;
      case frameTypes.continuation:
        this.#streams.onHeaders(this.#headerBlocks.goOn(frame));
        break;
      case frameTypes.rstStream:
        this.#streams.onRstStream(frame);
        break;
      case frameTypes.settings:
        this.#onSettings(frame);
        break;
      case frameTypes.ping:
        this.#onPing(frame);
        break;
      case frameTypes.goaway:
        this.#onGoaway(frame);
        break;
      case frameTypes.windowUpdate:
        this.#onWindowUpdate(frame);
        break;
      case frameTypes.pushPromise:
        throw new ProtocolFault(errorCodes.protocolError, 'a push, which we do not allow');
      default:
        // PRIORITY is advice to servers; what is not known is passed over (§5.5).
        break;
    }
    return !this.#isClosed;
  }

  /** The first frame is SETTINGS (§3.4), and nothing comes between the parts of a header block (§6.10). */
  #checkOrder(frame: Frame): void {
    const { type, streamID } = frame;
    if (this.#headerBlocks.openStreamID !== undefined && type !== frameTypes.continuation) {
      throw new ProtocolFault(errorCodes.protocolError, 'a frame inside a header block');
    }
    if (!this.#hasSettings && (type !== frameTypes.settings || hasFlag(frame, flags.ack))) {
      throw new ProtocolFault(errorCodes.protocolError, 'something came before the settings');
    }
    if (type <= frameTypes.priority && streamID === 0) {
      throw new ProtocolFault(errorCodes.protocolError, 'a frame of a stream on no stream');
    }
  }

  #onChunk(chunk: Buffer): void {
    if (this.#isClosed) return;
    try {
      this.#reader.push(chunk);
    } catch (error) {
      if (!(error instanceof ProtocolFault)) throw error;
      const message = `the server broke the protocol: ${error.message}`;
      this.#closeWith(error.code, { kind: 'protocol-fault', message });
    }
  }

  #onSettings(frame: Frame): void {
    checkIsOfConnection(frame);
    const { bytes, start, end } = frame;
    if (hasFlag(frame, flags.ack)) {
      if (end === start) return;
      throw new ProtocolFault(errorCodes.frameSizeError, 'an acknowledgement with settings');
    }
    this.#countAck();
    const before = this.#settings.initialWindowBytes;
    const { settings, setsHeaderTable } = withSettings(this.#settings, bytes, start, end);
    this.#settings = settings;
    this.#hasSettings = true;
    if (setsHeaderTable) this.#mustDropTable = true;
    this.#writer.settingsAck();
    this.#streams.moveWindows(settings.initialWindowBytes - before);
    this.events.onSettings(settings);
  }

  #onPing(frame: Frame): void {
    const payload = pingPayload(frame);
    if (!hasFlag(frame, flags.ack)) {
      this.#countAck();
      this.#writer.ping(payload, true);
      return;
    }
    const id = payload.readBigUInt64BE();
    const onAnswer = this.#pings.get(id);
    this.#pings.delete(id);
    onAnswer?.();
  }

  #onGoaway(frame: Frame): void {
    const { lastStreamID, code, text } = goawayOf(frame);
    this.events.onGoaway(code, text);
    this.#streams.loseAbove(lastStreamID, { kind: 'not-processed' });
    // After an error the server closes; there is nothing to wait for.
    if (code !== errorCodes.noError) this.close('the server gave up the connection');
  }

  #onWindowUpdate(frame: Frame): void {
    const increment = windowIncrement(frame);
    if (frame.streamID === 0) {
      if (increment === 0) {
        throw new ProtocolFault(errorCodes.protocolError, 'a window that is opened by nothing');
      }
      if (this.#outflow.open(increment)) return;
      throw new ProtocolFault(errorCodes.flowControlError, 'a window beyond all bounds');
    }
    this.#streams.onWindowUpdate(frame.streamID, increment);
  }

  /** A server that asks and does not read the answers would fill our memory with them. */
  #countAck(): void {
    if (++this.#acksWaiting <= ACKS_MAX) return;
    const text = `more than ${ACKS_MAX} pings or settings, of which no answer was read`;
    throw new ProtocolFault(errorCodes.enhanceYourCalm, text);
  }

  #closeWith(code: ErrorCode, because: ClosedBecause & { readonly message: string }): void {
    if (this.#isClosed) return;
    // A farewell would take along the calls of this turn, which certainly have not left otherwise.
    if (this.#flushedStreamID >= this.#streams.lastID) {
      this.#writer.goaway(code, because.kind === 'protocol-fault' ? because.message : '');
      this.#writer.flush();
    }
    this.#close(because);
  }

  #close(because: ClosedBecause): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#writer.end();
    this.#pings.clear();
    const text = because.kind === 'socket-error' ? because.error.message : because.message;
    this.#streams.loseAbove(this.#flushedStreamID, { kind: 'not-processed' });
    this.#streams.loseAbove(0, { kind: 'connection-lost', because: text });
    this.events.onClosed(because);
    this.#endSocket();
  }

  /** What is on its way out, a farewell or a reset, has a moment to leave; nothing more is read. */
  #endSocket(): void {
    const socket = this.#socket;
    socket.removeAllListeners('data');
    socket.pause();
    if (socket.destroyed) return;
    const timer = setTimeout(() => socket.destroy(), LINGER_MS).unref();
    socket.once('close', () => clearTimeout(timer));
    socket.destroySoon();
  }
}
