import { assertNever } from '../../base/index.js';
import {
  type Authorities,
  type ClusterRecord,
  type HostAddresses,
  type HostCertificates,
  type HostName,
  type StartFlags,
  type Target,
  type TargetMember,
  certificatesFor,
} from '../cluster/index.js';
import type { ClusterSpec, MemberSpec, TLSSpec } from '../spec/index.js';
import { addressType, canonicalAddress, partsOf } from './dns/hosts.js';

/**
 * A cluster with TLS speaks nothing else: the scheme of every URL follows `spec.tls`, whatever the record found or the spec
 * still says, so that turning to TLS is a change of one line. etcd serves an http URL in plain text, certificate or not.
 */
export const withScheme = <U extends string>(tls: TLSSpec, urls: readonly U[]): readonly U[] =>
  tls.kind === 'off' ? urls : urls.map(secured);

// The scheme is no part of what a brand says of a URL.
const secured = <U extends string>(url: U): U => url.replace(/^http:/, 'https:') as U;

/** The addresses of a host as its member has them under this spec. The metrics listener stays as it is: it is loopback. */
export const addressesUnder = (tls: TLSSpec, addresses: HostAddresses): HostAddresses => ({
  ...addresses,
  peerURLs: withScheme(tls, addresses.peerURLs),
  clientURLs: withScheme(tls, addresses.clientURLs),
  listenPeerURLs: withScheme(tls, addresses.listenPeerURLs),
  listenClientURLs: withScheme(tls, addresses.listenClientURLs),
});

export const memberUnder = (tls: TLSSpec, member: MemberSpec): MemberSpec => ({
  ...member,
  ...(member.peerURLs === undefined ? {} : { peerURLs: withScheme(tls, member.peerURLs) }),
  ...(member.clientURLs === undefined ? {} : { clientURLs: withScheme(tls, member.clientURLs) }),
});

/** Flags whose values are paths of one host. */
export const CERTIFICATE_FLAGS = [
  'cert-file',
  'key-file',
  'trusted-ca-file',
  'peer-cert-file',
  'peer-key-file',
  'peer-trusted-ca-file',
] as const;

/** What a member is told of its certificates, and what its host has to hold for that. */
export interface TLSOnHost {
  readonly flags: StartFlags;
  /** Absent where somebody else makes them. */
  readonly certificates?: HostCertificates;
}

export function tlsOnHost(
  tls: TLSSpec,
  authorities: Authorities | undefined,
  host: { readonly dataDir: string; readonly names: readonly string[] },
): TLSOnHost {
  switch (tls.kind) {
    case 'off':
      return { flags: {} };
    case 'files': {
      const { client, peer } = tls.files;
      return { flags: flagsFor(client, peer) };
    }
    case 'auto':
      if (authorities === undefined) return { flags: {} };
      return ofAuthorities(authorities, host);
    default:
      return assertNever(tls);
  }
}

/** The same for a host that the spec has no place for any more. */
export function ofAuthorities(
  authorities: Authorities,
  host: { readonly dataDir: string; readonly names: readonly string[] },
): TLSOnHost {
  const certificates = certificatesFor(authorities, host);
  const { leafs, bundles } = certificates;
  const files = (plane: 'client' | 'peer') => ({
    cert: leafs[plane].path,
    key: leafs[plane].path,
    ca: bundles[plane].path,
  });
  return { flags: flagsFor(files('client'), files('peer')), certificates };
}

interface Files {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const flagsFor = (client: Files, peer: Files): StartFlags => ({
  'cert-file': client.cert,
  'key-file': client.key,
  'trusted-ca-file': client.ca,
  'client-cert-auth': 'true',
  'peer-cert-file': peer.cert,
  'peer-key-file': peer.key,
  'peer-trusted-ca-file': peer.ca,
  'peer-client-cert-auth': 'true',
});

/** The target once other authorities hold. */
export function targetUnder(target: Target, authorities: Authorities): Target {
  const members = target.members.map((member): TargetMember => {
    if (member.certificates === undefined) return member;
    const dataDir = member.flags['data-dir'] ?? '';
    const { names } = member.certificates.leafs.peer;
    const { flags, certificates } = ofAuthorities(authorities, { dataDir, names });
    return {
      ...member,
      flags: { ...member.flags, ...flags },
      ...(certificates === undefined ? {} : { certificates }),
    };
  });
  return { ...target, authorities, members };
}

/**
 * What a host has to hold: as a member of the target; as one that the spec has no place for any more, for as long as it
 * runs; nothing when it is neither, or a person runs it.
 */
export function certificatesOn(
  { members, authorities }: Target,
  addresses: ClusterRecord['addresses'],
  host: HostName,
): HostCertificates | undefined {
  const member = members.find((candidate) => candidate.host === host);
  if (member !== undefined) return member.certificates;
  const known = Object.hasOwn(addresses, host) ? addresses[host] : undefined;
  if (known === undefined || authorities === undefined) return undefined;
  const { dataDir, peerURLs, clientURLs } = known;
  const dialled = [...peerURLs, ...clientURLs].flatMap((url) => partsOf(url)?.host ?? []);
  const names = [...new Set([...ALWAYS, ...dialled].map(spelt))].sort();
  return ofAuthorities(authorities, { dataDir, names }).certificates;
}

/** Every member is asked on its own machine too, and peers are checked against where they come from (etcd-facts 11). */
const ALWAYS = ['localhost', '127.0.0.1'];

/**
 * What the certificates of a member have to be valid for: where it is dialled, its host, the domain of a birth by DNS (etcd
 * 3.3 and etcdctl check that one), gateways in front of it (they pass bytes, so that clients see its certificate there),
 * and what the spec adds. Sorted, one spelling each.
 */
export function namesOf(
  spec: Pick<ClusterSpec, 'bootstrap' | 'driver' | 'tls'>,
  host: string,
  urls: readonly string[],
): readonly string[] {
  const domain = spec.bootstrap.kind === 'dns' ? [spec.bootstrap.domain] : [];
  const extra = spec.tls.kind === 'auto' ? (spec.tls.extraNames ?? []) : [];
  // For the local driver a host is a slot in a directory, and no name.
  const own = spec.driver.kind === 'local' ? [] : [host];
  const dialled = urls.flatMap((url) => partsOf(url)?.host ?? []);
  const names = [...ALWAYS, ...own, ...dialled, ...domain, ...extra].map(spelt);
  return [...new Set(names)].filter((name) => !UNSPECIFIED.has(name)).sort();
}

const spelt = (name: string): string =>
  addressType(name) === undefined ? name.toLowerCase() : canonicalAddress(name);

const UNSPECIFIED: ReadonlySet<string> = new Set(['0.0.0.0', canonicalAddress('::')]);
