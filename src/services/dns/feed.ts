import type { Clock, Logger } from '../../base/index.js';
import {
  type ClusterDNS,
  type DNSMember,
  type DNSPlace,
  type ListedMember,
  clusterDNS,
  inTheirPlaces,
  leadsElsewhere,
  membersOfList,
  recordKey,
} from '../../core/bootstrap/index.js';
import type { EtcdVersion } from '../../core/cluster/index.js';
import type { MemberListReader } from './member-list.js';

export interface DNSFeedOptions {
  readonly place: DNSPlace;
  /**
   * Everybody the spec names now; undefined when that cannot be read at the moment. Absent when nobody has a spec, and then
   * the list alone counts.
   */
  readonly wanted?: (() => Promise<readonly DNSMember[] | undefined>) | undefined;
  readonly version: EtcdVersion | undefined;
  /** Absent: there is nobody to ask. */
  readonly members: MemberListReader | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The records are others now. */
  readonly onChange: (dns: ClusterDNS) => void;
}

export interface DNSFeed {
  /** Reads the list again and again until `close`; the first time at once. */
  start(): void;
  /** Reads it now. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

const EVERY_MS = 2_000;
/** Before the birth, and while the list cannot be read. */
const EVERY_MS_IN_DOUBT = 500;

/**
 * Keeps records in step with etcd's own member list. While the list cannot be read, or would leave nobody, what was known
 * last stays: a cluster in trouble must not lose its names as well. So does the record of a member that still answers where
 * it was, whatever the spec says: it moves when that one is gone, which is when its successor needs it.
 */
export function createDNSFeed(options: DNSFeedOptions): DNSFeed {
  const { place, wanted, version, members, clock, logger, onChange } = options;
  let cancel: (() => void) | undefined;
  let isClosed = false;
  let shown = '';
  let complaint = '';
  let lastWanted: readonly DNSMember[] | undefined;
  let hasList = false;
  /** Where each member of the list was seen last: one that was down for a moment comes back there. */
  let homeByID: ReadonlyMap<string, DNSMember> = new Map();

  const complain = (because: string) => {
    if (because !== complaint && because !== '') {
      logger.log('warn', 'the records stay as they are', { because });
    }
    complaint = because;
  };
  /** @param listed undefined before the birth. */
  const take = async (listed: readonly ListedMember[] | undefined) => {
    const spec = await wanted?.();
    if (spec !== undefined) lastWanted = spec;
    const { now, held } = await membersNow(listed);
    if (isClosed) return;
    if (now.length === 0) {
      complain('No member of the list is one of the spec.');
      return;
    }
    const dns = clusterDNS({ place, members: now, version });
    if (!dns.ok) {
      complain(dns.error.map(({ summary }) => summary).join('; '));
      return;
    }
    complain(held.join(' '));
    const keys = dns.value.records.map(recordKey).join('\n');
    if (keys === shown) return;
    shown = keys;
    onChange(dns.value);
  };
  /** `held`: why members stay where they were, although the spec has them elsewhere. */
  const membersNow = async (listed: readonly ListedMember[] | undefined) => {
    const held: string[] = [];
    if (lastWanted === undefined) return { now: membersOfList(listed ?? []), held };
    if (listed === undefined) return { now: lastWanted, held };
    const now: DNSMember[] = [];
    const homes = new Map<string, DNSMember>();
    for (const { listed: entry, member } of inTheirPlaces(lastWanted, listed)) {
      const home = homeByID.get(entry.id) ?? member;
      const isMoving = members !== undefined && leadsElsewhere(home, member);
      const isHome = isMoving && (await answersAt(entry, home.addresses));
      const hasMoved = isMoving && (await answersAt(entry, member.addresses));
      const stays = isHome && !hasMoved;
      if (stays) held.push(`${member.name} still runs at ${home.addresses.join(', ')}.`);
      now.push(stays ? { ...home, clientURLs: entry.clientURLs } : member);
      homes.set(entry.id, isMoving && !hasMoved ? home : member);
    }
    homeByID = homes;
    return { now, held };
  };
  const answersAt = async (entry: ListedMember, addresses: readonly string[]) => {
    const found = await Promise.all(addresses.map(async (each) => members?.isAt(entry, each)));
    return found.includes(true);
  };
  const look = async (): Promise<boolean> => {
    const listed = await members?.read();
    if (isClosed) return true;
    if (listed?.ok === true) {
      hasList = true;
      await take(listed.value);
      return true;
    }
    if (hasList) complain(listed?.error.detail ?? '');
    // Before the birth nobody answers, and what the spec says is what is needed.
    else if (wanted !== undefined) await take(undefined);
    return false;
  };
  const turn = async () => {
    cancel?.();
    const isKnown = await look();
    if (isClosed) return;
    cancel = clock.after(isKnown ? EVERY_MS : EVERY_MS_IN_DOUBT, () => void turn());
  };
  return {
    start: () => void turn(),
    refresh: turn,
    close: async () => {
      isClosed = true;
      cancel?.();
      await members?.close();
    },
  };
}
