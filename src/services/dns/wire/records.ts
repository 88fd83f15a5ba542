import { type Answer, encode } from 'dns-packet';
import type { DNSRecord } from '../../../core/bootstrap/index.js';
import { HEADER_BYTES } from './codes.js';
import { encodeName } from './names.js';

/** Type, class, time to live, length and data of a record: everything behind its name. */
export function encodeTail(answer: Answer): Buffer {
  // With the root for a name, which is one byte: the name is put before it by whoever uses it.
  const message = encode({ type: 'response', answers: [{ ...answer, name: '.' }] });
  return message.subarray(HEADER_BYTES + 1);
}

export const answerOf = (record: DNSRecord): Answer =>
  record.type === 'SRV'
    ? {
        type: 'SRV',
        name: record.name,
        ttl: record.ttlSeconds,
        data: {
          priority: record.priority,
          weight: record.weight,
          port: record.port,
          target: record.target,
        },
      }
    : { type: record.type, name: record.name, ttl: record.ttlSeconds, data: record.address };

/** A whole record with another class and time to live, as updates use them for what is demanded and deleted. */
export function encodeRecord(
  record: DNSRecord,
  as: { readonly class: number; readonly ttlSeconds: number },
): Buffer {
  const tail = Buffer.from(encodeTail(answerOf(record)));
  tail.writeUInt16BE(as.class, 2);
  tail.writeUInt32BE(as.ttlSeconds, 4);
  return Buffer.concat([encodeName(record.name), tail]);
}

/** A record without data: a whole set that is demanded, denied or deleted. */
export function encodeEmpty(name: string, type: number, recordClass: number): Buffer {
  const tail = Buffer.alloc(10);
  tail.writeUInt16BE(type, 0);
  tail.writeUInt16BE(recordClass, 2);
  return Buffer.concat([encodeName(name), tail]);
}
