import { defineProblem } from '../../base/index.js';

/** The spec names a host for which nobody has found addresses yet. */
export const noAddress = defineProblem(
  'no-address',
  (d: { readonly cluster: string; readonly member: string; readonly host: string }) => ({
    summary: `Cannot say how to start ${d.member} of ${d.cluster}: host ${d.host} has no addresses`,
    detail: `The record holds no addresses for ${d.host}; they are found once, before the first plan.`,
    hint: 'Let the controller find them:\n  quorate apply',
  }),
);

/** Born by discovery, and nobody has made a place where the members meet. */
export const noMeetingPlace = defineProblem(
  'no-meeting-place',
  (d: { readonly cluster: string }) => ({
    summary: `Cannot say how the members of ${d.cluster} find each other: it is to be born by discovery`,
    detail: 'The record holds no discovery token; one is made before the first member starts.',
    hint: 'Let the controller make it:\n  quorate apply',
  }),
);

/** The certificates are to be made by Quorate, and nobody has made the authorities that issue them. */
export const noAuthorities = defineProblem('no-authorities', (d: { readonly cluster: string }) => ({
  summary: `Cannot say which certificates ${d.cluster} trusts: it has no authorities yet`,
  detail: 'They are made before the first member starts with TLS.',
  hint: 'Let the controller make them:\n  quorate apply',
}));

/** A last look before a start; it means that we made flags that this etcd would refuse. */
export const badStartFlag = defineProblem(
  'bad-start-flag',
  (d: {
    readonly version: string;
    readonly flag: string;
    readonly found: string;
    readonly allowed: string;
  }) => ({
    summary: `Not starting etcd ${d.version} with --${d.flag}=${d.found}`,
    detail: `Allowed: ${d.allowed}.`,
    hint: 'See what the spec may say:\n  quorate explain spec.etcd',
  }),
);
