import type { HeaderField } from '../hpack/header-field.js';
import { HpackDecoder } from '../hpack/hpack-decoder.js';
import { HpackFault } from '../hpack/hpack-fault.js';
import { HEADER_BLOCK_MAX_BYTES, HEADER_FRAMES_MAX, HEADER_LIST_MAX_BYTES } from '../limits.js';
import { hasFlag, headerFragment, type Frame } from './frame.js';
import { ProtocolFault } from './protocol-fault.js';
import { errorCodes, flags, HEADER_TABLE_BYTES } from './rfc9113.js';

/** A header list as it came. */
export interface ReceivedHeaders {
  readonly streamID: number;
  /** undefined when it was larger than is read. */
  readonly fields: readonly HeaderField[] | undefined;
  readonly isEnd: boolean;
}

/** Puts HEADERS and its CONTINUATIONs together and decodes them (RFC 9113 §4.3). */
export class HeaderBlocks {
  readonly #decoder = new HpackDecoder({
    tableBytesMax: HEADER_TABLE_BYTES,
    listBytesMax: HEADER_LIST_MAX_BYTES,
  });
  #open: { readonly streamID: number; readonly isEnd: boolean } | undefined;
  #parts: Buffer[] = [];
  #bytes = 0;

  /** The stream whose CONTINUATION must come next and nothing else. */
  get openStreamID(): number | undefined {
    return this.#open?.streamID;
  }

  /** A HEADERS frame; answers the list if this is all of it. */
  begin(frame: Frame): ReceivedHeaders | undefined {
    const { streamID, bytes } = frame;
    const { start, end } = headerFragment(frame);
    const isEnd = hasFlag(frame, flags.endStream);
    if (hasFlag(frame, flags.endHeaders)) {
      return { streamID, isEnd, fields: this.#decode(bytes, start, end) };
    }
    this.#open = { streamID, isEnd };
    this.#hold(bytes.subarray(start, end));
    return undefined;
  }

  /** A CONTINUATION frame; answers the list if it is complete now. */
  goOn(frame: Frame): ReceivedHeaders | undefined {
    const open = this.#open;
    if (open === undefined || open.streamID !== frame.streamID) {
      throw new ProtocolFault(errorCodes.protocolError, 'a CONTINUATION of no header block');
    }
    this.#hold(frame.bytes.subarray(frame.start, frame.end));
    if (!hasFlag(frame, flags.endHeaders)) return undefined;
    const block = Buffer.concat(this.#parts);
    this.#open = undefined;
    this.#parts = [];
    this.#bytes = 0;
    return { ...open, fields: this.#decode(block, 0, block.length) };
  }

  #hold(part: Buffer): void {
    this.#parts.push(part);
    this.#bytes += part.length;
    if (this.#bytes <= HEADER_BLOCK_MAX_BYTES && this.#parts.length <= HEADER_FRAMES_MAX) return;
    const text = `a header block of more than ${HEADER_BLOCK_MAX_BYTES} bytes or ${HEADER_FRAMES_MAX} frames`;
    throw new ProtocolFault(errorCodes.enhanceYourCalm, text);
  }

  #decode(bytes: Buffer, start: number, end: number): readonly HeaderField[] | undefined {
    try {
      return this.#decoder.decode(bytes, start, end);
    } catch (error) {
      if (!(error instanceof HpackFault)) throw error;
      throw new ProtocolFault(errorCodes.compressionError, error.message);
    }
  }
}
