import { RECURSION_DESIRED, encode } from 'dns-packet';
import { type Random, assertNever } from '../../../base/index.js';
import type { LookupAnswer, RRSet, Transport } from '../../../core/bootstrap/index.js';
import type { DNSAddress } from '../addresses.js';
import { type ReadAnswer, type ZoneAnswer, readAnswer, readZone } from './answers.js';
import { exchange } from './exchange.js';

/** Asks one server, over the transport that is named and no other. */
export interface Lookup {
  readonly server: DNSAddress;
  ask(set: RRSet, transport: Transport): Promise<LookupAnswer>;
  /** The zone of the server that a name is in; the reason when it has none. */
  zoneOf(name: string): Promise<ZoneAnswer>;
}

export interface LookupOptions {
  readonly server: DNSAddress;
  readonly random: Random;
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** Over UDP we say that we can take this much, as resolvers do. */
const UDP_BYTES = 1_232;

export function createLookup({ server, random, deadlineMs, signal }: LookupOptions): Lookup {
  const query = async (name: string, type: RRSet['type'] | 'SOA', transport: Transport) => {
    const message = questionFor({ name, type }, Math.floor(random.next() * 65_536));
    return await exchange(server, transport, message, { deadlineMs, signal });
  };
  return {
    server,
    ask: async (set, transport) => {
      const came = await query(set.name, set.type, transport);
      if (came.kind !== 'answer') return { kind: 'failed', because: came.because };
      const answer = readAnswer(came.bytes, set);
      if (answer.kind !== 'truncated') return answer;
      return transport === 'udp' ? await whole(set) : CUT_SHORT;
    },
    zoneOf: async (name) => {
      const came = await query(name, 'SOA', 'tcp');
      return came.kind === 'answer' ? readZone(came.bytes, name) : { because: came.because };
    },
  };

  /** As a resolver does it: UDP said that there is more, and TCP has it. */
  async function whole(set: RRSet): Promise<LookupAnswer> {
    const came = await query(set.name, set.type, 'tcp');
    const answer: ReadAnswer =
      came.kind === 'answer'
        ? readAnswer(came.bytes, set)
        : { kind: 'failed', because: came.because };
    switch (answer.kind) {
      case 'truncated':
        return CUT_SHORT;
      case 'failed': {
        const because = `The answer does not fit into a packet, and over TCP: ${answer.because}`;
        return { kind: 'failed', because };
      }
      case 'none':
      case 'records':
        return answer;
      default:
        return assertNever(answer);
    }
  }
}

const CUT_SHORT: LookupAnswer = { kind: 'failed', because: 'It is cut short, over TCP too.' };

/** One question, as a resolver asks it. */
export const questionFor = (
  { name, type }: { readonly name: string; readonly type: RRSet['type'] | 'SOA' },
  id: number,
): Buffer =>
  encode({
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
