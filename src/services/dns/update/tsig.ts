import { createHmac, timingSafeEqual } from 'node:crypto';
import { CLASS, HEADER_BYTES, TYPE } from '../wire/codes.js';
import { encodeName, readPlainName, skipName } from '../wire/names.js';
import { TSIG_ALGORITHMS, type TSIGKey } from './key-file.js';

/** How far two clocks may differ (RFC 8945 10). */
export const FUDGE_SECONDS = 300;

export interface Signed {
  readonly message: Buffer;
  /** What the answer's signature covers as well, so that it belongs to this request alone. */
  readonly mac: Buffer;
}

/** The message with its TSIG record at the end (RFC 8945 5.1). */
export function sign(
  message: Buffer,
  key: TSIGKey,
  nowSeconds: number,
  requestMAC?: Buffer,
): Signed {
  const fields: TSIGFields = {
    keyName: key.name,
    algorithm: key.algorithm,
    timeSeconds: nowSeconds,
    fudgeSeconds: FUDGE_SECONDS,
    error: 0,
    other: Buffer.alloc(0),
  };
  const mac = macOf(message, key, fields, requestMAC);
  const record = tsigRecord(fields, mac, message.readUInt16BE(0));
  const signed = Buffer.concat([message, record]);
  signed.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
  return { message: signed, mac };
}

export type Verified =
  /** From whoever has the key, and about our request. */
  | { readonly kind: 'good' }
  | { readonly kind: 'unsigned' }
  /** The server says that it could not accept our signature; that is said without one (RFC 8945 5.2). */
  | { readonly kind: 'rejected'; readonly error: string }
  | { readonly kind: 'bad'; readonly because: string };

const TSIG_ERRORS: Readonly<Record<number, string>> = {
  16: 'BADSIG',
  17: 'BADKEY',
  18: 'BADTIME',
  22: 'BADTRUNC',
};

/** Whether an answer is truly one to the request with this MAC. Never throws, whatever the bytes are. */
export function verify(
  response: Buffer,
  key: TSIGKey,
  nowSeconds: number,
  requestMAC: Buffer,
): Verified {
  const found = readTSIG(response);
  if (found === 'none') return { kind: 'unsigned' };
  if (found === 'malformed') return { kind: 'bad', because: 'Its signature cannot be read.' };
  const { fields, mac, originalID, at } = found;
  if (mac.length === 0 && fields.error !== 0) {
    return { kind: 'rejected', error: TSIG_ERRORS[fields.error] ?? `error ${fields.error}` };
  }
  if (fields.keyName !== key.name || fields.algorithm !== key.algorithm) {
    return { kind: 'bad', because: 'It is signed with another key.' };
  }
  const unsigned = Buffer.from(response.subarray(0, at));
  unsigned.writeUInt16BE(originalID, 0);
  unsigned.writeUInt16BE(response.readUInt16BE(10) - 1, 10);
  const expected = macOf(unsigned, key, fields, requestMAC);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) {
    return { kind: 'bad', because: 'Its signature is not true.' };
  }
  if (fields.error !== 0) {
    return { kind: 'rejected', error: TSIG_ERRORS[fields.error] ?? `error ${fields.error}` };
  }
  if (Math.abs(nowSeconds - fields.timeSeconds) > fields.fudgeSeconds) {
    return { kind: 'bad', because: 'It was signed at another time.' };
  }
  return { kind: 'good' };
}

interface TSIGFields {
  readonly keyName: string;
  readonly algorithm: string;
  readonly timeSeconds: number;
  readonly fudgeSeconds: number;
  readonly error: number;
  readonly other: Buffer;
}

/** RFC 8945 4.3: the request's MAC (for an answer), the message without its signature, the fields of the signature. */
function macOf(
  message: Buffer,
  key: TSIGKey,
  fields: TSIGFields,
  requestMAC: Buffer | undefined,
): Buffer {
  const hash = TSIG_ALGORITHMS[key.algorithm];
  const hmac = key.withSecret((secret) => createHmac(hash, secret));
  if (requestMAC !== undefined) hmac.update(uint16(requestMAC.length)).update(requestMAC);
  return hmac.update(message).update(variablesOf(fields)).digest();
}

