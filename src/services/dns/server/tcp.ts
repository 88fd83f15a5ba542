import type { Socket } from 'node:net';
import type { Clock } from '../../../base/index.js';
import type { DNSServerLimits } from '../limits.js';

const LENGTH_BYTES = 2;

/** What a connection gets from its server. */
export interface TCPSeat {
  readonly clock: Clock;
  readonly limits: DNSServerLimits;
  /** The answer; undefined ends the connection, because silence would make a client wait. */
  readonly answer: (query: Buffer) => Buffer | undefined;
  /** A whole query came. */
  readonly active: () => void;
}

/**
 * Queries of one TCP connection, one after the other, each behind its length. At most one query is held, nothing is read
 * while an answer waits to be sent, and whoever takes too long for a whole query is cut off, also byte by byte.
 */
export function serveConnection(socket: Socket, seat: TCPSeat): void {
  const { clock, limits, answer, active } = seat;
  let held: Buffer = Buffer.alloc(0);
  const deadline = () => clock.after(limits.connectionIdleMs, () => socket.destroy());
  let cancel = deadline();
  /** Answers what is held; false when the answers have to go out first, or nothing more is to be said. */
  const answerHeld = (): boolean => {
    while (held.length >= LENGTH_BYTES) {
      const length = held.readUInt16BE(0);
      const end = LENGTH_BYTES + length;
      if (length <= limits.queryBytesMax && held.length < end) return true;
      const bytes =
        length > limits.queryBytesMax ? undefined : answer(held.subarray(LENGTH_BYTES, end));
      if (bytes === undefined) {
        socket.destroy();
        return false;
      }
      held = held.subarray(end);
      cancel();
      cancel = deadline();
      active();
      if (!socket.write(framed(bytes))) return false;
    }
    return true;
  };
  const next = () => {
    if (answerHeld()) socket.resume();
    else socket.pause();
  };
  socket.setNoDelay(true);
  socket.on('error', () => undefined);
  socket.once('close', () => cancel());
  socket.on('drain', next);
  socket.on('data', (chunk: Buffer) => {
    held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    next();
  });
}

/** A message behind its length, as TCP carries it. */
export function framed(bytes: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt16BE(bytes.length, 0);
  return Buffer.concat([length, bytes]);
}
