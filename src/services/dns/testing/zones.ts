/** For tests only: a zone with three members, and queries as clients send them. */
import { type DecodedPacket, type Packet, decode, encode } from 'dns-packet';
import { unsafeBrand } from '../../../base/index.js';
import { type ClusterDNS, type DNSMember, clusterDNS } from '../../../core/bootstrap/index.js';
import { type Zone, compileZone } from '../server/zone.js';

export const memberAt = (n: number, host = `10.0.1.1${n}`): DNSMember => ({
  name: `m${n}`,
  peerURLs: [`http://${host}:2380`],
  clientURLs: [`http://${host}:2379`],
  addresses: [host],
});

export function dnsWith(members: readonly DNSMember[], domain = 'example.com'): ClusterDNS {
  const dns = clusterDNS({ place: { domain }, members, version: unsafeBrand('3.6.15') });
  if (!dns.ok) throw new Error(dns.error.map(({ summary }) => summary).join('\n'));
  return dns.value;
}

export function zoneWith(members: readonly DNSMember[], domain = 'example.com', serial = 7): Zone {
  return compileZone({
    domain,
    records: dnsWith(members, domain).records,
    serial,
    addresses: [{ type: 'A', address: '127.0.0.53' }],
  });
}

export const threeMembers: readonly DNSMember[] = [1, 2, 3].map((n) => memberAt(n));

type QuestionType = NonNullable<Packet['questions']>[number]['type'];

/** A message with the two fields that the codec's types leave out. */
export const readMessage = (bytes: Buffer) =>
  decode(bytes) as DecodedPacket & { readonly rcode: string; readonly opcode: string };

export const queryFor = (
  name: string,
  type: QuestionType | 'ANY' = 'A',
  more: Partial<Packet> = {},
): Buffer =>
  encode({
    type: 'query',
    id: 4711,
    flags: 0x100,
    questions: [{ name, type: type as QuestionType }],
    ...more,
  });

export const edns = (udpPayloadSize: number, ednsVersion = 0): Partial<Packet> => ({
  additionals: [
    {
      type: 'OPT',
      name: '.',
      udpPayloadSize,
      ednsVersion,
      extendedRcode: 0,
      flags: 0,
      flag_do: false,
      options: [],
    },
  ],
});
