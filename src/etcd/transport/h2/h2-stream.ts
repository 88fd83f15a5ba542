import type { HeaderField } from '../hpack/header-field.js';
import { STREAM_WINDOW_BYTES } from '../limits.js';
import { SendQueue } from './outflow.js';
import { ReceiveWindow } from './receive-window.js';

/** How a stream ended other than by END_STREAM. */
export type StreamLoss =
  /** The server has certainly not looked at it: it said so, or it never left (RFC 9113 §6.8, §8.7). */
  | { readonly kind: 'not-processed' }
  | { readonly kind: 'reset'; readonly code: number }
  /** What came is no answer; we have reset it. */
  | { readonly kind: 'malformed'; readonly because: string }
  | { readonly kind: 'connection-lost'; readonly because: string };

/** Who opened a stream hears of it. After `onEnd` or `onLost`, exactly one of which comes, or after a reset of our own: nothing. */
export interface StreamEvents {
  onHeaders(fields: readonly HeaderField[], isEnd: boolean): void;
  /** The bytes are the receiver's to keep; it says by `giveBack` that it has read them. */
  onData(bytes: Buffer): void;
  /** The server has ended its side. */
  onEnd(): void;
  onLost(loss: StreamLoss): void;
}

/** What a stream asks of its connection. */
export interface StreamOwner {
  send(
    stream: H2Stream,
    bytes: Uint8Array,
    isLast: boolean,
    onTaken: (() => void) | undefined,
  ): void;
  reset(stream: H2Stream, code: number): void;
  grant(stream: H2Stream, bytes: number): void;
}

/** One stream that we opened: headers have left, DATA may follow, an answer may come. */
export class H2Stream {
  readonly id: number;
  readonly events: StreamEvents;
  /** For the connection alone. */
  readonly queue: SendQueue;
  readonly receiveWindow = new ReceiveWindow(STREAM_WINDOW_BYTES);
  readonly #owner: StreamOwner;
  /** The final header list has come, and so DATA may. */
  isAnswered = false;
  /** The server's END_STREAM has come. */
  isRemoteEnded = false;
  /** It is over, whichever way; nothing is sent or heard any more. */
  isOver = false;
  #isLastGiven = false;

  constructor(owner: StreamOwner, id: number, events: StreamEvents, windowBytes: number) {
    this.#owner = owner;
    this.id = id;
    this.events = events;
    this.queue = new SendQueue(id, windowBytes);
  }

  /** Bytes given that wait for the server's windows. */
  get queuedBytes(): number {
    return this.queue.bytes;
  }

  /** Whether more may be given to send. */
  get isSending(): boolean {
    return !this.#isLastGiven && !this.isOver;
  }

  /** Whether our END_STREAM has been written. */
  get isSent(): boolean {
    return this.queue.isEnded;
  }

  /** Sends DATA in order; `onTaken` runs when it was written, or never will be. */
  send(bytes: Uint8Array, isLast: boolean, onTaken?: () => void): void {
    if (!this.isSending) {
      onTaken?.();
      return;
    }
    this.#isLastGiven = isLast;
    this.#owner.send(this, bytes, isLast, onTaken);
  }

  /** Ends both directions now; nothing more is heard of it. */
  reset(code: number): void {
    if (!this.isOver) this.#owner.reset(this, code);
  }

  /** These bytes of `onData` have been read: the server may send as many more. */
  giveBack(bytes: number): void {
    if (this.isOver || this.isRemoteEnded) return;
    const increment = this.receiveWindow.giveBack(bytes);
    if (increment > 0) this.#owner.grant(this, increment);
  }
}
