import { clusterDNS, dnsMembersOf } from '../core/bootstrap/index.js';
import type { ClusterRecord } from '../core/cluster/index.js';
import type { ClusterStore, Wish } from '../engine/ports/index.js';

/** Where the members of a cluster of this machine are, by the names in their URLs. */
export interface AddressBook {
  /** Undefined for a name that is nobody's. */
  addressOf(host: string): string | undefined;
  /** The same store; what is read from and written to it is noted. */
  noting(store: ClusterStore): ClusterStore;
}

/**
 * Whoever keeps members reaches them where it made them listen, and needs no DNS for that: one that is dead must not look
 * like a cluster that is.
 */
export function createAddressBook(): AddressBook {
  let record: ClusterRecord | undefined;
  let wish: Wish | undefined;
  let known: ReadonlyMap<string, string> = new Map();
  const note = (changed: { record?: ClusterRecord | undefined; wish?: Wish | undefined }) => {
    ({ record = record, wish = wish } = changed);
    known = unambiguous([...byTheDNS(record, wish), ...byWhereTheyListen(record)]);
  };
  return {
    addressOf: (host) => known.get(host),
    noting: (store) => ({
      ...methodsOf(store),
      readRecord: async () => {
        const read = await store.readRecord();
        if (read.ok) note({ record: read.value });
        return read;
      },
      writeRecord: async (next) => {
        note({ record: next });
        return await store.writeRecord(next);
      },
      readWish: async () => {
        const read = await store.readWish();
        if (read.ok) note({ wish: read.value });
        return read;
      },
    }),
  };
}

/** A store may be made of a class, whose methods a spread does not see. */
const methodsOf = (
  store: ClusterStore,
): Omit<ClusterStore, 'readRecord' | 'writeRecord' | 'readWish'> => ({
  writeWish: (...given) => store.writeWish(...given),
  appendJournal: (...given) => store.appendJournal(...given),
  readJournal: (...given) => store.readJournal(...given),
  lock: (...given) => store.lock(...given),
  lockHolder: () => store.lockHolder(),
});

/**
 * A name that two hosts have had, because a member was replaced under it, is left to the DNS: who took one for the other
 * would find a member dead that is well.
 */
function unambiguous(all: readonly Pair[]): ReadonlyMap<string, string> {
  const found = new Map(all);
  for (const [name, address] of all) if (found.get(name) !== address) found.delete(name);
  return found;
}

type Pair = readonly [name: string, address: string];

/** Names that the members have by their birth, also where they advertise plain addresses. */
function byTheDNS(record: ClusterRecord | undefined, wish: Wish | undefined): readonly Pair[] {
  const spec = wish?.spec;
  if (record === undefined || spec?.bootstrap.kind !== 'dns') return [];
  const members = dnsMembersOf(spec, record.addresses);
  const dns = members.ok ? clusterDNS({ place: spec.bootstrap, members: members.value }) : members;
  if (!dns.ok) return [];
  return dns.value.records.flatMap((each): Pair[] =>
    each.type === 'SRV' ? [] : [[each.name, each.address]],
  );
}

function byWhereTheyListen(record: ClusterRecord | undefined): readonly Pair[] {
  return Object.values(record?.addresses ?? {}).flatMap((host) =>
    [
      ...pairs(host.peerURLs, host.listenPeerURLs),
      ...pairs(host.clientURLs, host.listenClientURLs),
    ].filter(([name, address]) => name !== address && !WILDCARDS.has(address)),
  );
}

/** Where one listens on every address, no single one follows. */
const WILDCARDS: ReadonlySet<string> = new Set(['0.0.0.0', '::']);

/** What is advertised and where it listens stand in one order. */
const pairs = (advertised: readonly string[], listens: readonly string[]): readonly Pair[] =>
  advertised.flatMap((url, i): Pair[] => {
    const listen = listens[i];
    return listen === undefined ? [] : [[hostOf(url), hostOf(listen)]];
  });

/** An IPv6 address without its brackets, as names are looked up. */
const hostOf = (url: string): string => new URL(url).hostname.replaceAll(/^\[|\]$/g, '');
