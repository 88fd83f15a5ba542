import { HeldBytes } from './held-bytes.js';

/** gRPC's framing: one byte that says whether it is compressed, four bytes of length, the message. */
const PREFIX_BYTES = 5;

export function frameOf(message: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + message.length);
  frame[0] = 0;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, PREFIX_BYTES);
  return frame;
}

export interface FrameFault {
  readonly why: 'bad-answer' | 'answer-too-large';
  readonly message: string;
}

export interface ReadFrames {
  readonly messages: readonly Uint8Array[];
  /** After it the stream is of no more use. */
  readonly fault?: FrameFault;
}

const NONE: ReadFrames = { messages: [] };

/** Cuts the bytes of an answer into messages. Holds only bytes that arrived, whatever a prefix announces. */
export class FrameReader {
  readonly #maxBytes: number;
  /** The beginning of a frame; most answers come whole and never need it. */
  #held: HeldBytes | undefined;
  /** How many bytes must be held before it is worth looking at them again. */
  #neededBytes = PREFIX_BYTES;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True when the answer stops in the middle of a frame if nothing more comes. */
  get isMidFrame(): boolean {
    return this.#held !== undefined;
  }

  /** The messages that this chunk completes. */
  push(chunk: Uint8Array): ReadFrames {
    const held = this.#held;
    if (held === undefined) return this.#read(chunk);
    held.push(chunk);
    if (held.length < this.#neededBytes) return NONE;
    this.#held = undefined;
    return this.#read(held.takeAll());
  }

  #read(bytes: Uint8Array): ReadFrames {
    const messages: Uint8Array[] = [];
    let at = 0;
    this.#neededBytes = PREFIX_BYTES;
    while (bytes.length - at >= PREFIX_BYTES) {
      const length = lengthAt(bytes, at + 1);
      const fault = this.#faultOf(bytes[at] ?? 0, length);
      if (fault !== undefined) return { messages, fault };
      const frameBytes = PREFIX_BYTES + length;
      if (bytes.length - at < frameBytes) {
        this.#neededBytes = frameBytes;
        break;
      }
      messages.push(bytes.subarray(at + PREFIX_BYTES, at + frameBytes));
      at += frameBytes;
    }
    if (at < bytes.length) {
      this.#held = new HeldBytes();
      this.#held.push(bytes.subarray(at));
    }
    return { messages };
  }

  #faultOf(flag: number, length: number): FrameFault | undefined {
    if (flag !== 0) {
      return { why: 'bad-answer', message: `The answer is compressed or no gRPC (flag ${flag}).` };
    }
    if (length > this.#maxBytes) {
      const message = `The answer has ${length} bytes; at most ${this.#maxBytes} are read.`;
      return { why: 'answer-too-large', message };
    }
    return undefined;
  }
}

/** Four bytes, the highest first. */
const lengthAt = (bytes: Uint8Array, at: number): number =>
  (bytes[at] ?? 0) * 2 ** 24 +
  (((bytes[at + 1] ?? 0) << 16) | ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0));
