import { type DNSRecord, isWithin } from '../../../core/bootstrap/index.js';
import { TYPE } from '../wire/codes.js';
import { answerOf, encodeTail } from '../wire/records.js';

/** A zone ready to answer from: every set of records encoded but for the names before them. */
export interface Zone {
  readonly apex: string;
  readonly serial: number;
  readonly sets: ReadonlyMap<string, ReadonlyMap<number, readonly Buffer[]>>;
  /** Names that exist, those that only have names below them included: they have no records, and are not unknown. */
  readonly names: ReadonlySet<string>;
  /** What says that there is nothing, and for how long that may be believed. */
  readonly soa: Buffer;
}

export interface ZoneInput {
  readonly domain: string;
  readonly records: readonly DNSRecord[];
  /** Grows with every change (RFC 1912). */
  readonly serial: number;
  /** Addresses of this server itself, for the name that the zone says it is served by. */
  readonly addresses?: readonly { readonly type: 'A' | 'AAAA'; readonly address: string }[];
}

/** How long it may be believed that there is no such record: a member that is added must be found soon. */
export const NEGATIVE_TTL_SECONDS = 5;
const ZONE_TTL_SECONDS = 60;

export function compileZone({ domain, records, serial, addresses = [] }: ZoneInput): Zone {
  const sets = new Map<string, Map<number, Buffer[]>>();
  const add = (name: string, type: number, tail: Buffer) => {
    const types = sets.get(name) ?? new Map<number, Buffer[]>();
    sets.set(name, types);
    types.set(type, [...(types.get(type) ?? []), tail]);
  };
  for (const record of records) {
    if (isWithin(record.name, domain)) {
      add(record.name, TYPE[record.type], encodeTail(answerOf(record)));
    }
  }
  const server = serverName(domain, sets);
  const soa = encodeTail({
    type: 'SOA',
    name: domain,
    ttl: NEGATIVE_TTL_SECONDS,
    data: {
      mname: server,
      rname: `hostmaster.${domain}`,
      serial,
      refresh: 60,
      retry: 30,
      expire: 86_400,
      minimum: NEGATIVE_TTL_SECONDS,
    },
  });
  add(domain, TYPE.SOA, soa);
  add(
    domain,
    TYPE.NS,
    encodeTail({ type: 'NS', name: domain, ttl: ZONE_TTL_SECONDS, data: server }),
  );
  for (const { type, address } of addresses) {
    add(
      server,
      TYPE[type],
      encodeTail({ type, name: server, ttl: ZONE_TTL_SECONDS, data: address }),
    );
  }
  return { apex: domain, serial, sets, names: withParents(sets.keys(), domain), soa };
}

/** A name for ourselves that no member has. */
function serverName(domain: string, taken: ReadonlyMap<string, unknown>): string {
  for (let i = 0; ; i++) {
    const name = `ns${i === 0 ? '' : i}.${domain}`;
    if (!taken.has(name)) return name;
  }
}

function withParents(names: Iterable<string>, apex: string): ReadonlySet<string> {
  const all = new Set<string>([apex]);
  for (const name of names) {
    for (let each = name; each !== apex && !all.has(each); each = parentOf(each)) all.add(each);
  }
  return all;
}

const parentOf = (name: string): string => name.slice(name.indexOf('.') + 1);
