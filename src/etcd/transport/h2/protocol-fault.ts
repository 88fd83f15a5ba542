import type { ErrorCode } from './rfc9113.js';

/**
 * The server broke the protocol in a way that ends the connection (RFC 9113 §5.4.1). Thrown inside this directory
 * only, where a frame is read, and caught in one place, the connection's.
 */
export class ProtocolFault extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
