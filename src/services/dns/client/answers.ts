import { type Answer, type DecodedPacket, decode } from 'dns-packet';
import type { DNSRecord, LookupAnswer, RRSet } from '../../../core/bootstrap/index.js';
import { HEADER_BYTES, RCODE, rcodeName } from '../wire/codes.js';

/** What one message says to one question. */
export type ReadAnswer =
  | LookupAnswer
  /** The server has more than a packet holds, and gives it over TCP. */
  | { readonly kind: 'truncated' };

export type ZoneAnswer = { readonly zone: string } | { readonly because: string };

/** The answer in these bytes: pure, and never throws whatever they are. Names in it are printable. */
export function readAnswer(bytes: Buffer, { name, type }: RRSet): ReadAnswer {
  const read = readMessage(bytes, name);
  if ('because' in read) return { kind: 'failed', because: read.because };
  const { packet, rcode } = read;
  if (packet.flag_tc) return { kind: 'truncated' };
  if (rcode === RCODE.NXDOMAIN) return { kind: 'none' };
  if (rcode !== RCODE.NOERROR) return { kind: 'failed', because: `It says ${rcodeName(rcode)}.` };
  const records = recordsOf(packet, name, type);
  return records.length === 0 ? { kind: 'none' } : { kind: 'records', records };
}

/** The zone of this server that holds the name, as its answer about the name's SOA says; pure, never throws. */
export function readZone(bytes: Buffer, name: string): ZoneAnswer {
  const read = readMessage(bytes, name);
  if ('because' in read) return read;
  const { packet, rcode } = read;
  if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) {
    return { because: `It says ${rcodeName(rcode)} for ${name}.` };
  }
  const soa = [...(packet.answers ?? []), ...(packet.authorities ?? [])].find(
    (answer) => answer.type === 'SOA',
  );
  if (!packet.flag_aa || soa === undefined) {
    return { because: `It is not the server of any zone that holds ${name}.` };
  }
  return { zone: printable(soa.name) };
}

type ReadMessage =
  { readonly packet: DecodedPacket; readonly rcode: number } | { readonly because: string };

function readMessage(bytes: Buffer, name: string): ReadMessage {
  const packet = canHoldWhatItCounts(bytes) ? decoded(bytes) : undefined;
  if (packet === undefined) return { because: 'The answer cannot be read.' };
  const [asked] = packet.questions ?? [];
  if (asked !== undefined && asked.name.toLowerCase() !== name) {
    return { because: 'The answer is about another name.' };
  }
  return { packet, rcode: bytes.readUInt16BE(2) & 0xf };
}

const QUESTION_BYTES_MIN = 5;
const RECORD_BYTES_MIN = 11;

/** The codec makes room for as many entries as the header counts, before it looks for one. */
function canHoldWhatItCounts(bytes: Buffer): boolean {
  if (bytes.length < HEADER_BYTES) return false;
  const records = [6, 8, 10].reduce((sum, at) => sum + bytes.readUInt16BE(at), 0);
  const least = bytes.readUInt16BE(4) * QUESTION_BYTES_MIN + records * RECORD_BYTES_MIN;
  return HEADER_BYTES + least <= bytes.length;
}

function decoded(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    // The codec throws at what it cannot read.
    return undefined;
  }
}

/** Longest chain of aliases that is followed; resolvers give up at about as many. */
const ALIASES_MAX = 8;

/** The records of a name, through the aliases that the answer itself resolves; told under the name that was asked for. */
function recordsOf(
  { answers = [] }: DecodedPacket,
  name: string,
  type: RRSet['type'],
): readonly DNSRecord[] {
  let owner = name;
  for (let i = 0; i < ALIASES_MAX; i++) {
    const records = answers.flatMap((answer) =>
      answer.type === type && answer.name.toLowerCase() === owner
        ? (recordOf(answer, name) ?? [])
        : [],
    );
    if (records.length > 0) return records;
    const alias = answers.find(
      (answer) => answer.type === 'CNAME' && answer.name.toLowerCase() === owner,
    );
    if (alias?.type !== 'CNAME') return [];
    owner = alias.data.toLowerCase();
  }
  return [];
}

function recordOf(answer: Answer, name: string): DNSRecord | undefined {
  switch (answer.type) {
    case 'SRV': {
      const { priority = 0, weight = 0, port, target } = answer.data;
      const ttlSeconds = answer.ttl ?? 0;
      return { type: 'SRV', name, ttlSeconds, priority, weight, port, target: printable(target) };
    }
    case 'A':
    case 'AAAA':
      return { type: answer.type, name, ttlSeconds: answer.ttl ?? 0, address: answer.data };
    default:
      return undefined;
  }
}

/**
 * In lower case, and what no host name holds as `\DDD`, as zone files write it: labels may be any bytes, and these come
 * from whoever answers and go to somebody's terminal.
 */
const printable = (name: string): string =>
  name
    .toLowerCase()
    .replaceAll(/[^\x21-\x7e]|\\/gu, (character) =>
      [...Buffer.from(character)].map((byte) => `\\${String(byte).padStart(3, '0')}`).join(''),
    );
