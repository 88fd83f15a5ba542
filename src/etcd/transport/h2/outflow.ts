import type { FrameWriter } from './frame-writer.js';
import { FRAME_BYTES_MAX, INITIAL_WINDOW_BYTES, WINDOW_BYTES_MAX } from './rfc9113.js';

/** What one stream has to send. */
interface Outgoing {
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
  readonly onTaken: (() => void) | undefined;
  sent: number;
}

/** The DATA of one stream on its way out, in order, as far as the windows let it (RFC 9113 §5.2). */
export class SendQueue {
  readonly streamID: number;
  windowBytes: number;
  /** Bytes that wait. */
  bytes = 0;
  /** END_STREAM has been written. */
  isEnded = false;
  /** Most streams never have to wait. */
  #waiting: Outgoing[] | undefined;

  constructor(streamID: number, windowBytes: number) {
    this.streamID = streamID;
    this.windowBytes = windowBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting === undefined || this.#waiting.length === 0;
  }

  /** Whether a frame could leave if the connection let it: an empty one needs no window. */
  get canSend(): boolean {
    const first = this.#waiting?.[0];
    return first !== undefined && (this.windowBytes > 0 || first.bytes.length === first.sent);
  }

  /** Opens the stream's window, or closes it; false when it would be larger than any may be. */
  open(bytes: number): boolean {
    this.windowBytes += bytes;
    return this.windowBytes <= WINDOW_BYTES_MAX;
  }

  add(bytes: Uint8Array, isLast: boolean, onTaken: (() => void) | undefined): void {
    (this.#waiting ??= []).push({ bytes, isLast, onTaken, sent: 0 });
    this.bytes += bytes.length;
  }

  /** Writes one frame of at most `roomBytes`; answers how many bytes it took. */
  sendFrame(writer: FrameWriter, roomBytes: number): number {
    const first = this.#waiting?.[0];
    if (first === undefined) return 0;
    const left = first.bytes.length - first.sent;
    // A window may be below nothing; an end without bytes passes all the same.
    const length = Math.max(0, Math.min(left, FRAME_BYTES_MAX, this.windowBytes, roomBytes));
    const isDone = length === left;
    writer.data(this.streamID, first.bytes, first.sent, length, isDone && first.isLast);
    first.sent += length;
    this.windowBytes -= length;
    this.bytes -= length;
    if (!isDone) return length;
    this.#waiting?.shift();
    if (first.isLast) this.isEnded = true;
    first.onTaken?.();
    return length;
  }

  /** Nothing of it will be sent any more; whoever waits for it is told. */
  drop(): void {
    this.bytes = 0;
    for (const { onTaken } of this.#waiting?.splice(0) ?? []) onTaken?.();
  }
}

/** The DATA of all streams under the connection's window, a frame of each in turn. */
export class Outflow {
  readonly #writer: FrameWriter;
  #windowBytes = INITIAL_WINDOW_BYTES;
  /** Streams that wait for the connection or the socket, and not for a window of their own. */
  readonly #blocked = new Set<SendQueue>();

  constructor(writer: FrameWriter) {
    this.#writer = writer;
  }

  /** Sends what can be sent now and keeps the rest. */
  send(
    queue: SendQueue,
    bytes: Uint8Array,
    isLast: boolean,
    onTaken: (() => void) | undefined,
  ): void {
    if (this.#sendAtOnce(queue, bytes, isLast)) {
      onTaken?.();
      return;
    }
    queue.add(bytes, isLast, onTaken);
    this.resume(queue);
  }

  /** The usual case: a small message into open windows. */
  #sendAtOnce(queue: SendQueue, bytes: Uint8Array, isLast: boolean): boolean {
    const room = Math.min(FRAME_BYTES_MAX, queue.windowBytes, this.#windowBytes);
    if (!queue.isEmpty || bytes.length > room || this.#writer.isChoked) return false;
    this.#writer.data(queue.streamID, bytes, 0, bytes.length, isLast);
    queue.windowBytes -= bytes.length;
    this.#windowBytes -= bytes.length;
    if (isLast) queue.isEnded = true;
    return true;
  }

  /** The window of a stream was opened. */
  resume(queue: SendQueue): void {
    if (!queue.canSend) return;
    this.#blocked.add(queue);
    this.resumeAll();
  }

  /** The connection's window was opened, or the socket takes more. */
  resumeAll(): void {
    // A stream that is not done goes to the end, where this loop meets it again.
    for (const queue of this.#blocked) {
      if (this.#writer.isChoked || this.#windowBytes <= 0) return;
      this.#blocked.delete(queue);
      this.#windowBytes -= queue.sendFrame(this.#writer, this.#windowBytes);
      if (queue.canSend) this.#blocked.add(queue);
    }
  }

  drop(queue: SendQueue): void {
    this.#blocked.delete(queue);
    queue.drop();
  }

  /** Opens the connection's window; false when it would be larger than any may be. */
  open(bytes: number): boolean {
    this.#windowBytes += bytes;
    if (this.#windowBytes > WINDOW_BYTES_MAX) return false;
    this.resumeAll();
    return true;
  }
}
