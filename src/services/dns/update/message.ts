import type { DNSDifference, DNSRecord, RRSet } from '../../../core/bootstrap/index.js';
import { bySet, rrsetKey } from '../../../core/bootstrap/index.js';
import { CLASS, HEADER_BYTES, OPCODE, TYPE } from '../wire/codes.js';
import { encodeName } from '../wire/names.js';
import { encodeEmpty, encodeRecord } from '../wire/records.js';

/**
 * One UPDATE (RFC 2136): it happens as a whole or not at all, and only while every set that was looked at is still what
 * it was found to be. So two who publish at one moment cannot mix, and what a person changed meanwhile is not undone.
 */
export function updateMessage(input: {
  readonly id: number;
  readonly zone: string;
  readonly looked: readonly RRSet[];
  readonly found: readonly DNSRecord[];
  readonly change: DNSDifference;
}): Buffer {
  const { id, zone, looked, found, change } = input;
  const sets = bySet(found);
  const prerequisites = looked.flatMap((set) => {
    const records = sets.get(rrsetKey(set));
    return records === undefined
      ? [encodeEmpty(set.name, TYPE[set.type], CLASS.NONE)]
      : records.map((record) => encodeRecord(record, { class: CLASS.IN, ttlSeconds: 0 }));
  });
  const updates = [
    ...change.remove.map((record) => encodeRecord(record, { class: CLASS.NONE, ttlSeconds: 0 })),
    ...change.add.map((record) =>
      encodeRecord(record, { class: CLASS.IN, ttlSeconds: record.ttlSeconds }),
    ),
  ];
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(OPCODE.UPDATE << 11, 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(prerequisites.length, 6);
  header.writeUInt16BE(updates.length, 8);
  const section = Buffer.alloc(4);
  section.writeUInt16BE(TYPE.SOA, 0);
  section.writeUInt16BE(CLASS.IN, 2);
  return Buffer.concat([header, encodeName(zone), section, ...prerequisites, ...updates]);
}
