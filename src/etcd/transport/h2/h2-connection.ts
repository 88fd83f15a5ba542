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
  resetCode,
  windowIncrement,
  withoutPadding,
  type Frame,
} from './frame.js';
import { H2FrameReader } from './frame-reader.js';
import { FrameWriter } from './frame-writer.js';
import { H2Stream, type StreamEvents, type StreamLoss, type StreamOwner } from './h2-stream.js';
import { HeaderBlocks, type ReceivedHeaders } from './header-blocks.js';
import { Outflow } from './outflow.js';
import { ProtocolFault } from './protocol-fault.js';
import { ReceiveWindow } from './receive-window.js';
import { headersFault, statusOf } from './response-headers.js';
import {
  errorCodes,
  flags,
  frameTypes,
  INITIAL_WINDOW_BYTES,
  PING_BYTES,
  PREFACE,
  settingIDs,
  STREAM_ID_MAX,
  type ErrorCode,
} from './rfc9113.js';
import { INITIAL_SETTINGS, withSettings, type ServerSettings } from './server-settings.js';

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
export class H2Connection implements StreamOwner {
  /** Who hears of it; that changes when the connection is ready. */
  events: ConnectionEvents;
  readonly #socket: Socket;
  readonly #reader = new H2FrameReader(this);
  readonly #writer: FrameWriter;
  readonly #outflow: Outflow;
  readonly #headerBlocks = new HeaderBlocks();
  readonly #receiveWindow = new ReceiveWindow(CONNECTION_WINDOW_BYTES);
  readonly #streams = new Map<number, H2Stream>();
  readonly #pings = new Map<bigint, () => void>();
  #settings: ServerSettings = INITIAL_SETTINGS;
  #hasSettings = false;
  /** Our next header block must say that it uses no table. */
  #mustDropTable = false;
  #nextStreamID: number;
  #nextPing = 0n;
  /** Streams above this have not left this process. */
  #flushedStreamID = 0;
  #acksWaiting = 0;
  #isClosed = false;

  constructor(socket: Socket, events: ConnectionEvents, firstStreamID = 1) {
    this.#socket = socket;
    this.events = events;
    this.#nextStreamID = firstStreamID;
    this.#writer = new FrameWriter(socket, {
      onFlush: () => (this.#flushedStreamID = this.#nextStreamID - 2),
      onSent: () => (this.#acksWaiting = 0),
    });
    this.#outflow = new Outflow(this.#writer);
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
    return this.#streams.size;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** False when every stream ID has been used, as after some hours of many calls. */
  get hasStreamIDs(): boolean {
    return this.#nextStreamID <= STREAM_ID_MAX;
  }

  /** Grows with everything that arrives. */
  get bytesRead(): number {
    return this.#socket.bytesRead;
  }

  /** Opens a stream with a header block of `encodeHeaderBlock`. */
  open(block: Uint8Array, events: StreamEvents): H2Stream {
    const id = this.#nextStreamID;
    this.#nextStreamID += 2;
    const stream = new H2Stream(this, id, events, this.#settings.initialWindowBytes);
    this.#streams.set(id, stream);
    this.#writer.headers(id, this.#mustDropTable ? NO_TABLE : undefined, block);
    this.#mustDropTable = false;
    return stream;
  }

  send(
    { queue }: H2Stream,
    bytes: Uint8Array,
    isLast: boolean,
    onTaken: (() => void) | undefined,
  ): void {
    this.#outflow.send(queue, bytes, isLast, onTaken);
  }

  reset(stream: H2Stream, code: number): void {
    this.#writer.rstStream(stream.id, code);
    this.#remove(stream);
    this.events.onStreamOver();
  }

  grant(stream: H2Stream, bytes: number): void {
    this.#writer.windowUpdate(stream.id, bytes);
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
        this.#onData(frame);
        break;
      case frameTypes.headers:
        this.#onHeaders(this.#headerBlocks.begin(frame));
        break;
      case frameTypes.continuation:
        this.#onHeaders(this.#headerBlocks.goOn(frame));
        break;
      case frameTypes.rstStream:
        this.#onRstStream(frame);
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

  #onData(frame: Frame): void {
    const { start, end } = withoutPadding(frame);
    const wholeBytes = frame.end - frame.start;
    if (!this.#receiveWindow.take(wholeBytes)) {
      throw new ProtocolFault(
        errorCodes.flowControlError,
        'more DATA than the connection may have',
      );
    }
    // What a stream does not read is held back by the stream's own window; others must not wait for it.
    const increment = this.#receiveWindow.giveBack(wholeBytes);
    if (increment > 0) this.#writer.windowUpdate(0, increment);
    const stream = this.#streamOf(frame.streamID);
    if (stream === undefined) return;
    if (!stream.receiveWindow.take(wholeBytes)) {
      this.#fail(stream, errorCodes.flowControlError, 'it has more DATA than its window');
    } else if (stream.isRemoteEnded) {
      this.#fail(stream, errorCodes.streamClosed, 'it goes on after its end');
    } else if (!stream.isAnswered) {
      this.#fail(stream, errorCodes.protocolError, 'it has DATA before its headers');
    } else {
      const paddingBytes = wholeBytes - (end - start);
      if (paddingBytes > 0) stream.giveBack(paddingBytes);
      if (end > start) stream.events.onData(frame.bytes.subarray(start, end));
      if (hasFlag(frame, flags.endStream)) this.#remoteEnded(stream);
    }
  }

  #onHeaders(headers: ReceivedHeaders | undefined): void {
    if (headers === undefined) return;
    const stream = this.#streamOf(headers.streamID);
    if (stream === undefined) return;
    const { fields, isEnd } = headers;
    if (fields === undefined) {
      const because = `its headers have more than ${HEADER_LIST_MAX_BYTES} bytes`;
      this.#fail(stream, errorCodes.enhanceYourCalm, because);
      return;
    }
    if (stream.isRemoteEnded) {
      this.#fail(stream, errorCodes.streamClosed, 'it goes on after its end');
      return;
    }
    const fault = headersFault(fields, isEnd, stream.isAnswered);
    if (fault !== undefined) {
      this.#fail(stream, errorCodes.protocolError, fault);
      return;
    }
    // An interim answer (1xx) is followed by another one.
    if (!stream.isAnswered && statusOf(fields).startsWith('1')) return;
    stream.isAnswered = true;
    stream.events.onHeaders(fields, isEnd);
    if (isEnd) this.#remoteEnded(stream);
  }

  #remoteEnded(stream: H2Stream): void {
    if (stream.isOver) return;
    stream.isRemoteEnded = true;
    stream.events.onEnd();
    if (!stream.isSent || stream.isOver) return;
    this.#remove(stream);
    this.events.onStreamOver();
  }

