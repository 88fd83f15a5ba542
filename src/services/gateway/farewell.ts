const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1');
const HEADER_BYTES = 9;
const HEADERS = 1;
const PUSH_PROMISE = 5;
const CONTINUATION = 9;
const END_HEADERS = 0x4;

/**
 * GOAWAY without an error and with the highest stream there can be (RFC 9113, 6.8): what is under way goes on, and the
 * client begins nothing more on this connection.
 */
const GOAWAY = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]);

/**
 * Lets a relay of bytes tell an HTTP/2 client in its own words that it should go elsewhere: it follows the frames that
 * the backend sends, by their headers alone, and puts a GOAWAY between two of them. Where TLS passes through, or the
 * client speaks something else, it does nothing.
 */
export class Farewell {
  #seen = 0;
  #isHTTP2: boolean | undefined;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #payloadBytes = 0;
  #hasFrames = false;
  #isInHeaders = false;
  #isAsked = false;
  #isSaid = false;

  /** Looks at the first bytes of the client only. */
  fromClient(chunk: Buffer): void {
    if (this.#isHTTP2 !== undefined) return;
    const bytes = Math.min(chunk.length, PREFACE.length - this.#seen);
    if (chunk.compare(PREFACE, this.#seen, this.#seen + bytes, 0, bytes) !== 0) {
      this.#isHTTP2 = false;
      return;
    }
    this.#seen += bytes;
    if (this.#seen === PREFACE.length) this.#isHTTP2 = true;
  }

  /** Where in this chunk of the backend's the farewell belongs; undefined: nowhere. */
  fromBackend(chunk: Buffer): number | undefined {
    if (this.#isHTTP2 !== true) return undefined;
    let place: number | undefined;
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadBytes > 0) {
        const bytes = Math.min(this.#payloadBytes, chunk.length - at);
        this.#payloadBytes -= bytes;
        at += bytes;
      } else {
        const bytes = Math.min(HEADER_BYTES - this.#headerBytes, chunk.length - at);
        chunk.copy(this.#header, this.#headerBytes, at, at + bytes);
        this.#headerBytes += bytes;
        at += bytes;
        if (this.#headerBytes === HEADER_BYTES) this.#begin();
      }
      if (place === undefined && this.#isAsked && this.#isBetweenFrames()) place = at;
    }
    if (place !== undefined) this.#isAsked = false;
    return place;
  }

  /** From now on the client is to be told; true when that can be done right now, else it is told after this frame. */
  ask(): boolean {
    if (this.#isHTTP2 !== true || this.#isSaid) return false;
    this.#isSaid = true;
    this.#isAsked = !this.#isBetweenFrames();
    return !this.#isAsked;
  }

  get frame(): Buffer {
    return GOAWAY;
  }

  #begin(): void {
    this.#headerBytes = 0;
    this.#hasFrames = true;
    this.#payloadBytes = this.#header.readUIntBE(0, 3);
    const type = this.#header[3];
    if (type === HEADERS || type === PUSH_PROMISE || type === CONTINUATION) {
      this.#isInHeaders = ((this.#header[4] ?? 0) & END_HEADERS) === 0;
    }
  }

  /** The backend's first frame must be its settings, and nothing may come between the parts of one list of headers. */
  #isBetweenFrames(): boolean {
    return (
      this.#hasFrames && this.#payloadBytes === 0 && this.#headerBytes === 0 && !this.#isInHeaders
    );
  }
}
