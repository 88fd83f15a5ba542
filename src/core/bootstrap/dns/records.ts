/** One record; names in lower case and without the final dot. */
export type DNSRecord = SRVRecord | AddressRecord;

export interface SRVRecord {
  readonly type: 'SRV';
  readonly name: string;
  readonly ttlSeconds: number;
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  readonly target: string;
}

export interface AddressRecord {
  readonly type: 'A' | 'AAAA';
  readonly name: string;
  readonly ttlSeconds: number;
  readonly address: string;
}

export type Scheme = 'http' | 'https';
export type Side = 'server' | 'client';

/**
 * The name under which etcd looks for members (`server`) or for client URLs (`client`): `_etcd-server-ssl-prod._tcp`
 * before the domain. The scheme comes from the name alone (etcd-facts 4).
 */
export function srvName(
  side: Side,
  scheme: Scheme,
  { domain, serviceName }: { readonly domain: string; readonly serviceName?: string | undefined },
): string {
  const suffix = serviceName === undefined ? '' : `-${serviceName}`;
  return `_etcd-${side}${scheme === 'https' ? '-ssl' : ''}${suffix}._tcp.${domain}`;
}

/** What a record says beside its name, as in a zone file with absolute names. */
export const recordValue = (record: DNSRecord): string =>
  record.type === 'SRV'
    ? `${record.priority} ${record.weight} ${record.port} ${record.target}.`
    : record.address;

/** Two records are the same when name, type and value are; the time to live does not count. */
export const recordKey = (record: DNSRecord): string =>
  `${record.name} ${record.type} ${recordValue(record)}`;

/** Records of one name and type. */
export const rrsetKey = ({ name, type }: Pick<DNSRecord, 'name' | 'type'>): string =>
  `${name} ${type}`;

const ORDER = { SRV: 0, A: 1, AAAA: 2 } as const;

/** One order on every machine: SRV records before addresses, then by name and value. */
export const sortedRecords = (records: readonly DNSRecord[]): readonly DNSRecord[] =>
  [...records].sort((a, b) => ORDER[a.type] - ORDER[b.type] || compare(recordKey(a), recordKey(b)));

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
