import { isWithin } from '../../../core/bootstrap/index.js';
import { DEFAULT_DNS_LIMITS } from '../limits.js';
import { CLASS, FLAG, HEADER_BYTES, RCODE, TYPE } from '../wire/codes.js';
import { encodeTail } from '../wire/records.js';
import { type Query, readQuery } from './query.js';
import type { Zone } from './zone.js';

export type AnswerKind =
  'answered' | 'no-name' | 'no-records' | 'refused' | 'malformed' | 'truncated' | 'dropped';

/** `bytes` is absent when silence is the answer. */
export interface Answered {
  readonly kind: AnswerKind;
  readonly bytes: Buffer | undefined;
}

/** Smallest datagram that everybody can take. */
const UDP_BYTES_MIN = 512;
const DROPPED: Answered = { kind: 'dropped', bytes: undefined };

/**
 * The answer to the bytes of one query: pure, and never throws whatever the bytes are. Authoritative for the zone alone,
 * no recursion, no more records than were asked for: an answer is not much longer than its question.
 *
 * @param bytesMax longest answer that may be sent; undefined over TCP. Longer ones are sent empty and truncated.
 */
export function answerTo(bytes: Buffer, zone: Zone, bytesMax: number | undefined): Answered {
  const read = readQuery(bytes);
  switch (read.kind) {
    case 'drop':
      return DROPPED;
    case 'refuse':
      return { kind: 'malformed', bytes: headerOnly(read) };
    case 'query':
      return answerQuery(read.query, zone, bytesMax);
  }
}

/** The same question, nothing in it, and the hint to ask over TCP. Not longer than the query. */
export function truncatedAnswer(bytes: Buffer): Buffer | undefined {
  const read = readQuery(bytes);
  if (read.kind !== 'query') return undefined;
  return message(read.query, {
    rcode: RCODE.NOERROR,
    flags: FLAG.AA | FLAG.TC,
    answers: [],
    authority: [],
    apexAt: 0,
  });
}

function answerQuery(query: Query, zone: Zone, bytesMax: number | undefined): Answered {
  const { edns } = query;
  const found = lookUp(query, zone);
  const whole = message(query, found);
  const limit =
    bytesMax === undefined
      ? 0xffff
      : Math.min(bytesMax, Math.max(UDP_BYTES_MIN, edns?.udpBytes ?? UDP_BYTES_MIN));
  if (whole.length <= limit) return { kind: found.kind, bytes: whole };
  const flags = found.flags | FLAG.TC;
  return {
    kind: 'truncated',
    bytes: message(query, { ...found, flags, answers: [], authority: [] }),
  };
}

interface Found {
  readonly rcode: number;
  readonly flags: number;
  /** Records of the name that was asked for, without it. */
  readonly answers: readonly Buffer[];
  /** What the zone says of itself, without its name. */
  readonly authority: readonly Buffer[];
  /** Where the zone's name begins: it is the end of the name that was asked for. */
  readonly apexAt: number;
}

/** RFC 8482: whoever asks for everything gets one small thing. */
const ANYTHING = encodeTail({
  type: 'HINFO',
  name: '.',
  ttl: 3_600,
  data: { cpu: 'RFC8482', os: '' },
});

const NOTHING = { flags: 0, answers: [], authority: [], apexAt: 0 } as const;

function lookUp(query: Query, zone: Zone): Found & { readonly kind: AnswerKind } {
  const { name, type, edns } = query;
  if (edns !== undefined && edns.version !== 0) {
    return { kind: 'refused', rcode: RCODE.BADVERS, ...NOTHING };
  }
  const isOurs = query.class === CLASS.IN && isWithin(name.name, zone.apex);
  if (!isOurs || type === TYPE.AXFR || type === TYPE.IXFR) {
    return { kind: 'refused', rcode: RCODE.REFUSED, ...NOTHING };
  }
  const sets = zone.sets.get(name.name);
  const found = { ...NOTHING, flags: FLAG.AA, rcode: RCODE.NOERROR };
  if (type === TYPE.ANY && sets !== undefined) {
    return { ...found, kind: 'answered', answers: [ANYTHING] };
  }
  const answers = sets?.get(type) ?? [];
  if (answers.length > 0) return { ...found, kind: 'answered', answers };
  const apexAt = name.labelsAt[name.labelsAt.length - zone.apex.split('.').length] ?? HEADER_BYTES;
  const nothing = { ...found, authority: [zone.soa], apexAt };
  return zone.names.has(name.name)
    ? { ...nothing, kind: 'no-records' }
    : { ...nothing, kind: 'no-name', rcode: RCODE.NXDOMAIN };
}

function message(query: Query, { rcode, flags, answers, authority, apexAt }: Found): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(query.id, 0);
  const recursion = query.isRecursionDesired ? FLAG.RD : 0;
  header.writeUInt16BE(FLAG.QR | flags | recursion | (rcode & 0xf), 2);
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(answers.length, 6);
  header.writeUInt16BE(authority.length, 8);
  header.writeUInt16BE(query.edns === undefined ? 0 : 1, 10);
  return Buffer.concat([
    header,
    query.question,
    ...answers.flatMap((tail) => [pointerTo(HEADER_BYTES), tail]),
    ...authority.flatMap((tail) => [pointerTo(apexAt), tail]),
    ...(query.edns === undefined ? [] : [ednsRecord(rcode)]),
  ]);
}

/** A name that stands earlier in the message. */
function pointerTo(offset: number): Buffer {
  const pointer = Buffer.alloc(2);
  pointer.writeUInt16BE(0xc000 | offset, 0);
  return pointer;
}

/** What we can take over UDP, and the upper part of the code that says how it went. */
function ednsRecord(rcode: number): Buffer {
  const option = Buffer.alloc(11);
  option.writeUInt16BE(TYPE.OPT, 1);
  option.writeUInt16BE(DEFAULT_DNS_LIMITS.udpAnswerBytesMax, 3);
  option.writeUInt8(rcode >> 4, 5);
  return option;
}

function headerOnly({
  id,
  opcode,
  rcode,
}: {
  readonly id: number;
  readonly opcode: number;
  readonly rcode: number;
}): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(id, 0);
  header.writeUInt16BE(FLAG.QR | (opcode << 11) | rcode, 2);
  return header;
}
