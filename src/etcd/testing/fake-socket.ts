import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';

/** A frame that the client sent. */
export interface SentFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamID: number;
  readonly payload: Buffer;
}

const PREFACE_BYTES = 24;
const HEAD_BYTES = 9;

/** A socket without a network: the test says what arrives, sees what leaves, and whether what leaves is taken. */
export class FakeSocket extends Duplex {
  #sent = Buffer.alloc(0);
  #waiting: (() => void) | undefined;
  #isReading = true;
  /** How often something was handed over to be sent. */
  writes = 0;
  isReferenced = true;
  bytesRead = 0;

  constructor() {
    super({ emitClose: true, autoDestroy: true });
  }

  /** The same as the type the product asks for; what it uses of it is here. */
  get socket(): Socket {
    return this as unknown as Socket;
  }

  /** Whole frames that have left so far, without the preface. */
  get frames(): readonly SentFrame[] {
    const bytes = this.#sent.subarray(PREFACE_BYTES);
    const frames: SentFrame[] = [];
    for (let at = 0; at + HEAD_BYTES <= bytes.length;) {
      const end = at + HEAD_BYTES + bytes.readUIntBE(at, 3);
      frames.push({
        type: bytes[at + 3] ?? 0,
        flags: bytes[at + 4] ?? 0,
        streamID: bytes.readUInt32BE(at + 5),
        payload: bytes.subarray(at + HEAD_BYTES, end),
      });
      at = end;
    }
    return frames;
  }

  framesOf(type: number): readonly SentFrame[] {
    return this.frames.filter((frame) => frame.type === type);
  }

  get preface(): string {
    return this.#sent.subarray(0, PREFACE_BYTES).toString('latin1');
  }

  /** From the server. Everything it leads to has happened when this resolves. */
  async receive(...parts: readonly Uint8Array[]): Promise<void> {
    const bytes = Buffer.concat(parts);
    this.bytesRead += bytes.length;
    this.push(bytes);
    await this.turn();
  }

  /** Lets what was written leave. */
  async turn(): Promise<void> {
    for (let count = 0; count < 3; count++) await new Promise((resolve) => setImmediate(resolve));
  }

  /** The other side reads no more, or reads again. */
  setReading(isReading: boolean): void {
    this.#isReading = isReading;
    if (!isReading) return;
    this.#waiting?.();
    this.#waiting = undefined;
  }

  destroySoon(): void {
    this.end(() => this.destroy());
  }

  ref(): this {
    this.isReferenced = true;
    return this;
  }

  unref(): this {
    this.isReferenced = false;
    return this;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes++;
    this.#sent = Buffer.concat([this.#sent, chunk]);
    if (this.#isReading) done();
    else this.#waiting = done;
  }
}
