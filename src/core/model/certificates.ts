import { instantOf, unsafeBrand } from '../../base/index.js';
import { certificatesOn } from '../bootstrap/index.js';
import {
  type CertificatesSight,
  type Fingerprint,
  type LeafSight,
  PLANES,
  type StartFlags,
} from '../cluster/index.js';
import type { Step } from '../planner/index.js';
import { withHost } from './hosts.js';
import type { World, WorldHost } from './world.js';

export type SeenCertificates = Extract<CertificatesSight, { kind: 'seen' }>;

/** As our own are: begun a little before they were made, for clocks that are behind. */
const BACKDATED_MS = 5 * 60_000;
const VALIDITY_MS = 365 * 86_400_000;

const ABSENT: LeafSight = { kind: 'absent' };
export const NO_CERTIFICATES: SeenCertificates = {
  kind: 'seen',
  leafs: { peer: ABSENT, client: ABSENT },
  bundles: [],
};

/** The bundles beside what is there, and new leafs where they were asked for. */
export function install(
  world: World,
  { host, wanted, leafs }: Extract<Step, { kind: 'install-certificates' }>,
): World {
  const { now } = world;
  return withHost(world, host, (was) => {
    const before = was.certificates?.kind === 'seen' ? was.certificates : NO_CERTIFICATES;
    const made = leafs.map((plane): readonly [string, LeafSight] => [
      plane,
      {
        kind: 'present',
        fingerprint: unsafeBrand<Fingerprint>(`${host}-${plane}-${now}`),
        issuer: wanted.leafs[plane].issuer,
        names: wanted.leafs[plane].names,
        notBefore: instantOf(now - BACKDATED_MS),
        notAfter: instantOf(now + VALIDITY_MS),
      },
    ]);
    const bundles = PLANES.map((plane) => wanted.bundles[plane].path);
    return {
      ...was,
      certificates: {
        kind: 'seen',
        leafs: { ...before.leafs, ...Object.fromEntries(made) },
        bundles: [...new Set([...before.bundles, ...bundles])],
      },
    };
  });
}

/** What an observer sees of a host's certificates; undefined where none are wanted. */
export const certificatesSeen = (
  { target, record }: World,
  { host, certificates }: WorldHost,
): CertificatesSight | undefined =>
  certificatesOn(target, record.addresses, host) === undefined
    ? undefined
    : (certificates ?? NO_CERTIFICATES);

/** etcd ends at its start without a file that it is told of (etcd-facts 11). */
export function lacksFiles(flags: StartFlags, { certificates }: Partial<WorldHost>): boolean {
  if (flags['cert-file'] === undefined) return false;
  if (certificates?.kind !== 'seen') return true;
  const { leafs, bundles } = certificates;
  const told = [flags['trusted-ca-file'], flags['peer-trusted-ca-file']];
  return (
    PLANES.some((plane) => leafs[plane].kind !== 'present') ||
    told.some((path) => path === undefined || !bundles.includes(path))
  );
}

/** It shows a certificate that has expired: nobody who dials it now lets it be. */
export const isExpired = ({ now }: World, { certificates, process }: WorldHost): boolean =>
  certificates?.kind === 'seen' &&
  process.kind === 'running' &&
  process.flags['cert-file'] !== undefined &&
  PLANES.some((plane) => {
    const leaf = certificates.leafs[plane];
    return leaf.kind === 'present' && leaf.notAfter <= now;
  });
