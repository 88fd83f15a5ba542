import { type Brand, type Instant, instantOf, unsafeBrand } from '../../base/index.js';
import type { StartFlags } from './flags.js';

/** SHA-256 of a certificate in DER, lower-case hex. */
export type Fingerprint = Brand<string, 'Fingerprint'>;

/** Members among themselves, and members with their clients: each has authorities of its own, so that no client is a peer. */
export const PLANES = ['peer', 'client'] as const;
export type Plane = (typeof PLANES)[number];

/** Whom a plane trusts and who issues there. */
export interface PlaneTrust {
  /** The oldest first; two of them while one follows the other. */
  readonly trusted: readonly Fingerprint[];
  /** Whose leafs are wanted. */
  readonly issuer: Fingerprint;
  /**
   * The first eight hex digits of the SHA-256 of the bundle's text. The file's name has them: etcd reads authorities at its
   * start alone (etcd-facts 11), so that another content has to be another flag.
   */
  readonly bundle: string;
  /** The same for the newest authority alone; absent: it is alone already. */
  readonly bundleAfter?: string;
}

/** The authorities of a cluster whose certificates we make. */
export interface Authorities {
  readonly planes: Readonly<Record<Plane, PlaneTrust>>;
  /** Leafs that began before this are made anew; absent: only their age counts. */
  readonly renewBefore?: Instant;
  /**
   * Programs that have a certificate of the old authority, and trust that one alone: until they have others, with both
   * authorities to trust, members show nothing that is of the new one.
   */
  readonly heldBy: readonly string[];
}

/** What is next while one authority follows another; undefined while none does. */
export type TrustPhase = 'issue-new' | 'trust-new';

/**
 * Old and new are trusted first, then everybody gets a leaf of the new one, then the old one is forgotten. Each is begun
 * only where the one before it is seen on every member.
 */
export function nextPhase({ planes }: Authorities): TrustPhase | undefined {
  const following = PLANES.map((plane) => planes[plane]).filter(
    ({ trusted }) => trusted.length > 1,
  );
  if (following.length === 0) return undefined;
  return following.some(({ trusted, issuer }) => issuer !== trusted.at(-1))
    ? 'issue-new'
    : 'trust-new';
}

/** The authorities once that phase has begun. */
export function advanced(authorities: Authorities, to: TrustPhase): Authorities {
  const next = (plane: PlaneTrust): PlaneTrust => {
    const newest = plane.trusted.at(-1);
    if (newest === undefined || plane.trusted.length === 1) return plane;
    if (to === 'issue-new') return { ...plane, issuer: newest };
    const { bundleAfter, ...rest } = plane;
    return { ...rest, trusted: [newest], issuer: newest, bundle: bundleAfter ?? plane.bundle };
  };
  const { peer, client } = authorities.planes;
  return { ...authorities, planes: { peer: next(peer), client: next(client) } };
}

/** Whether a process trusts what the authorities say now: by the names of the bundles it was started with. */
export const trusts = (flags: StartFlags, { planes }: Authorities): boolean =>
  isBundle(flags['trusted-ca-file'], 'client', planes.client) &&
  isBundle(flags['peer-trusted-ca-file'], 'peer', planes.peer);

const isBundle = (path: string | undefined, plane: Plane, trust: PlaneTrust): boolean =>
  path?.endsWith(`/${bundleFile(plane, trust)}`) === true;

const bundleFile = (plane: Plane, { bundle }: PlaneTrust): string => `${plane}-ca-${bundle}.pem`;

/** What one host has to hold before a member starts there. Certificate and key are one file, so that they change as one. */
export interface HostCertificates {
  readonly leafs: Readonly<Record<Plane, WantedLeaf>>;
  readonly bundles: Readonly<Record<Plane, WantedBundle>>;
  readonly renewBefore?: Instant;
}

export interface WantedLeaf {
  readonly path: string;
  /** Names and addresses that it has to be valid for; more do no harm. */
  readonly names: readonly string[];
  readonly issuer: Fingerprint;
}

export interface WantedBundle {
  readonly path: string;
  readonly trusted: readonly Fingerprint[];
}

/** What was seen of a host's certificates. */
export type CertificatesSight =
  | {
      readonly kind: 'seen';
      readonly leafs: Readonly<Record<Plane, LeafSight>>;
      /** Paths of those that were looked for and are whole. */
      readonly bundles: readonly string[];
    }
  | { readonly kind: 'unseen'; readonly because: string };

