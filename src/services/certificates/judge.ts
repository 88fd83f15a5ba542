import {
  type CertificatesSight,
  type Fingerprint,
  type HostCertificates,
  type LeafSight,
  type Plane,
  PLANES,
  type WantedBundle,
} from '../../core/cluster/index.js';
import type { CertificateFile } from '../../engine/ports/index.js';
import { type ReadCertificate, certificatesIn, issuerAmong } from './read.js';

const ABSENT: CertificateFile = { kind: 'absent' };

/** What a host's files are worth, by the authorities that we know. Pure. */
export function judgeFiles(
  wanted: HostCertificates,
  files: Readonly<Record<string, CertificateFile>>,
  authorities: readonly ReadCertificate[],
): CertificatesSight {
  const leaf = (plane: Plane): LeafSight =>
    judgeLeaf(files[wanted.leafs[plane].path] ?? ABSENT, authorities);
  const bundles = PLANES.map((plane) => wanted.bundles[plane]).filter((bundle) =>
    isWhole(bundle, files[bundle.path] ?? ABSENT),
  );
  return {
    kind: 'seen',
    leafs: { peer: leaf('peer'), client: leaf('client') },
    bundles: bundles.map(({ path }) => path),
  };
}

function judgeLeaf(file: CertificateFile, authorities: readonly ReadCertificate[]): LeafSight {
  if (file.kind === 'absent') return file;
  if (file.kind === 'unreadable') return { kind: 'unusable', because: file.because };
  if (file.keyFits === false) {
    return { kind: 'unusable', because: 'its key is missing or is not the one of its certificate' };
  }
  const read = readAll(file.certificates);
  if (typeof read === 'string') return { kind: 'unusable', because: read };
  const [first] = read;
  if (first === undefined) return { kind: 'unusable', because: 'there is no certificate in it' };
  const { fingerprint, names, notBefore, notAfter } = first;
  const issuer = issuerAmong(first, authorities);
  return {
    kind: 'present',
    fingerprint,
    ...(issuer === undefined ? {} : { issuer }),
    names,
    notBefore,
    notAfter,
  };
}

function isWhole({ trusted }: WantedBundle, file: CertificateFile): boolean {
  if (file.kind !== 'present') return false;
  const read = readAll(file.certificates);
  if (typeof read === 'string') return false;
  const found = new Set<Fingerprint>(read.map(({ fingerprint }) => fingerprint));
  return found.size === trusted.length && trusted.every((fingerprint) => found.has(fingerprint));
}

function readAll(pem: string): readonly ReadCertificate[] | string {
  try {
    return certificatesIn(pem);
  } catch (error) {
    return `it cannot be read as a certificate: ${String(error)}`;
  }
}
