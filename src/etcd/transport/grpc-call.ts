import { assertNever } from '../../base/index.js';
import { FrameReader, frameOf } from './frames.js';
import type { H2Stream, StreamEvents, StreamLoss } from './h2/h2-stream.js';
import { errorCodes } from './h2/rfc9113.js';
import { HeldBytes } from './held-bytes.js';
import type { HeaderField } from './hpack/header-field.js';
import { SEND_QUEUE_MAX_BYTES } from './limits.js';
import type { Session } from './session.js';
import type { AttemptFailure, StreamAttempt } from './transport.js';

/** How a call ended on the wire; code 0 is success. */
export type Ending =
  { readonly kind: 'status'; readonly code: number; readonly message: string } | AttemptFailure;

export interface CallEvents {
  onMessage(message: Uint8Array): void;
  /** Exactly once, after the last message. */
  onEnd(ending: Ending): void;
}

/** One gRPC call on one HTTP/2 stream: headers out, frames both ways, status from the trailers. */
export class GrpcCall implements StreamEvents {
  readonly #session: Session;
  readonly #events: CallEvents;
  readonly #stream: H2Stream;
  readonly #frames: FrameReader;
  readonly #heardBefore: number;
  /** What came while nobody read; most calls never have any. */
  #held: HeldBytes | undefined;
  #isPaused = false;
  /** The server's end has come, perhaps behind what is held. */
  #isRemoteEnded = false;
  #status: { readonly code: number; readonly message: string } | undefined;
  #stopListening: (() => void) | undefined;
  #isEnded = false;

  constructor(
    session: Session,
    attempt: StreamAttempt,
    answerBytesMax: number,
    events: CallEvents,
  ) {
    this.#session = session;
    this.#events = events;
    this.#frames = new FrameReader(answerBytesMax);
    this.#heardBefore = session.answersHeard;
    this.#stream = session.open(attempt, this);
  }

  /** Resolves when the connection took it or the call is over. */
  async send(message: Uint8Array): Promise<void> {
    const stream = this.#stream;
    if (this.#isEnded || !stream.isSending) return;
    if (stream.queuedBytes + message.length > SEND_QUEUE_MAX_BYTES) {
      const text = `The server takes nothing: ${stream.queuedBytes} bytes wait to be sent.`;
      this.abandon({ kind: 'unknown', why: 'deadline', message: text });
      return;
    }
    await new Promise<void>((resolve) => {
      stream.send(frameOf(message), false, resolve);
    });
  }

  /** Runs `tell` once when the session takes no more calls, unless this call has ended before. */
  onLeaving(tell: () => void): void {
    if (!this.#isEnded) this.#stopListening = this.#session.onUnusable(tell);
  }

  sendLast(message: Uint8Array): void {
    this.#stream.send(frameOf(message), true);
  }

  finishSending(): void {
    this.#stream.send(NOTHING, true);
  }

  /** Nothing more is read, so that the server's window closes. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    while (!this.#isPaused && !this.#isEnded) {
      const bytes = this.#held?.shift();
      if (bytes === undefined) break;
      this.#read(bytes);
    }
    if (this.#isRemoteEnded && this.#heldBytes === 0) this.#end(this.#endingOfEnd());
  }

  /** Ends the call from our side with `ending` and tells the server to stop. */
  abandon(ending: Ending): void {
    if (this.#isEnded) return;
    // A server that answered no call at all meanwhile may be gone or frozen: later calls dial again, which a frozen one
    // never completes, instead of each waiting for its whole deadline.
    const isSilent = this.#session.answersHeard === this.#heardBefore;
    if (isSilent && ending.kind === 'unknown' && ending.why === 'deadline') this.#session.retire();
    this.#end(ending);
    this.#stream.reset(errorCodes.cancel);
  }

  /** For the stream. */
  onHeaders(fields: readonly HeaderField[]): void {
    this.#session.heard();
    if (this.#isEnded) return;
    const isFirst = fields[0]?.name === ':status';
    if (isFirst && !isGrpc(fields)) {
      const [status, type] = [valueOf(fields, ':status'), valueOf(fields, 'content-type') ?? ''];
      const message = `The answer is no gRPC: HTTP status ${status}, content type “${type}”.`;
      this.abandon({ kind: 'unknown', why: 'bad-answer', message });
      return;
    }
    // An answer without a message carries its status in its first headers and has no trailers.
    const code = valueOf(fields, 'grpc-status');
    if (code === undefined || !/^\d{1,9}$/.test(code)) return;
    this.#status = { code: Number(code), message: decodeMessage(valueOf(fields, 'grpc-message')) };
  }

  /** For the stream. */
  onData(bytes: Buffer): void {
    this.#session.heard();
    if (this.#isEnded) return;
    if (this.#isPaused) (this.#held ??= new HeldBytes()).push(bytes);
    else this.#read(bytes);
  }

  /** For the stream. */
  onEnd(): void {
    this.#isRemoteEnded = true;
    // The server has ended a call to which we could still have sent something.
    if (!this.#stream.isSent) this.#stream.reset(errorCodes.cancel);
    if (this.#heldBytes === 0) this.#end(this.#endingOfEnd());
  }

  /** For the stream. */
  onLost(loss: StreamLoss): void {
    this.#end(this.#endingOfLoss(loss));
  }

  get #heldBytes(): number {
    return this.#held?.length ?? 0;
  }

  #read(bytes: Uint8Array): void {
    const { messages, fault } = this.#frames.push(bytes);
    for (const message of messages) this.#events.onMessage(message);
    if (fault !== undefined) this.abandon({ kind: 'unknown', ...fault });
    else this.#stream.giveBack(bytes.length);
  }

  #end(ending: Ending): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#stopListening?.();
    this.#events.onEnd(ending);
  }

  #endingOfEnd(): Ending {
    if (this.#status !== undefined) return this.#endingOfStatus(this.#status);
    const message = 'The server ended the answer without a status.';
    return { kind: 'unknown', why: 'bad-answer', message };
  }

  #endingOfStatus(status: { code: number; message: string }): Ending {
    if (status.code === 0 && this.#frames.isMidFrame) {
      return { kind: 'unknown', why: 'bad-answer', message: 'The answer stops inside a message.' };
    }
    return { kind: 'status', ...status };
  }

  #endingOfLoss(loss: StreamLoss): Ending {
    switch (loss.kind) {
      case 'not-processed': {
        const message = 'The server closed the connection without looking at the call.';
        return { kind: 'not-sent', why: 'not-processed', message };
      }
      case 'malformed': {
        const message = `The answer is no HTTP/2: ${loss.because}.`;
        return { kind: 'unknown', why: 'bad-answer', message };
      }
      case 'reset': {
        const message = `The server reset the call with code ${loss.code}.`;
        return { kind: 'unknown', why: 'connection-lost', message };
      }
      case 'connection-lost': {
        const because = this.#session.isUsable ? loss.because : this.#session.endedBecause;
        const message = `The connection was lost before the answer: ${because}.`;
        return { kind: 'unknown', why: 'connection-lost', message };
      }
      default:
        return assertNever(loss);
    }
  }
}

const NOTHING = new Uint8Array(0);

function valueOf(fields: readonly HeaderField[], name: string): string | undefined {
  for (const field of fields) if (field.name === name) return field.value;
  return undefined;
}

const isGrpc = (fields: readonly HeaderField[]): boolean =>
  fields[0]?.value === '200' &&
  valueOf(fields, 'content-type')?.startsWith('application/grpc') === true;

/** gRPC percent-encodes what is no printable ASCII; text that does not decode is shown as it came. */
function decodeMessage(text = ''): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