const variablesOf = (fields: TSIGFields): Buffer =>
  Buffer.concat([
    encodeName(fields.keyName),
    uint16(CLASS.ANY),
    Buffer.alloc(4),
    encodeName(fields.algorithm),
    uint48(fields.timeSeconds),
    uint16(fields.fudgeSeconds),
    uint16(fields.error),
    uint16(fields.other.length),
    fields.other,
  ]);

function tsigRecord(fields: TSIGFields, mac: Buffer, originalID: number): Buffer {
  const data = Buffer.concat([
    encodeName(fields.algorithm),
    uint48(fields.timeSeconds),
    uint16(fields.fudgeSeconds),
    uint16(mac.length),
    mac,
    uint16(originalID),
    uint16(fields.error),
    uint16(fields.other.length),
    fields.other,
  ]);
  return Buffer.concat([
    encodeName(fields.keyName),
    uint16(TYPE.TSIG),
    uint16(CLASS.ANY),
    Buffer.alloc(4),
    uint16(data.length),
    data,
  ]);
}

interface FoundTSIG {
  readonly fields: TSIGFields;
  readonly mac: Buffer;
  readonly originalID: number;
  /** Where its record begins. */
  readonly at: number;
}

/** The last record of the message, if it is a signature. */
function readTSIG(bytes: Buffer): FoundTSIG | 'none' | 'malformed' {
  const at = lastRecordAt(bytes);
  if (at === undefined) return 'malformed';
  if (at === 'none') return 'none';
  const owner = readPlainName(bytes, at);
  // A name that ends in a pointer is no signature's: those are never compressed.
  if (owner === undefined || owner.end + 10 > bytes.length) return 'none';
  if (bytes.readUInt16BE(owner.end) !== TYPE.TSIG) return 'none';
  const dataAt = owner.end + 10;
  const dataEnd = dataAt + bytes.readUInt16BE(owner.end + 8);
  const isShaped =
    bytes.readUInt16BE(owner.end + 2) === CLASS.ANY && bytes.readUInt32BE(owner.end + 4) === 0;
  if (dataEnd !== bytes.length || !isShaped) return 'malformed';
  const algorithm = readPlainName(bytes, dataAt);
  if (algorithm === undefined || algorithm.end + 10 > dataEnd) return 'malformed';
  const macAt = algorithm.end + 10;
  const macEnd = macAt + bytes.readUInt16BE(macAt - 2);
  if (macEnd + 6 > dataEnd) return 'malformed';
  const otherAt = macEnd + 6;
  if (otherAt + bytes.readUInt16BE(macEnd + 4) !== dataEnd) return 'malformed';
  return {
    fields: {
      keyName: owner.name,
      algorithm: algorithm.name,
      timeSeconds: bytes.readUIntBE(algorithm.end, 6),
      fudgeSeconds: bytes.readUInt16BE(algorithm.end + 6),
      error: bytes.readUInt16BE(macEnd + 2),
      other: bytes.subarray(otherAt, dataEnd),
    },
    mac: bytes.subarray(macAt, macEnd),
    originalID: bytes.readUInt16BE(macEnd),
    at,
  };
}

/** Undefined when the records cannot be followed to the end of the bytes. */
function lastRecordAt(bytes: Buffer): number | 'none' | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  let at: number | undefined = HEADER_BYTES;
  for (let i = bytes.readUInt16BE(4); i > 0; i--) {
    at = skipName(bytes, at);
    if (at === undefined || at + 4 > bytes.length) return undefined;
    at += 4;
  }
  const records = bytes.readUInt16BE(6) + bytes.readUInt16BE(8) + bytes.readUInt16BE(10);
  if (bytes.readUInt16BE(10) === 0) return 'none';
  let last: number = at;
  for (let i = records; i > 0; i--) {
    last = at;
    at = skipName(bytes, at);
    if (at === undefined || at + 10 > bytes.length) return undefined;
    at += 10 + bytes.readUInt16BE(at + 8);
    if (at > bytes.length) return undefined;
  }
  return at === bytes.length ? last : undefined;
}

function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value, 0);
  return bytes;
}

function uint48(value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUIntBE(value, 0, 6);
  return bytes;
}
