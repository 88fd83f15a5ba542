import { X509Certificate, createHash } from 'node:crypto';
import { type Instant, instantOf, unsafeBrand } from '../../base/index.js';
import type { Fingerprint } from '../../core/cluster/index.js';
import { namesIn } from './names.js';

/** What a certificate says of itself. */
export interface ReadCertificate {
  readonly fingerprint: Fingerprint;
  /** Upper-case hex, as OpenSSL prints it. */
  readonly serial: string;
  readonly subject: string;
  readonly names: readonly string[];
  readonly notBefore: Instant;
  readonly notAfter: Instant;
  readonly x509: X509Certificate;
}

/** Every certificate in a text, in order. Throws what the platform says of one that is none. */
export const certificatesIn = (pem: string): readonly ReadCertificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map((block) =>
    readCertificate(new X509Certificate(block)),
  );

const readCertificate = (x509: X509Certificate): ReadCertificate => ({
  fingerprint: unsafeBrand<Fingerprint>(createHash('sha256').update(x509.raw).digest('hex')),
  serial: x509.serialNumber,
  subject: x509.subject.replaceAll('\n', ', '),
  names: namesIn(x509.subjectAltName),
  notBefore: instantOf(Date.parse(x509.validFrom)),
  notAfter: instantOf(Date.parse(x509.validTo)),
  x509,
});

/** The first eight hex digits of the SHA-256 of a bundle's text. */
export const digestOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 8);

/** Who of them issued it, by its signature. */
export const issuerAmong = (
  leaf: ReadCertificate,
  authorities: readonly ReadCertificate[],
): Fingerprint | undefined =>
  authorities.find(({ x509 }) => leaf.x509.checkIssued(x509) && leaf.x509.verify(x509.publicKey))
    ?.fingerprint;