export type LeafSight =
  | { readonly kind: 'absent' }
  /** Something is there that etcd cannot use either. */
  | { readonly kind: 'unusable'; readonly because: string }
  | {
      readonly kind: 'present';
      readonly fingerprint: Fingerprint;
      /** Absent: none of the authorities that we know. */
      readonly issuer?: Fingerprint;
      readonly names: readonly string[];
      readonly notBefore: Instant;
      readonly notAfter: Instant;
    };

/** What is wrong with what a host holds, the most urgent first. */
export type CertificateFault =
  | 'certificates-missing'
  | 'certificates-expired'
  | 'issuer-differs'
  | 'certificate-names-differ'
  | 'certificates-due';

/** Renewed when this much of its life is over, so that there is time to notice when that does not work. */
const RENEW_AFTER_PARTS = 2 / 3;

export const renewalOf = (leaf: { readonly notBefore: Instant; readonly notAfter: Instant }) =>
  instantOf(leaf.notBefore + (leaf.notAfter - leaf.notBefore) * RENEW_AFTER_PARTS);

/** What is wrong with one leaf; undefined when nothing is. */
export function leafFault(
  wanted: WantedLeaf,
  leaf: LeafSight,
  now: Instant,
  renewBefore?: Instant,
): CertificateFault | undefined {
  if (leaf.kind !== 'present') return 'certificates-missing';
  if (leaf.notAfter <= now) return 'certificates-expired';
  if (leaf.issuer !== wanted.issuer) return 'issuer-differs';
  if (!wanted.names.every((name) => leaf.names.includes(name))) return 'certificate-names-differ';
  const isAsked = renewBefore !== undefined && leaf.notBefore < renewBefore;
  return isAsked || renewalOf(leaf) <= now ? 'certificates-due' : undefined;
}

/** Everything wrong with what a host holds, most urgent first, and the leafs that have to be made for it. */
export function certificateFaults(
  wanted: HostCertificates,
  sight: Extract<CertificatesSight, { kind: 'seen' }>,
  now: Instant,
): { readonly faults: readonly CertificateFault[]; readonly leafs: readonly Plane[] } {
  const faults = new Set<CertificateFault>();
  const leafs: Plane[] = [];
  for (const plane of PLANES) {
    if (!sight.bundles.includes(wanted.bundles[plane].path)) faults.add('certificates-missing');
    const fault = leafFault(wanted.leafs[plane], sight.leafs[plane], now, wanted.renewBefore);
    if (fault === undefined) continue;
    faults.add(fault);
    leafs.push(plane);
  }
  return { faults: FAULTS.filter((fault) => faults.has(fault)), leafs };
}

const FAULTS: readonly CertificateFault[] = [
  'certificates-missing',
  'certificates-expired',
  'issuer-differs',
  'certificate-names-differ',
  'certificates-due',
];

/** Beside the data, never in it: etcd's own directory is etcd's. */
export const pkiDirectoryOf = (dataDir: string): string =>
  dataDir.endsWith('/data') ? `${dataDir.slice(0, -'/data'.length)}/pki` : `${dataDir}.pki`;

const LEAF_FILES: Readonly<Record<Plane, string>> = { peer: 'peer.pem', client: 'server.pem' };

/** What the host with this data directory has to hold. */
export function certificatesFor(
  authorities: Authorities,
  host: { readonly dataDir: string; readonly names: readonly string[] },
): HostCertificates {
  const directory = pkiDirectoryOf(host.dataDir);
  const { planes, renewBefore } = authorities;
  const leaf = (plane: Plane): WantedLeaf => ({
    path: `${directory}/${LEAF_FILES[plane]}`,
    names: host.names,
    issuer: planes[plane].issuer,
  });
  const bundle = (plane: Plane): WantedBundle => ({
    path: `${directory}/${bundleFile(plane, planes[plane])}`,
    trusted: planes[plane].trusted,
  });
  return {
    leafs: { peer: leaf('peer'), client: leaf('client') },
    bundles: { peer: bundle('peer'), client: bundle('client') },
    ...(renewBefore === undefined ? {} : { renewBefore }),
  };
}

/** The files of a host that have to be looked at. */
export const certificatePaths = ({ leafs, bundles }: HostCertificates): readonly string[] =>
  PLANES.flatMap((plane) => [leafs[plane].path, bundles[plane].path]);

const IMAGINED: PlaneTrust = {
  trusted: [unsafeBrand<Fingerprint>('made-by-apply')],
  issuer: unsafeBrand<Fingerprint>('made-by-apply'),
  bundle: 'made-by-apply',
};

/** The authorities that would be made, for a plan that makes none. */
export const IMAGINED_AUTHORITIES: Authorities = {
  planes: { peer: IMAGINED, client: IMAGINED },
  heldBy: [],
};
