import { decode } from 'dns-packet';
import { FLAG, HEADER_BYTES, OPCODE, RCODE } from '../wire/codes.js';
import { type ReadName, readPlainName } from '../wire/names.js';

export interface Query {
  readonly id: number;
  readonly isRecursionDesired: boolean;
  readonly name: ReadName;
  readonly type: number;
  readonly class: number;
  /** Name, type and class as they came: an answer repeats them letter for letter. */
  readonly question: Buffer;
  readonly edns: { readonly version: number; readonly udpBytes: number } | undefined;
}

export type ReadQuery =
  | { readonly kind: 'query'; readonly query: Query }
  /** No answer at all: too short to have an id, or an answer itself, and two servers would talk for ever. */
  | { readonly kind: 'drop' }
  | {
      readonly kind: 'refuse';
      readonly id: number;
      readonly opcode: number;
      readonly rcode: number;
    };

/** A query has one question, nothing else, and at most EDNS and a signature beside it. */
const ADDITIONAL_MAX = 2;

export function readQuery(bytes: Buffer): ReadQuery {
  if (bytes.length < HEADER_BYTES) return { kind: 'drop' };
  const id = bytes.readUInt16BE(0);
  const flags = bytes.readUInt16BE(2);
  if ((flags & FLAG.QR) !== 0) return { kind: 'drop' };
  const opcode = (flags >> 11) & 0xf;
  const refuse = (rcode: number): ReadQuery => ({ kind: 'refuse', id, opcode, rcode });
  if (opcode !== OPCODE.QUERY) return refuse(RCODE.NOTIMP);
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map((at) =>
    bytes.readUInt16BE(at),
  );
  const isShaped = questions === 1 && answers === 0 && authorities === 0;
  if (!isShaped || (additionals ?? 0) > ADDITIONAL_MAX) return refuse(RCODE.FORMERR);
  const name = readPlainName(bytes, HEADER_BYTES);
  if (name === undefined || name.end + 4 > bytes.length) return refuse(RCODE.FORMERR);
  const edns = additionals === 0 ? undefined : readEDNS(bytes);
  if (edns === 'malformed') return refuse(RCODE.FORMERR);
  return {
    kind: 'query',
    query: {
      id,
      isRecursionDesired: (flags & FLAG.RD) !== 0,
      name,
      type: bytes.readUInt16BE(name.end),
      class: bytes.readUInt16BE(name.end + 2),
      question: Buffer.from(bytes.subarray(HEADER_BYTES, name.end + 4)),
      edns,
    },
  };
}

function readEDNS(bytes: Buffer): Query['edns'] | 'malformed' {
  try {
    const { additionals = [] } = decode(bytes);
    const [option, ...more] = additionals.flatMap((each) => (each.type === 'OPT' ? [each] : []));
    if (more.length > 0) return 'malformed';
    if (option === undefined) return undefined;
    if (option.name !== '.') return 'malformed';
    return { version: option.ednsVersion, udpBytes: option.udpPayloadSize };
  } catch {
    // The codec throws at what it cannot read.
    return 'malformed';
  }
}
