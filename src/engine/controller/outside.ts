import { unsafeBrand } from '../../base/index.js';
import { certificatesOn } from '../../core/bootstrap/index.js';
import {
  type ClusterRecord,
  type HostName,
  type HostSight,
  type Member,
  type MemberListSight,
  type Target,
  parseHostName,
} from '../../core/cluster/index.js';
import { peerURLsOf } from './addresses.js';
import { type Eyes, askDriver, askPeer, askStatus } from './ask.js';

export interface Seen {
  readonly sights: readonly HostSight[];
  readonly clientURLs: ReadonlyMap<HostName, string | undefined>;
}

/**
 * Adds what only the member list can tell: members that live on no host we looked at, and the client URLs of members
 * that a person runs. Two of the same name cannot be confused: the second is called by its id.
 */
export async function lookOutside(
  eyes: Eyes,
  target: Target,
  record: ClusterRecord,
  seen: Seen,
  list: MemberListSight,
  deadlineMs: number,
  signal: AbortSignal,
): Promise<{
  readonly sights: readonly HostSight[];
  readonly clientURLs: ReadonlyMap<HostName, string>;
}> {
  const members = list.kind === 'unseen' ? [] : list.members;
  const sights = new Map(seen.sights.map((sight) => [sight.host, sight]));
  const clientURLs = new Map<HostName, string>();
  for (const [host, url] of seen.clientURLs) if (url !== undefined) clientURLs.set(host, url);

  const looks = members.flatMap((member) => {
    if (seen.sights.some((sight) => isOn(member, sight))) return [];
    const host = hostByURL(member, target, record);
    const sight = host === undefined ? undefined : sights.get(host);
    const clientURL = member.clientURLs[0];
    if (host === undefined || sight === undefined) {
      return [{ host: host ?? nameOutside(member, sights), ours: host !== undefined, member }];
    }
    const more = clientURL !== undefined && clientURL !== clientURLs.get(host);
    return sight.process.kind === 'by-hand' && more ? [{ host, ours: false, member }] : [];
  });
  await Promise.all(
    looks.map(async ({ host, ours, member }) => {
      const clientURL = member.clientURLs[0];
      const [facts, peer, status] = await Promise.all([
        ours
          ? askDriver(eyes, host, certificatesOn(target, record.addresses, host), signal)
          : RUN_BY_OTHERS,
        askPeer(eyes, member.peerURLs[0], deadlineMs, signal),
        askStatus(eyes, clientURL, deadlineMs, signal),
      ]);
      sights.set(host, { host, ...facts, peer, status });
      if (clientURL !== undefined) clientURLs.set(host, clientURL);
    }),
  );
  return { sights: [...sights.values()], clientURLs };
}

/** Somebody else started it; we never start or stop it. */
const RUN_BY_OTHERS = {
  process: { kind: 'by-hand' },
  data: { kind: 'unseen', because: 'it lives on no host of ours' },
} as const;

/** What a host's log or answer says about who it is. Addresses can be wrong, these cannot. */
const isOn = (member: Member, sight: HostSight): boolean =>
  (sight.data.kind === 'present' && sight.data.memberID === member.id) ||
  (sight.status.kind === 'answered' && sight.status.memberID === member.id);

/** The host of ours at whose peer URLs a member is listed. */
export function hostByURL(
  member: Member,
  target: Target,
  record: ClusterRecord,
): HostName | undefined {
  const hosts = new Set([
    ...target.members.map(({ host }) => host),
    ...Object.keys(record.addresses).map((host) => unsafeBrand<HostName>(host)),
  ]);
  return [...hosts].find((host) =>
    member.peerURLs.some((url) => peerURLsOf(host, target, record).includes(url)),
  );
}

/** A member outside needs a host's name in the observation: its own name, or its id when that is taken or empty. */
function nameOutside(member: Member, sights: ReadonlyMap<HostName, HostSight>): HostName {
  const name = parseHostName(member.name);
  return name.ok && !sights.has(name.value) ? name.value : unsafeBrand<HostName>(member.id);
}