  #onRstStream(frame: Frame): void {
    const code = resetCode(frame);
    const stream = this.#streamOf(frame.streamID);
    if (stream === undefined) return;
    const isRefused = code === errorCodes.refusedStream;
    this.#lose(stream, isRefused ? { kind: 'not-processed' } : { kind: 'reset', code });
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
    this.#moveWindows(settings.initialWindowBytes - before);
    this.events.onSettings(settings);
  }

  /** A new initial window holds for open streams too, and may leave one less than nothing (§6.9.2). */
  #moveWindows(byBytes: number): void {
    if (byBytes === 0) return;
    for (const { queue } of this.#streams.values()) {
      if (!queue.open(byBytes)) {
        throw new ProtocolFault(errorCodes.flowControlError, 'a window beyond all bounds');
      }
      this.#outflow.resume(queue);
    }
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
    for (const stream of this.#streams.values()) {
      if (stream.id > lastStreamID) this.#lose(stream, { kind: 'not-processed' });
    }
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
    const stream = this.#streamOf(frame.streamID);
    if (stream === undefined) return;
    if (increment === 0) {
      this.#fail(stream, errorCodes.protocolError, 'its window is opened by nothing');
    } else if (stream.queue.open(increment)) {
      this.#outflow.resume(stream.queue);
    } else {
      this.#fail(stream, errorCodes.flowControlError, 'its window is opened beyond all bounds');
    }
  }

  /** undefined for one that is over, of which more may be on its way; one that never was breaks the protocol (§5.1). */
  #streamOf(streamID: number): H2Stream | undefined {
    const stream = this.#streams.get(streamID);
    if (stream !== undefined) return stream;
    if (streamID % 2 === 1 && streamID < this.#nextStreamID) return undefined;
    throw new ProtocolFault(errorCodes.protocolError, 'a frame of a stream that never was');
  }

  /** What came on this stream is of no use; the connection goes on (§5.4.2). */
  #fail(stream: H2Stream, code: ErrorCode, because: string): void {
    this.#writer.rstStream(stream.id, code);
    this.#lose(stream, { kind: 'malformed', because });
  }

  #lose(stream: H2Stream, loss: StreamLoss): void {
    this.#remove(stream);
    stream.events.onLost(loss);
    this.events.onStreamOver();
  }

  #remove(stream: H2Stream): void {
    stream.isOver = true;
    this.#streams.delete(stream.id);
    this.#outflow.drop(stream.queue);
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
    if (this.#flushedStreamID >= this.#nextStreamID - 2) {
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
    for (const stream of this.#streams.values()) {
      const isSent = stream.id <= this.#flushedStreamID;
      const lost = { kind: 'connection-lost', because: text } as const;
      this.#lose(stream, isSent ? lost : { kind: 'not-processed' });
    }
    this.events.onClosed(because);
    this.#endSocket();
  }

  /** What is on its way out, a farewell or a reset, has a moment to leave; nothing more is read. */
  #endSocket(): void {
    const socket = this.#socket;
    socket.removeAllListeners('data');
    socket.pause();
    if (socket.writableLength === 0 || socket.destroyed) socket.destroySoon();
    else {
      const timer = setTimeout(() => socket.destroy(), LINGER_MS);
      socket.once('close', () => clearTimeout(timer));
      socket.destroySoon();
    }
  }
}
