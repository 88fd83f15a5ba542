import { assertNever } from '../../base/index.js';
import type { ConsumerProgram } from '../../core/cluster/index.js';

export type FlaggedProgram = Exclude<ConsumerProgram, { kind: 'file' }>;

export interface Flags {
  /** The flag with the endpoints, without dashes. */
  readonly endpoints: string;
  /** The variable that the program reads instead. */
  readonly variable?: string;
  readonly ca: { readonly flag: string; readonly variable?: string };
  /** What its process is called. */
  readonly process: string;
}

export function flagsOf({ kind }: FlaggedProgram): Flags {
  switch (kind) {
    case 'kubeApiserver':
      return { endpoints: 'etcd-servers', ca: { flag: 'etcd-cafile' }, process: 'kube-apiserver' };
    case 'flannel':
      return {
        endpoints: 'etcd-endpoints',
        variable: 'FLANNELD_ETCD_ENDPOINTS',
        ca: { flag: 'etcd-cafile', variable: 'FLANNELD_ETCD_CAFILE' },
        process: 'flanneld',
      };
    default:
      return assertNever(kind);
  }
}
