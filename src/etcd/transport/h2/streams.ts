import { CONNECTION_WINDOW_BYTES, HEADER_LIST_MAX_BYTES } from '../limits.js';
import { hasFlag, resetCode, withoutPadding, type Frame } from './frame.js';
import type { FrameWriter } from './frame-writer.js';
import { H2Stream, type StreamEvents, type StreamLoss, type StreamOwner } from './h2-stream.js';
import type { ReceivedHeaders } from './header-blocks.js';
import type { Outflow } from './outflow.js';
import { ProtocolFault } from './protocol-fault.js';
import { ReceiveWindow } from './receive-window.js';
import { headersFault, statusOf } from './response-headers.js';
import { errorCodes, flags, STREAM_ID_MAX, type ErrorCode } from './rfc9113.js';

/** The open streams of a connection, and what the server's frames do to them. */
export class Streams implements StreamOwner {
  readonly #writer: FrameWriter;
  readonly #outflow: Outflow;
  readonly #onStreamOver: () => void;
  readonly #streams = new Map<number, H2Stream>();
  readonly #receiveWindow = new ReceiveWindow(CONNECTION_WINDOW_BYTES);
  #nextID: number;

  constructor(writer: FrameWriter, outflow: Outflow, onStreamOver: () => void, firstID: number) {
    this.#writer = writer;
    this.#outflow = outflow;
    this.#onStreamOver = onStreamOver;
    this.#nextID = firstID;
  }

  get count(): number {
    return this.#streams.size;
  }

  /** Of the stream that was opened last; below 0 before the first. */
  get lastID(): number {
    return this.#nextID - 2;
  }

  get hasIDs(): boolean {
    return this.#nextID <= STREAM_ID_MAX;
  }

  open(
    events: StreamEvents,
    windowBytes: number,
    writeHeaders: (streamID: number) => void,
  ): H2Stream {
    const id = this.#nextID;
    this.#nextID += 2;
    const stream = new H2Stream(this, id, events, windowBytes);
    this.#streams.set(id, stream);
    writeHeaders(id);
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
    this.#onStreamOver();
  }

  grant(stream: H2Stream, bytes: number): void {
    this.#writer.windowUpdate(stream.id, bytes);
  }

  onData(frame: Frame): void {
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

  /** A header list that is complete now. */
  onHeaders(headers: ReceivedHeaders | undefined): void {
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
    this.#onStreamOver();
  }

  onRstStream(frame: Frame): void {
    const code = resetCode(frame);
    const stream = this.#streamOf(frame.streamID);
    if (stream === undefined) return;
    const isRefused = code === errorCodes.refusedStream;
    this.#lose(stream, isRefused ? { kind: 'not-processed' } : { kind: 'reset', code });
  }

  /** A WINDOW_UPDATE of one stream. */
  onWindowUpdate(streamID: number, increment: number): void {
    const stream = this.#streamOf(streamID);
    if (stream === undefined) return;
    if (increment === 0) {
      this.#fail(stream, errorCodes.protocolError, 'its window is opened by nothing');
    } else if (stream.queue.open(increment)) {
      this.#outflow.resume(stream.queue);
    } else {
      this.#fail(stream, errorCodes.flowControlError, 'its window is opened beyond all bounds');
    }
  }

  /** A new initial window holds for open streams too, and may leave one less than nothing (§6.9.2). */
  moveWindows(byBytes: number): void {
    if (byBytes === 0) return;
    for (const { queue } of this.#streams.values()) {
      if (!queue.open(byBytes)) {
        throw new ProtocolFault(errorCodes.flowControlError, 'a window beyond all bounds');
      }
      this.#outflow.resume(queue);
    }
  }

  /** The streams above this ID are lost. */
  loseAbove(streamID: number, loss: StreamLoss): void {
    for (const stream of this.#streams.values()) {
      if (stream.id > streamID) this.#lose(stream, loss);
    }
  }

  /** undefined for one that is over, of which more may be on its way; one that never was breaks the protocol (§5.1). */
  #streamOf(streamID: number): H2Stream | undefined {
    const stream = this.#streams.get(streamID);
    if (stream !== undefined) return stream;
    if (streamID % 2 === 1 && streamID < this.#nextID) return undefined;
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
    this.#onStreamOver();
  }

  #remove(stream: H2Stream): void {
    stream.isOver = true;
    this.#streams.delete(stream.id);
    this.#outflow.drop(stream.queue);
  }
}
