import { X509Certificate } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** The authority of a seat's `pki/authorities` that issued a certificate, with its key. */
export async function issuerPairOf(directory: string, leaf: X509Certificate) {
  for (const file of await readdir(directory)) {
    if (!file.endsWith('.pem')) continue;
    const certificate = await readFile(join(directory, file), 'utf8');
    if (!leaf.verify(new X509Certificate(certificate).publicKey)) continue;
    const key = await readFile(join(directory, file.replace(/pem$/, 'key')), 'utf8');
    return { certificate, key };
  }
  throw new Error('nobody issued it');
}
