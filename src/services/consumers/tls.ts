import { X509Certificate, createHash } from 'node:crypto';
import { type Problem, type Result, err, instantOf, ok, unsafeBrand } from '../../base/index.js';
import {
  type Consumer,
  type ConsumerLink,
  type ConsumerTLS,
  type Fingerprint,
  consumerID,
  isHTTPS,
} from '../../core/cluster/index.js';
import type { ProcessFacts } from './facts.js';
import { type TLSFlag, flagsOf } from './flags.js';
import type { Place } from './place.js';
import { consumerWithoutCA, consumerWithoutCertificate } from './problems.js';

/**
 * The files on its host that a program needs before it can be told https endpoints: which ones, and what is in them, is for
 * people to say. None of a templated file, which may be read by anything.
 */
export function caFilesOf(consumer: Consumer, place: Place): Result<readonly string[], Problem> {
  const { program, host } = consumer;
  if (program.kind === 'file') return ok([]);
  const { ca, certificate, key } = flagsOf(program);
  const found = place.flag(ca.flag, ca.variable);
  if (!found.ok) {
    return err(
      consumerWithoutCA({
        consumer: consumerID(consumer),
        flags: [ca.flag, certificate.flag, key.flag],
        because: `On ${host}, ${found.error}`,
      }),
    );
  }
  // What a pod calls its files by is its own matter.
  return ok(program.at.kind === 'unit' ? [found.value] : []);
}

/** It has all that it needs, however it came by it: it is connected so. */
export const usesTLS = (link: ConsumerLink): boolean =>
  link.kind === 'connected' && link.to.some(isHTTPS);

/** What a process has for https. Undefined where that cannot be read: nothing may be concluded then. */
export function tlsOf({ authorities, shows = '' }: ProcessFacts): ConsumerTLS | undefined {
  if (authorities === undefined) return undefined;
  try {
    const trusted = certificatesIn(authorities.pem);
    const [leaf] = certificatesIn(shows);
    const issuer = trusted.find(
      (by) => leaf?.checkIssued(by) === true && leaf.verify(by.publicKey),
    );
    return {
      trusts: authorities.isUnread ? 'unread' : trusted.map(fingerprintOf),
      ...(leaf === undefined
        ? {}
        : {
            shows: {
              ...(issuer === undefined ? {} : { issuer: fingerprintOf(issuer) }),
              notAfter: instantOf(Date.parse(leaf.validTo)),
            },
          }),
    };
  } catch {
    return undefined;
  }
}

const certificatesIn = (pem: string): readonly X509Certificate[] =>
  (pem.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g) ?? []).map(
    (block) => new X509Certificate(block),
  );

const fingerprintOf = ({ raw }: X509Certificate): Fingerprint =>
  unsafeBrand<Fingerprint>(createHash('sha256').update(raw).digest('hex'));

/** Why it could show members no certificate that ask for one. */
export function whyNoCertificate(consumer: Consumer, place: Place): Problem | undefined {
  const { program, host } = consumer;
  if (program.kind === 'file') return undefined;
  const { certificate, key } = flagsOf(program);
  const whyNot = ({ flag, variable }: TLSFlag): readonly string[] => {
    const found = place.flag(flag, variable);
    return found.ok ? [] : [found.error];
  };
  const [because] = [certificate, key].flatMap(whyNot);
  return because === undefined
    ? undefined
    : consumerWithoutCertificate({
        consumer: consumerID(consumer),
        flags: [certificate.flag, key.flag],
        because: `On ${host}, ${because}`,
      });
}
