import { assertNever } from '../../../base/index.js';
import { HEADER_BYTES, RCODE, rcodeName } from '../wire/codes.js';
import type { TSIGKey } from './key-file.js';
import { verify } from './tsig.js';

/** What became of an update, as far as the answer to it proves that. */
export type Said =
  | { readonly kind: 'done' }
  /** `answer`: what the server says, `REFUSED`, `BADSIG`. */
  | { readonly kind: 'not-done'; readonly answer: string }
  | { readonly kind: 'unknown'; readonly because: string };

/**
 * What these bytes say about the update with this MAC: pure, and never throws whatever they are. It is done only when
 * whoever has the key says so of this very update.
 */
export function whatItSays(
  bytes: Buffer,
  key: TSIGKey,
  nowSeconds: number,
  requestMAC: Buffer,
): Said {
  if (bytes.length < HEADER_BYTES) return unknown('The answer is no message.');
  const rcode = bytes.readUInt16BE(2) & 0xf;
  const verified = verify(bytes, key, nowSeconds, requestMAC);
  switch (verified.kind) {
    case 'rejected':
      return { kind: 'not-done', answer: verified.error };
    case 'bad':
      return unknown(`An answer came that may be anybody's. ${verified.because}`);
    case 'unsigned':
      // Who knows no such key cannot sign with it; and who refuses before looking at signatures does not either.
      return rcode === RCODE.NOERROR || rcode === RCODE.SERVFAIL
        ? unknown(`${rcodeName(rcode)} came without a signature.`)
        : { kind: 'not-done', answer: rcodeName(rcode) };
    case 'good':
      if (rcode === RCODE.NOERROR) return { kind: 'done' };
      // A server that forwards to another may say this when that one did not answer in time.
      if (rcode === RCODE.SERVFAIL) return unknown('It says SERVFAIL.');
      return { kind: 'not-done', answer: rcodeName(rcode) };
    default:
      return assertNever(verified);
  }
}

const unknown = (because: string): Said => ({ kind: 'unknown', because });
