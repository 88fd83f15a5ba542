import { X509Certificate, createPrivateKey } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Random, type Result, err, ok } from '../../base/index.js';
import { readIfPresent } from '../../disk/index.js';
import { type Fingerprint, PLANES, type Plane } from '../../core/cluster/index.js';
import type { AutoTLS } from '../../core/spec/index.js';
import { writePrivate } from './files.js';
import type { Layout } from './layout.js';
import { authorityLife } from './life.js';
import { authorityUnusable } from './problems.js';
import { type ReadCertificate, certificatesIn } from './read.js';
import { type Pair, makeAuthority } from './x509.js';

/** An authority that was given by path: its key stays where it is. */
export interface GivenAuthority {
  readonly certificate: string;
  readonly read: ReadCertificate;
  readonly keyPath: string;
}

/** Reads and checks what the spec names; undefined when it names none. */
export async function givenAuthority({ ca }: AutoTLS): Promise<Result<GivenAuthority | undefined>> {
  if (ca === undefined) return ok(undefined);
  const [certPath, keyPath] = [expanded(ca.cert), expanded(ca.key)];
  const unusable = (because: string) => err(authorityUnusable({ path: certPath, because }));
  try {
    const certificate = await readFile(certPath, 'utf8');
    const [read] = certificatesIn(certificate);
    if (read === undefined) return unusable('There is no certificate in it.');
    if (!read.x509.ca) return unusable('It is the certificate of no authority.');
    if (!read.x509.checkPrivateKey(createPrivateKey(await readFile(keyPath, 'utf8')))) {
      return unusable(`The key ${keyPath} is that of another certificate.`);
    }
    return ok({ certificate: new X509Certificate(certificate).toString(), read, keyPath });
  } catch (error) {
    return unusable(String(error));
  }
}

/** `~/` is this user's own directory. */
export const expanded = (path: string): string =>
  path.startsWith('~/') ? join(homedir(), path.slice(2)) : path;

/** New authorities, one for each plane, or the one that was given for both; kept before anybody trusts them. */
export async function newAuthorities(
  layout: Layout,
  wanted: {
    readonly cluster: string;
    readonly given: GivenAuthority | undefined;
    readonly nowMs: number;
    readonly random: Random;
  },
): Promise<Readonly<Record<Plane, Fingerprint>>> {
  const { cluster, given, nowMs, random } = wanted;
  if (given !== undefined) {
    const { fingerprint } = given.read;
    await writePrivate(layout.authority(fingerprint), given.certificate);
    return { peer: fingerprint, client: fingerprint };
  }
  const [peer, client] = await Promise.all(
    PLANES.map(async (plane) => {
      // Names of their own: who verifies looks for an issuer by its name.
      const subject = `O=${cluster}, CN=${plane} authority ${random.hex(4)}`;
      return keep(layout, await makeAuthority(random, subject, authorityLife(nowMs)));
    }),
  );
  if (peer === undefined || client === undefined)
    throw new Error('two planes have two authorities');
  return { peer, client };
}

/** The key first: a certificate that is there can issue. */
async function keep(layout: Layout, { certificate, key }: Pair): Promise<Fingerprint> {
  const [read] = certificatesIn(certificate);
  if (read === undefined) throw new Error('an authority was made without a certificate');
  await writePrivate(layout.authorityKey(read.fingerprint), key);
  await writePrivate(layout.authority(read.fingerprint), certificate);
  return read.fingerprint;
}

/** Certificate and key of an authority that issues. */
export async function issuerPair(
  layout: Layout,
  fingerprint: Fingerprint,
  given: GivenAuthority | undefined,
): Promise<Result<Pair>> {
  const path = layout.authority(fingerprint);
  const certificate = await readIfPresent(path);
  const own = await readIfPresent(layout.authorityKey(fingerprint));
  const fromGiven = given?.read.fingerprint === fingerprint ? given.keyPath : undefined;
  const key = own ?? (fromGiven === undefined ? undefined : await readIfPresent(fromGiven));
  if (certificate === undefined || key === undefined) {
    return err(authorityUnusable({ path, because: 'Its certificate or its key is not there.' }));
  }
  return ok({ certificate, key });
}

/** The certificate of an authority that is trusted, or the problem that it is gone. */
export async function authorityNamed(
  layout: Layout,
  fingerprint: Fingerprint,
): Promise<Result<ReadCertificate>> {
  const path = layout.authority(fingerprint);
  const [read] = certificatesIn((await readIfPresent(path)) ?? '');
  return read?.fingerprint === fingerprint
    ? ok(read)
    : err(authorityUnusable({ path, because: 'Its certificate is not there.' }));
}
