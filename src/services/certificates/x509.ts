import { type KeyObject, createPrivateKey, webcrypto } from 'node:crypto';
import { type Random } from '../../base/index.js';
import { addressKind } from './names.js';

/** A certificate in PEM and its key in PEM (PKCS#8). */
export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface Life {
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** Loaded when a certificate is made, which is seldom: it costs a start a tenth of a second. */
async function library() {
  await import('reflect-metadata');
  const x509 = await import('@peculiar/x509');
  x509.cryptoProvider.set(globalThis.crypto);
  return x509;
}

const P256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const SERIAL_BYTES = 16;

/** Positive, and never beginning with a zero byte (RFC 5280, 4.1.2.2). */
const serial = (random: Random): string => `4${random.hex(SERIAL_BYTES).slice(1)}`;

/** A certificate authority of its own, that issues leafs only. */
export async function makeAuthority(random: Random, subject: string, life: Life): Promise<Pair> {
  const x509 = await library();
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serial(random),
    name: subject,
    notBefore: new Date(life.notBeforeMs),
    notAfter: new Date(life.notAfterMs),
    signingAlgorithm: P256,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate: pemOf(certificate.toString('pem')), key: await pkcs8(keys.privateKey) };
}

export interface LeafOrder extends Life {
  /** Distinguished name: `O=prod, OU=m1`. */
  readonly subject: string;
  /** Names and addresses; none for a certificate that only a client shows. */
  readonly names: readonly string[];
  /** `server` shows it as a client too: etcd's own HTTP gateway dials its own port with it (etcd-facts 11). */
  readonly use: 'server' | 'client';
}

/** @throws what the platform says of an authority's key that cannot sign. */
export async function makeLeaf(random: Random, issuer: Pair, order: LeafOrder): Promise<Pair> {
  const x509 = await library();
  const authority = new x509.X509Certificate(issuer.certificate);
  const { key: signingKey, algorithm } = await signingKeyOf(createPrivateKey(issuer.key));
  const keys = await newKeys();
  const { clientAuth, serverAuth } = x509.ExtendedKeyUsage;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serial(random),
    subject: order.subject,
    issuer: authority.subject,
    notBefore: new Date(order.notBeforeMs),
    notAfter: new Date(order.notAfterMs),
    signingAlgorithm: algorithm,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension(
        order.use === 'server' ? [serverAuth, clientAuth] : [clientAuth],
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority, false),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(order.names.length === 0
        ? []
        : [
            new x509.SubjectAlternativeNameExtension(
              order.names.map((value) => ({ type: addressKind(value) ?? 'dns', value })),
            ),
          ]),
    ],
  });
  return { certificate: pemOf(certificate.toString('pem')), key: await pkcs8(keys.privateKey) };
}

const newKeys = () =>
  webcrypto.subtle.generateKey(P256, true, ['sign', 'verify']) as Promise<webcrypto.CryptoKeyPair>;

/** An authority that was given by path may be an RSA one, as kubeadm makes them. */
async function signingKeyOf(key: KeyObject) {
  const algorithm = algorithmOf(key);
  const der = key.export({ format: 'der', type: 'pkcs8' });
  return {
    key: await webcrypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign']),
    algorithm,
  };
}

const CURVES: Readonly<Record<string, { readonly namedCurve: string; readonly hash: string }>> = {
  prime256v1: { namedCurve: 'P-256', hash: 'SHA-256' },
  secp384r1: { namedCurve: 'P-384', hash: 'SHA-384' },
  secp521r1: { namedCurve: 'P-521', hash: 'SHA-512' },
};

function algorithmOf(key: KeyObject) {
  if (key.asymmetricKeyType === 'rsa') {
    return { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' };
  }
  const curve = CURVES[key.asymmetricKeyDetails?.namedCurve ?? ''];
  if (key.asymmetricKeyType === 'ec' && curve !== undefined) return { name: 'ECDSA', ...curve };
  throw new Error(`a key of type ${key.asymmetricKeyType ?? 'unknown'} cannot sign here`);
}

async function pkcs8(key: webcrypto.CryptoKey): Promise<string> {
  const der = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', key)).toString('base64');
  const lines = der.match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

const pemOf = (text: string): string => `${text.trim()}\n`;
