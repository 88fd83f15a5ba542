import type { Socket } from 'node:net';
import { flags, FRAME_BYTES_MAX, FRAME_HEAD_BYTES, frameTypes, PING_BYTES } from './rfc9113.js';

/** Room for one turn of a busy connection; must hold the largest frame. */
const BATCH_BYTES = 64 * 1024;
/** Above this, waiting in the socket, DATA waits in its stream instead. */
const SOCKET_QUEUE_MAX_BYTES = 256 * 1024;

export interface FrameWriterEvents {
  /** What was written so far is handed to the socket. */
  readonly onFlush: () => void;
  /** The socket has sent something. */
  readonly onSent: () => void;
}

/**
 * Frames on their way out. All that is written in one turn of the event loop leaves in one write: a system call costs
 * more than the frames of a small call do.
 */
export class FrameWriter {
  readonly #socket: Socket;
  readonly #events: FrameWriterEvents;
  #batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
  /** What is before belongs to the socket, which has not sent it yet. */
  #start = 0;
  #used = 0;
  #isScheduled = false;
  #isOver = false;
  readonly #flushInTurn = () => {
    this.#isScheduled = false;
    this.flush();
  };

  constructor(socket: Socket, events: FrameWriterEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** Whether the server takes so little that more DATA should wait; the socket's `drain` tells of the end. */
  get isChoked(): boolean {
    return this.#socket.writableLength > SOCKET_QUEUE_MAX_BYTES;
  }

  /** A header block, in as many frames as it needs; `before` goes in front of it. */
  headers(streamID: number, before: Uint8Array | undefined, block: Uint8Array): void {
    const whole = before === undefined ? block : Buffer.concat([before, block]);
    let type: number = frameTypes.headers;
    let at = 0;
    do {
      const length = Math.min(FRAME_BYTES_MAX, whole.length - at);
      const isLast = at + length === whole.length;
      this.#head(length, type, isLast ? flags.endHeaders : 0, streamID);
      this.#bytes(whole, at, length);
      type = frameTypes.continuation;
      at += length;
    } while (at < whole.length);
  }

  /** `bytes[at, at + length)`, at most one frame's worth. */
  data(streamID: number, bytes: Uint8Array, at: number, length: number, isLast: boolean): void {
    this.#head(length, frameTypes.data, isLast ? flags.endStream : 0, streamID);
    this.#bytes(bytes, at, length);
  }

  rstStream(streamID: number, code: number): void {
    this.#head(4, frameTypes.rstStream, 0, streamID);
    this.#uint32(code);
  }

  windowUpdate(streamID: number, increment: number): void {
    this.#head(4, frameTypes.windowUpdate, 0, streamID);
    this.#uint32(increment);
  }

  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    this.#head(settings.length * 6, frameTypes.settings, 0, 0);
    for (const [id, value] of settings) {
      this.#used = this.#batch.writeUInt16BE(id, this.#used);
      this.#uint32(value);
    }
  }

  settingsAck(): void {
    this.#head(0, frameTypes.settings, flags.ack, 0);
  }

  ping(payload: Uint8Array, isAck: boolean): void {
    this.#head(PING_BYTES, frameTypes.ping, isAck ? flags.ack : 0, 0);
    this.#bytes(payload, 0, PING_BYTES);
  }

  goaway(code: number, text: string): void {
    const debug = Buffer.from(text);
    this.#head(8 + debug.length, frameTypes.goaway, 0, 0);
    // No stream of the server's was ever looked at: it must not open any.
    this.#uint32(0);
    this.#uint32(code);
    this.#bytes(debug, 0, debug.length);
  }

  /** Bytes that are no frame: the connection preface. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes(bytes, 0, bytes.length);
  }

  /** Hands everything to the socket now. */
  flush(): void {
    // A socket that broke takes it and drops it, and tells of that only afterwards.
    if (this.#used === this.#start || this.#isOver || this.#socket.destroyed) return;
    this.#socket.write(this.#batch.subarray(this.#start, this.#used), this.#events.onSent);
    this.#start = this.#used;
    // The kernel has taken all of it, or TLS has, so that the room can be used again.
    if (this.#socket.writableLength === 0) this.#start = this.#used = 0;
    this.#events.onFlush();
  }

  /** Nothing leaves any more, not even what was written and not flushed. */
  end(): void {
    this.#isOver = true;
  }

  #head(length: number, type: number, frameFlags: number, streamID: number): void {
    this.#reserve(FRAME_HEAD_BYTES + length);
    const batch = this.#batch;
    const at = this.#used;
    batch[at] = length >> 16;
    batch[at + 1] = length >> 8;
    batch[at + 2] = length;
    batch[at + 3] = type;
    batch[at + 4] = frameFlags;
    batch[at + 5] = streamID >> 24;
    batch[at + 6] = streamID >> 16;
    batch[at + 7] = streamID >> 8;
    batch[at + 8] = streamID;
    this.#used = at + FRAME_HEAD_BYTES;
  }

  #uint32(value: number): void {
    this.#used = this.#batch.writeUInt32BE(value, this.#used);
  }

  #bytes(bytes: Uint8Array, at: number, length: number): void {
    const part = at === 0 && length === bytes.length ? bytes : bytes.subarray(at, at + length);
    this.#batch.set(part, this.#used);
    this.#used += length;
  }

  /** Makes room for a whole frame. */
  #reserve(length: number): void {
    if (this.#used + length > BATCH_BYTES) this.flush();
    if (this.#used + length > BATCH_BYTES) {
      this.#batch = Buffer.allocUnsafeSlow(BATCH_BYTES);
      this.#start = this.#used = 0;
    }
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    process.nextTick(this.#flushInTurn);
  }
}
