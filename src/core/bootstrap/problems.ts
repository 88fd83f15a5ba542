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
