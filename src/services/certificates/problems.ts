import { defineProblem } from '../../base/index.js';

export const pkiUnreadable = defineProblem(
  'pki-unreadable',
  (d: { readonly path: string; readonly because: string }) => ({
    summary: `Cannot read or write the certificates of this cluster: ${d.path}`,
    detail: d.because,
    hint: 'Members go on with what they have. Mend the directory; it is tried again.',
  }),
);

export const pkiDamaged = defineProblem('pki-damaged', (d: { readonly path: string }) => ({
  summary: `A file of the certificate authorities is damaged: ${d.path}`,
  detail: 'It is not what Quorate writes there.',
  hint: 'Bring the directory pki back from a copy. Members go on with what they have until it expires.',
}));

export const authorityUnusable = defineProblem(
  'authority-unusable',
  (d: { readonly path: string; readonly because: string }) => ({
    summary: `The certificate authority ${d.path} cannot issue certificates`,
    detail: d.because,
    hint: 'See what is expected:\n  quorate explain spec.tls.auto.ca',
  }),
);

export const noAuthoritiesYet = defineProblem(
  'no-authorities-yet',
  (d: { readonly cluster: string }) => ({
    summary: `${d.cluster} has no certificate authorities of ours`,
    detail:
      'They are made before the first member starts, where the spec says `tls: { auto: {} }`.',
    hint: 'See what the cluster does:\n  quorate status',
  }),
);
