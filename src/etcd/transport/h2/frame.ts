import { ProtocolFault } from './protocol-fault.js';
import { errorCodes, flags, PING_BYTES } from './rfc9113.js';

/** One whole frame; its payload is `bytes[start, end)`. The bytes are nobody else's and stay as they are. */
export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamID: number;
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
}

export interface Range {
  readonly start: number;
  readonly end: number;
}

const UINT31 = 0x7fff_ffff;
const PRIORITY_BYTES = 5;
/** Of what a server says when it closes a connection, for a person. */
const GOAWAY_TEXT_BYTES_MAX = 256;

export const hasFlag = (frame: Frame, flag: number): boolean => (frame.flags & flag) !== 0;

/** The payload of DATA or HEADERS without its padding (RFC 9113 §6.1). */
export function withoutPadding(frame: Frame): Range {
  const { bytes, start, end } = frame;
  if (!hasFlag(frame, flags.padded)) return frame;
  const padding = start < end ? (bytes[start] ?? 0) : 0;
  if (start + 1 + padding > end) throw fault('protocolError', 'a frame that is all padding');
  return { start: start + 1, end: end - padding };
}

/** The part of a header block in a HEADERS frame (§6.2). */
export function headerFragment(frame: Frame): Range {
  const { start, end } = withoutPadding(frame);
  if (!hasFlag(frame, flags.priority)) return { start, end };
  if (start + PRIORITY_BYTES > end) throw fault('frameSizeError', 'a HEADERS frame cut short');
  return { start: start + PRIORITY_BYTES, end };
}

/** The error code of RST_STREAM (§6.4). */
export function resetCode(frame: Frame): number {
  checkSize(frame, 4);
  return frame.bytes.readUInt32BE(frame.start);
}

/** By how much WINDOW_UPDATE opens a window (§6.9). */
export function windowIncrement(frame: Frame): number {
  checkSize(frame, 4);
  return frame.bytes.readUInt32BE(frame.start) & UINT31;
}

/** The payload of PING (§6.7). */
export function pingPayload(frame: Frame): Buffer {
  checkIsOfConnection(frame);
  checkSize(frame, PING_BYTES);
  return frame.bytes.subarray(frame.start, frame.end);
}

/** What GOAWAY says (§6.8). */
export function goawayOf(frame: Frame): {
  readonly lastStreamID: number;
  readonly code: number;
  readonly text: string;
} {
  checkIsOfConnection(frame);
  const { bytes, start, end } = frame;
  const textAt = start + 8;
  if (textAt > end) throw fault('frameSizeError', 'a GOAWAY frame cut short');
  return {
    lastStreamID: bytes.readUInt32BE(start) & UINT31,
    code: bytes.readUInt32BE(start + 4),
    text: bytes.toString('latin1', textAt, Math.min(end, textAt + GOAWAY_TEXT_BYTES_MAX)),
  };
}

export function checkIsOfConnection({ streamID, type }: Frame): void {
  if (streamID !== 0) throw fault('protocolError', `a frame of type ${type} on a stream`);
}

function checkSize({ start, end, type }: Frame, bytes: number): void {
  if (end - start === bytes) return;
  throw fault('frameSizeError', `a frame of type ${type} with ${end - start} bytes`);
}

const fault = (code: keyof typeof errorCodes, message: string): ProtocolFault =>
  new ProtocolFault(errorCodes[code], message);
