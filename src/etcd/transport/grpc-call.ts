import type { ClientHttp2Stream, IncomingHttpHeaders, IncomingHttpStatusHeader } from 'node:http2';
import { FrameReader, frameOf } from './frames.js';
import { SEND_QUEUE_MAX_BYTES } from './limits.js';
import type { Session } from './session.js';
import type { AttemptFailure, StreamAttempt } from './transport.js';

/** How a call ended on the wire; code 0 is success. */
export type Ending =
  { readonly kind: 'status'; readonly code: number; readonly message: string } | AttemptFailure;

/** HTTP/2's error code for a stream that is no longer wanted. */
const CANCEL = 8;
/** The flag of a header block after which nothing comes. */
const END_STREAM = 1;

export interface CallEvents {
  onMessage(message: Uint8Array): void;
  /** Exactly once, after the last message. */
  onEnd(ending: Ending): void;
}

/** One gRPC call on one HTTP/2 stream: headers out, frames both ways, status from the trailers. */
export class GrpcCall {
  readonly #session: Session;
  readonly #events: CallEvents;
  readonly #stream: ClientHttp2Stream;
  readonly #frames: FrameReader;
  readonly #heardBefore: number;
  #status: { readonly code: number; readonly message: string } | undefined;
  #error: string | undefined;
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
    this.#stream = session.open({
      ':method': 'POST',
      ':path': attempt.path,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...attempt.metadata,
    });
    this.#listen(this.#stream);
  }

  /** Resolves when the connection took it or the call is over. */
  async send(message: Uint8Array): Promise<void> {
    const stream = this.#stream;
    if (this.#isEnded || stream.writableEnded || stream.destroyed) return;
    if (stream.writableLength + message.length > SEND_QUEUE_MAX_BYTES) {
      const text = `The server takes nothing: ${stream.writableLength} bytes wait to be sent.`;
      this.abandon({ kind: 'unknown', why: 'deadline', message: text });
      return;
    }
    await new Promise<void>((resolve) => {
      stream.write(frameOf(message), () => resolve());
    });
  }

  /** Runs `tell` once when the session takes no more calls, unless this call has ended before. */
  onLeaving(tell: () => void): void {
    if (this.#isEnded) return;
    this.#stream.once('close', this.#session.onUnusable(tell));
  }

  sendLast(message: Uint8Array): void {
    this.#stream.end(frameOf(message));
  }

  finishSending(): void {
    this.#stream.end();
  }

  pause(): void {
    this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  /** Ends the call from our side with `ending` and tells the server to stop. */
  abandon(ending: Ending): void {
    if (this.#isEnded) return;
    // A server that answered no call at all meanwhile may be gone or frozen: later calls dial again, which a frozen one
    // never completes, instead of each waiting for its whole deadline.
    const isSilent = this.#session.answersHeard === this.#heardBefore;
    if (isSilent && ending.kind === 'unknown' && ending.why === 'deadline') this.#session.retire();
    this.#end(ending);
    this.#stream.close(CANCEL);
  }

  #end(ending: Ending): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#events.onEnd(ending);
    // The server has ended a call to which we could still have sent something.
    if (!this.#stream.writableEnded) this.#stream.close(CANCEL);
  }

  #listen(stream: ClientHttp2Stream): void {
    // One listener for each event: with thousands of calls a second every further one is felt.
    const session = this.#session;
    let isWhole = false;
    stream.on('response', (headers, flags) => {
      session.heard();
      isWhole ||= (flags & END_STREAM) !== 0;
      this.#onHeaders(headers);
    });
    stream.on('trailers', (headers) => {
      session.heard();
      isWhole = true;
      this.#onStatus(headers);
    });
    stream.on('data', (chunk: Uint8Array) => {
      session.heard();
      if (this.#isEnded) return;
      const { messages, fault } = this.#frames.push(chunk);
      for (const message of messages) this.#events.onMessage(message);
      if (fault !== undefined) this.abandon({ kind: 'unknown', ...fault });
    });
    stream.on('error', (error: Error) => {
      this.#error = error.message;
    });
    stream.on('end', () => {
      if (this.#status !== undefined) this.#end(this.#endingOfStatus(this.#status));
    });
    stream.on('close', () => {
      session.closed(stream, isWhole);
      if (!this.#isEnded) this.#end(this.#endingOfClose());
    });
  }

  #onHeaders(headers: IncomingHttpHeaders & IncomingHttpStatusHeader): void {
    const type = headers['content-type'] ?? '';
    if (headers[':status'] !== 200 || !type.startsWith('application/grpc')) {
      const message = `The answer is no gRPC: HTTP status ${headers[':status']}, content type “${type}”.`;
      this.abandon({ kind: 'unknown', why: 'bad-answer', message });
      return;
    }
    // An answer without a message carries its status here and has no trailers.
    if (headers['grpc-status'] !== undefined) this.#onStatus(headers);
  }

  #onStatus(headers: IncomingHttpHeaders): void {
    const code = Number(headers['grpc-status'] ?? Number.NaN);
    if (!Number.isInteger(code)) return;
    this.#status = { code, message: decodeMessage(headers['grpc-message']) };
  }

  #endingOfStatus(status: { code: number; message: string }): Ending {
    if (status.code === 0 && this.#frames.isMidFrame) {
      return { kind: 'unknown', why: 'bad-answer', message: 'The answer stops inside a message.' };
    }
    return { kind: 'status', ...status };
  }

  #endingOfClose(): Ending {
    if (this.#status !== undefined) return this.#endingOfStatus(this.#status);
    if (this.#session.hasNotProcessed(this.#stream)) {
      const message = 'The server closed the connection without looking at the call.';
      return { kind: 'not-sent', why: 'not-processed', message };
    }
    if (this.#stream.rstCode === 0 && this.#session.isUsable) {
      const message = 'The server ended the answer without a status.';
      return { kind: 'unknown', why: 'bad-answer', message };
    }
    const because = this.#session.isUsable ? this.#error : this.#session.endedBecause;
    const message = `The connection was lost before the answer: ${because ?? 'the stream was reset'}.`;
    return { kind: 'unknown', why: 'connection-lost', message };
  }
}

/** gRPC percent-encodes what is no printable ASCII; text that does not decode is shown as it came. */
function decodeMessage(value: string | string[] | undefined): string {
  const text = Array.isArray(value) ? value.join(' ') : (value ?? '');
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
