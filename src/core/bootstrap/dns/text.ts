import { assertNever } from '../../../base/index.js';
import type { ClusterDNS } from './cluster-dns.js';
import { type DNSRecord, recordValue } from './records.js';

export type DNSStyle = 'zone' | 'dig' | 'hosts';

/** Records as text for another program; ends with a newline. */
export function renderDNS({ place, records }: ClusterDNS, as: DNSStyle): string {
  switch (as) {
    case 'zone':
      return zoneText(place.domain, records);
    case 'dig':
      return records.map((record) => `${columnsOf(`${record.name}.`, record)}\n`).join('');
    case 'hosts':
      return hostsText(records);
    default:
      return assertNever(as);
  }
}

/** A part of a zone, to be included: SOA and NS are of the zone's keeper. */
const zoneText = (domain: string, records: readonly DNSRecord[]): string =>
  [
    `; etcd members of ${domain}. Include this in its zone and raise the serial; never add the records of the other scheme.`,
    `$ORIGIN ${domain}.`,
    ...records.map((record) => columnsOf(relative(record.name, domain), record)),
    '',
  ].join('\n');

const columnsOf = (name: string, record: DNSRecord): string =>
  `${name.padEnd(40)} ${record.ttlSeconds} IN ${record.type.padEnd(4)} ${recordValue(record)}`;

function relative(name: string, domain: string): string {
  if (name === domain) return '@';
  return name.endsWith(`.${domain}`) ? name.slice(0, -domain.length - 1) : `${name}.`;
}

/** Names alone: a hosts file has no SRV records, so it keeps a running cluster and cannot bear one. */
function hostsText(records: readonly DNSRecord[]): string {
  const lines = records.flatMap((record) =>
    record.type === 'SRV' ? [] : [`${record.address.padEnd(16)} ${record.name}`],
  );
  return [...lines, ''].join('\n');
}
