import { type Answer, type DecodedPacket, RECURSION_DESIRED, decode, encode } from 'dns-packet';
import type { Random } from '../../../base/index.js';
import type { DNSRecord, LookupAnswer, RRSet, Transport } from '../../../core/bootstrap/index.js';
import type { DNSAddress } from '../addresses.js';
import { RCODE, rcodeName } from '../wire/codes.js';
import { exchange } from './exchange.js';

/** Asks one server, over the transport that is named and no other. */
export interface Lookup {
  readonly server: DNSAddress;
  ask(set: RRSet, transport: Transport): Promise<LookupAnswer>;
  /** The zone of the server that a name is in; the reason when it has none. */
  zoneOf(name: string): Promise<{ readonly zone: string } | { readonly because: string }>;
}

export interface LookupOptions {
  readonly server: DNSAddress;
  readonly random: Random;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Longest chain of aliases that is followed; resolvers give up at about as many. */
const ALIASES_MAX = 8;
/** Over UDP we say that we can take this much, as resolvers do. */
const UDP_BYTES = 1_232;

export function createLookup({ server, random, deadlineMs, signal }: LookupOptions): Lookup {
  const query = async (name: string, type: RRSet['type'] | 'SOA', transport: Transport) => {
    const id = Math.floor(random.next() * 65_536);
    const message = encode({
      type: 'query',
      id,
      flags: RECURSION_DESIRED,
      questions: [{ name, type }],
      additionals: [
        {
          type: 'OPT',
          name: '.',
          udpPayloadSize: UDP_BYTES,
          extendedRcode: 0,
          ednsVersion: 0,
          flags: 0,
          flag_do: false,
          options: [],
        },
      ],
    });
    const came = await exchange(server, transport, message, { deadlineMs, signal });
    if (came.kind !== 'answer') return { because: came.because };
    const rcode = came.bytes.readUInt16BE(2) & 0xf;
    const packet = decoded(came.bytes);
    if (packet === undefined) return { because: 'The answer cannot be read.' };
    const [asked] = packet.questions ?? [];
    if (asked !== undefined && asked.name.toLowerCase() !== name) {
      return { because: 'The answer is about another name.' };
    }
    return { rcode, packet };
  };
  return {
    server,
    ask: async ({ name, type }, transport) => {
      const given = await query(name, type, transport);
      if (given.packet === undefined) return { kind: 'failed', because: given.because };
      const { packet, rcode } = given;
      if (packet.flag_tc && transport === 'udp') return await whole({ name, type });
      if (rcode === RCODE.NXDOMAIN) return { kind: 'none' };
      if (rcode !== RCODE.NOERROR) return failedWith(rcode);
      const records = recordsOf(packet, name, type);
      return records.length === 0 ? { kind: 'none' } : { kind: 'records', records };
    },
    zoneOf: async (name) => {
      const given = await query(name, 'SOA', 'tcp');
      if (given.packet === undefined) return { because: given.because };
      const { packet, rcode } = given;
      if (rcode !== RCODE.NOERROR && rcode !== RCODE.NXDOMAIN) {
        return { because: `It says ${rcodeName(rcode)} for ${name}.` };
      }
      const soa = [...(packet.answers ?? []), ...(packet.authorities ?? [])].find(
        (answer) => answer.type === 'SOA',
      );
      if (!packet.flag_aa || soa === undefined) {
        return { because: `It is not the server of any zone that holds ${name}.` };
      }
      return { zone: soa.name.toLowerCase() };
    },
  };

  /** As a resolver does it: UDP said that there is more, and TCP has it. */
  async function whole(set: RRSet): Promise<LookupAnswer> {
    const given = await query(set.name, set.type, 'tcp');
    if (given.packet === undefined) {
      return {
        kind: 'failed',
        because: `The answer does not fit into a packet, and over TCP: ${given.because}`,
      };
    }
    const records = recordsOf(given.packet, set.name, set.type);
    return records.length === 0 ? { kind: 'none' } : { kind: 'records', records };
  }
}

const failedWith = (rcode: number): LookupAnswer => ({
  kind: 'failed',
  because: `It says ${rcodeName(rcode)}.`,
});

function decoded(bytes: Buffer): DecodedPacket | undefined {
  try {
    return decode(bytes);
  } catch {
    // The codec throws at what it cannot read.
    return undefined;
  }
}

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
      const lower = target.toLowerCase();
      return {
        type: 'SRV',
        name,
        ttlSeconds: answer.ttl ?? 0,
        priority,
        weight,
        port,
        target: lower,
      };
    }
    case 'A':
    case 'AAAA':
      return { type: answer.type, name, ttlSeconds: answer.ttl ?? 0, address: answer.data };
    default:
      return undefined;
  }
}
