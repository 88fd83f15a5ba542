import type { JsonValue } from '../../../base/index.js';
import type { ClusterDNS, DNSRecord } from '../../../core/bootstrap/index.js';
import type { StartFlags } from '../../../core/cluster/index.js';
import type { View } from './view.js';

export interface RecordsReport {
  readonly dns: ClusterDNS;
  /** What each member is started with at the birth, beside its own flags. */
  readonly flags: StartFlags;
  /** The records in the form asked for. */
  readonly text: string;
}

export const recordsView: View<RecordsReport> = {
  text: ({ text }) => text,
  data: ({ dns: { place, scheme, members, records }, flags }) => ({
    domain: place.domain,
    serviceName: place.serviceName ?? null,
    scheme: { server: scheme.server, client: scheme.client },
    flags,
    members: members.map(({ name, advertised, listed }) => ({ name, advertised, listed })),
    records: records.map(recordData),
  }),
};

/** A record as scripts read it. */
export const recordData = (record: DNSRecord): JsonValue => {
  const { name, type, ttlSeconds } = record;
  return record.type === 'SRV'
    ? {
        name,
        type,
        ttlSeconds,
        priority: record.priority,
        weight: record.weight,
        port: record.port,
        target: record.target,
      }
    : { name, type, ttlSeconds, address: record.address };
};
