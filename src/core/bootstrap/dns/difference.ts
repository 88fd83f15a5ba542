import { isWithin } from './hosts.js';
import type { ClusterDNS } from './cluster-dns.js';
import { type DNSRecord, recordKey, rrsetKey, sortedRecords, srvName } from './records.js';

/** What has to change for the records found to be the records wanted. */
export interface DNSDifference {
  readonly add: readonly DNSRecord[];
  readonly remove: readonly DNSRecord[];
}

export const isNoDifference = ({ add, remove }: DNSDifference): boolean =>
  add.length === 0 && remove.length === 0;

/** Sets of records (a name and a type) that are the cluster's: whoever changes others' would destroy somebody's work. */
export interface RRSet {
  readonly name: string;
  readonly type: DNSRecord['type'];
}

/**
 * The sets to look at: both schemes of both sides, the addresses of every target wanted, and those of targets found that
 * nobody wants any more, because the record of a removed member must not stay behind.
 */
export function ownSets(wanted: ClusterDNS, foundSRV: readonly DNSRecord[]): readonly RRSet[] {
  const { place, records } = wanted;
  const srv = (['server', 'client'] as const).flatMap((side) =>
    (['http', 'https'] as const).map((scheme): RRSet => ({
      name: srvName(side, scheme, place),
      type: 'SRV',
    })),
  );
  const targets = [...records, ...foundSRV].flatMap((record) =>
    record.type === 'SRV' && isWithin(record.target, place.domain) ? [record.target] : [],
  );
  const addresses = [...new Set(targets)].flatMap((name): RRSet[] => [
    { name, type: 'A' },
    { name, type: 'AAAA' },
  ]);
  return [...srv, ...addresses];
}

export function differenceOf(
  wanted: readonly DNSRecord[],
  found: readonly DNSRecord[],
): DNSDifference {
  const [want, have] = [keysOf(wanted), keysOf(found)];
  return {
    add: sortedRecords(wanted.filter((record) => !have.has(recordKey(record)))),
    remove: sortedRecords(found.filter((record) => !want.has(recordKey(record)))),
  };
}

const keysOf = (records: readonly DNSRecord[]): ReadonlySet<string> =>
  new Set(records.map(recordKey));

/** Records by their set. */
export function bySet(records: readonly DNSRecord[]): ReadonlyMap<string, readonly DNSRecord[]> {
  const sets = new Map<string, DNSRecord[]>();
  for (const record of records) {
    const key = rrsetKey(record);
    const set = sets.get(key);
    if (set === undefined) sets.set(key, [record]);
    else set.push(record);
  }
  return sets;
}
