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

/** Cuts the bytes of an answer into messages. Holds only bytes that arrived, whatever a prefix announces. */
export class FrameReader {
  readonly #maxBytes: number;
  #pending: Uint8Array[] = [];
  #pendingBytes = 0;
  /** Prefix and message of the frame under way, or undefined while its prefix is incomplete. */
  #frameBytes: number | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True when the answer stops in the middle of a frame if nothing more comes. */
  get isMidFrame(): boolean {
    return this.#pendingBytes > 0;
  }

  /** The messages that this chunk completes, or the fault after which the stream is of no more use. */
  push(chunk: Uint8Array): {
    readonly messages: readonly Uint8Array[];
    readonly fault?: FrameFault;
  } {
    if (chunk.length > 0) this.#pending.push(chunk);
    this.#pendingBytes += chunk.length;
    const messages: Uint8Array[] = [];
    for (;;) {
      if (this.#frameBytes === undefined) {
        if (this.#pendingBytes < PREFIX_BYTES) return { messages };
        const prefix = this.#peekPrefix();
        const fault = this.#faultOf(prefix);
        if (fault !== undefined) return { messages, fault };
        this.#frameBytes = PREFIX_BYTES + prefix.length;
      }
      if (this.#pendingBytes < this.#frameBytes) return { messages };
      messages.push(this.#take(this.#frameBytes).subarray(PREFIX_BYTES));
      this.#frameBytes = undefined;
    }
  }

  #faultOf(prefix: { flag: number; length: number }): FrameFault | undefined {
    if (prefix.flag !== 0) {
      return {
        why: 'bad-answer',
        message: `The answer is compressed or no gRPC (flag ${prefix.flag}).`,
      };
    }
    if (prefix.length > this.#maxBytes) {
      const message = `The answer has ${prefix.length} bytes; at most ${this.#maxBytes} are read.`;
      return { why: 'answer-too-large', message };
    }
    return undefined;
  }

  #peekPrefix(): { flag: number; length: number } {
    const bytes = this.#join();
    const length = new DataView(bytes.buffer, bytes.byteOffset, PREFIX_BYTES).getUint32(1);
    return { flag: bytes[0] ?? 0, length };
  }

  #take(count: number): Uint8Array {
    const bytes = this.#join();
    const rest = bytes.subarray(count);
    this.#pending = rest.length > 0 ? [rest] : [];
    this.#pendingBytes = rest.length;
    return bytes.subarray(0, count);
  }

  #join(): Uint8Array {
    const [first] = this.#pending;
    if (first !== undefined && this.#pending.length === 1) return first;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [bytes];
    return bytes;
  }
}
