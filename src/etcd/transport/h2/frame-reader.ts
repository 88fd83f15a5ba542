import type { Frame } from './frame.js';
import { ProtocolFault } from './protocol-fault.js';
import { errorCodes, FRAME_BYTES_MAX, FRAME_HEAD_BYTES } from './rfc9113.js';

export interface FrameSink {
  /** Answers whether the next frame is wanted. */
  onFrame(frame: Frame): boolean;
}

/** Cuts what arrives into frames. Copies only a frame that was cut in two; holds never more than one frame. */
export class H2FrameReader {
  readonly #sink: FrameSink;
  readonly #head = Buffer.alloc(FRAME_HEAD_BYTES);
  /** The frame under way, of its full size, once its head is there. */
  #cut: Buffer | undefined;
  /** How much of the head, or of the frame, is there. */
  #held = 0;

  constructor(sink: FrameSink) {
    this.#sink = sink;
  }

  /** Gives the frames that this chunk completes. Throws `ProtocolFault` on one that is too large. */
  push(chunk: Buffer): void {
    let at = 0;
    if (this.#held > 0) {
      at = this.#complete(chunk);
      if (at < 0) return;
    }
    while (chunk.length - at >= FRAME_HEAD_BYTES) {
      const end = at + frameBytes(chunk, at);
      if (end > chunk.length) break;
      if (!this.#give(chunk, at, end)) return;
      at = end;
    }
    if (at < chunk.length) this.#hold(chunk, at);
  }

  /** Goes on with the frame that was cut; answers where in the chunk it ends, or -1 when nothing more is to do. */
  #complete(chunk: Buffer): number {
    let at = 0;
    if (this.#cut === undefined) {
      at = chunk.copy(this.#head, this.#held, 0, FRAME_HEAD_BYTES - this.#held);
      this.#held += at;
      if (this.#held < FRAME_HEAD_BYTES) return -1;
      this.#cut = Buffer.allocUnsafe(frameBytes(this.#head, 0));
      this.#head.copy(this.#cut);
    }
    const cut = this.#cut;
    const copied = chunk.copy(cut, this.#held, at);
    this.#held += copied;
    if (this.#held < cut.length) return -1;
    this.#cut = undefined;
    this.#held = 0;
    return this.#give(cut, 0, cut.length) ? at + copied : -1;
  }

  #hold(chunk: Buffer, at: number): void {
    this.#held = chunk.length - at;
    if (this.#held < FRAME_HEAD_BYTES) {
      chunk.copy(this.#head, 0, at);
      return;
    }
    this.#cut = Buffer.allocUnsafe(frameBytes(chunk, at));
    chunk.copy(this.#cut, 0, at);
  }

  #give(bytes: Buffer, at: number, end: number): boolean {
    return this.#sink.onFrame({
      type: bytes[at + 3] ?? 0,
      flags: bytes[at + 4] ?? 0,
      streamID: bytes.readUInt32BE(at + 5) & 0x7fff_ffff,
      bytes,
      start: at + FRAME_HEAD_BYTES,
      end,
    });
  }
}

/** Head and payload of the frame that begins at `at`. */
function frameBytes(bytes: Buffer, at: number): number {
  const length = bytes.readUIntBE(at, 3);
  if (length > FRAME_BYTES_MAX) {
    const text = `a frame of ${length} bytes came where at most ${FRAME_BYTES_MAX} were agreed`;
    throw new ProtocolFault(errorCodes.frameSizeError, text);
  }
  return FRAME_HEAD_BYTES + length;
}
