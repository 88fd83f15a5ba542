import { X509Certificate, createPrivateKey } from 'node:crypto';
import type { CertificateFile } from '../../engine/ports/index.js';
import { readIfPresent } from '../../disk/index.js';

/** The files that were asked for, each by itself: one that cannot be read hides no other. */
export async function readCertificateFiles(
  paths: readonly string[],
): Promise<Readonly<Record<string, CertificateFile>>> {
  const files = await Promise.all(
    paths.map(async (path): Promise<readonly [string, CertificateFile]> => {
      try {
        const text = await readIfPresent(path);
        return [path, text === undefined ? { kind: 'absent' } : fileOf(text)];
      } catch (error) {
        return [path, { kind: 'unreadable', because: String(error) }];
      }
    }),
  );
  return Object.fromEntries(files);
}

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----\n?/g;
const KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]*-----END (?:[A-Z]+ )?PRIVATE KEY-----/;

function fileOf(text: string): CertificateFile {
  const blocks = text.match(CERTIFICATE) ?? [];
  const certificates = blocks.join('');
  // A bundle has no key, and needs none.
  if (!text.includes('PRIVATE KEY')) return { kind: 'present', certificates };
  return { kind: 'present', certificates, keyFits: keyFits(blocks[0], KEY.exec(text)?.[0]) };
}

function keyFits(certificate: string | undefined, key: string | undefined): boolean {
  if (certificate === undefined || key === undefined) return false;
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}
