import { type Result, ok } from '../../base/index.js';
import type { Fingerprint } from '../../core/cluster/index.js';
import { authorityNamed } from './authorities.js';
import type { Layout } from './layout.js';
import { type ReadCertificate, digestOf } from './read.js';

export interface Bundle {
  readonly text: string;
  readonly digest: string;
  readonly authorities: readonly ReadCertificate[];
}

/** The authorities one after the other, in one spelling, so that the same ones have the same digest. */
export async function bundleOf(
  layout: Layout,
  trusted: readonly Fingerprint[],
): Promise<Result<Bundle>> {
  const authorities: ReadCertificate[] = [];
  for (const fingerprint of trusted) {
    const authority = await authorityNamed(layout, fingerprint);
    if (!authority.ok) return authority;
    authorities.push(authority.value);
  }
  const text = authorities.map(({ x509 }) => x509.toString()).join('');
  return ok({ text, digest: digestOf(text), authorities });
}
