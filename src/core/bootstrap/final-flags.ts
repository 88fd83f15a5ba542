import { type Problem, type Result, err, ok } from '../../base/index.js';
import {
  type Authorities,
  type ClientURL,
  type EtcdVersion,
  type HostAddresses,
  type MemberName,
  OWN_FLAGS,
  type PeerURL,
  type StartFlags,
  isAtLeast,
  minorOf,
} from '../cluster/index.js';
import { type ClusterSpec, type MemberSpec, readFlags } from '../spec/index.js';
import { CERTIFICATE_FLAGS, addressesUnder, ofAuthorities } from './tls.js';

export interface FinalFlagsInput {
  readonly member: {
    readonly name: MemberName;
    readonly peerURLs?: readonly PeerURL[];
    readonly clientURLs?: readonly ClientURL[];
  };
  readonly addresses: HostAddresses;
  readonly etcd: ClusterSpec['etcd'];
  /** The flags of its certificates; absent: it has none. */
  readonly tls?: StartFlags;
  readonly version: EtcdVersion;
}

/**
 * Exactly the flags of a member's settled life: no bootstrap-only flag, no temporary timing. What the spec does not say
 * is left to etcd, except that the log goes to standard error as JSON lines, where the driver reads it
 * (3.4 needs `--logger=zap` for that, etcd-facts 1.3).
 */
export function finalFlags(input: FinalFlagsInput): Result<StartFlags, readonly Problem[]> {
  const { member, addresses, etcd, version } = input;
  const read = readFlags(minorOf(version), etcd);
  if (read.problems.length > 0) return err(read.problems);
  const { peerURLs, clientURLs } = advertisedBy(member, addresses);
  return ok({
    ...read.flags,
    ...input.tls,
    ...(isAtLeast(version, 3, 5) ? {} : { logger: 'zap' }),
    'log-outputs': 'stderr',
    name: member.name,
    'data-dir': addresses.dataDir,
    'listen-peer-urls': joined(listenOn(peerURLs, addresses.peerURLs, addresses.listenPeerURLs)),
    'listen-client-urls': joined(
      listenOn(clientURLs, addresses.clientURLs, addresses.listenClientURLs),
    ),
    'advertise-client-urls': joined(clientURLs),
    ...(addresses.listenMetricsURLs.length === 0
      ? {}
      : { 'listen-metrics-urls': joined(addresses.listenMetricsURLs) }),
  });
}

const CERTIFICATES: ReadonlySet<string> = new Set(CERTIFICATE_FLAGS);

/**
 * The final flags of a member that the spec has no place for any more, and that has to run once more: its own name and
 * the addresses that the record kept, everything else like a member of the spec.
 */
export function flagsLike(
  sibling: StartFlags,
  own: {
    readonly name: string;
    readonly addresses: HostAddresses;
    readonly authorities?: Authorities | undefined;
  },
): StartFlags {
  const { name, authorities } = own;
  const isSecure = sibling['cert-file'] !== undefined;
  const addresses = isSecure ? addressesUnder({ kind: 'auto' }, own.addresses) : own.addresses;
  // Without authorities of ours the files are somebody else's, and the same on every host.
  const certificates =
    authorities === undefined
      ? Object.fromEntries(
          CERTIFICATE_FLAGS.flatMap((flag) => {
            const path = sibling[flag];
            return path === undefined ? [] : [[flag, path]];
          }),
        )
      : ofAuthorities(authorities, { dataDir: addresses.dataDir, names: [] }).flags;
  const shared = Object.entries(sibling).filter(
    ([flag]) => !OWN_FLAGS.has(flag) && !CERTIFICATES.has(flag),
  );
  return {
    ...Object.fromEntries(shared),
    ...certificates,
    name,
    'data-dir': addresses.dataDir,
    'listen-peer-urls': joined(addresses.listenPeerURLs),
    'listen-client-urls': joined(addresses.listenClientURLs),
    'advertise-client-urls': joined(addresses.clientURLs),
    ...(addresses.listenMetricsURLs.length === 0
      ? {}
      : { 'listen-metrics-urls': joined(addresses.listenMetricsURLs) }),
  };
}

/** What the spec fixes wins over what the driver found. */
export const advertisedBy = (
  member: Pick<MemberSpec, 'peerURLs' | 'clientURLs'>,
  addresses: HostAddresses,
): { readonly peerURLs: readonly PeerURL[]; readonly clientURLs: readonly ClientURL[] } => ({
  peerURLs: member.peerURLs ?? addresses.peerURLs,
  clientURLs: member.clientURLs ?? addresses.clientURLs,
});

/**
 * Where to listen. As recorded while the member advertises what was recorded; otherwise the spec moved it, and it listens
 * where it now says it is. etcd binds IP addresses only, so a name means all addresses.
 */
function listenOn(
  advertised: readonly string[],
  recorded: readonly string[],
  listen: readonly string[],
): readonly string[] {
  return sameSet(advertised, recorded) ? listen : [...new Set(advertised.map(bindable))];
}

const bindable = (url: string): string => {
  const [, scheme = '', host = '', port = ''] = /^(\w+):\/\/(\[.*\]|[^:]*):(\d+)$/.exec(url) ?? [];
  const isAddress = host.startsWith('[') || /^\d{1,3}(\.\d{1,3}){3}$/.test(host);
  return isAddress || host === 'localhost' ? url : `${scheme}://0.0.0.0:${port}`;
};

const sameSet = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((url) => b.includes(url));

/** Sorted, so that the same URLs in another order are no change. */
const joined = (urls: readonly string[]): string => [...urls].sort().join(',');
