import { assert, err, ok, type Result } from '../../base/index.js';
import type { Ending, GrpcCall } from './grpc-call.js';
import { STREAM_QUEUE_MAX } from './limits.js';
import type { AttemptFailure, ByteStream } from './transport.js';

type Call = Pick<GrpcCall, 'send' | 'finishSending' | 'onLeaving' | 'pause' | 'resume' | 'abandon'>;
type Item = Result<Uint8Array | undefined, AttemptFailure>;

/** Messages of a call as they are asked for; stops reading from the socket while nobody asks. */
export class QueuedStream implements ByteStream {
  readonly #queue: Uint8Array[] = [];
  #ending: Ending | undefined;
  #wake: (() => void) | undefined;
  #call: Call | undefined;

  attach(call: Call): void {
    this.#call = call;
  }

  onMessage(message: Uint8Array): void {
    this.#queue.push(message);
    if (this.#queue.length >= STREAM_QUEUE_MAX) this.#call?.pause();
    this.#wake?.();
  }

  onEnd(ending: Ending): void {
    this.#ending = ending;
    this.#wake?.();
  }

  async send(message: Uint8Array): Promise<void> {
    await this.#call?.send(message);
  }

  onLeaving(tell: () => void): void {
    this.#call?.onLeaving(tell);
  }

  finishSending(): void {
    this.#call?.finishSending();
  }

  cancel(): void {
    this.#call?.abandon({ kind: 'unknown', why: 'cancelled', message: 'The caller cancelled.' });
  }

  async next(idleMs?: number): Promise<Item> {
    assert(this.#wake === undefined, 'two readers of one stream');
    const ready = this.#take();
    if (ready !== undefined) return ready;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      if (idleMs !== undefined) timer = setTimeout(resolve, idleMs);
    });
    clearTimeout(timer);
    this.#wake = undefined;
    const item = this.#take();
    if (item !== undefined) return item;
    const message = `The stream was silent for ${idleMs ?? 0} ms.`;
    this.#call?.abandon({ kind: 'unknown', why: 'deadline', message });
    return err({ kind: 'unknown', why: 'deadline', message });
  }

  #take(): Item | undefined {
    const message = this.#queue.shift();
    if (message !== undefined) {
      if (this.#queue.length < STREAM_QUEUE_MAX) this.#call?.resume();
      return ok(message);
    }
    const ending = this.#ending;
    if (ending === undefined) return undefined;
    return ending.kind === 'status' && ending.code === 0 ? ok(undefined) : err(ending);
  }
}
