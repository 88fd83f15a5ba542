import { assertNever } from '../../base/index.js';
import type { ConsumerProgram } from '../../core/cluster/index.js';

export type FlaggedProgram = Exclude<ConsumerProgram, { kind: 'file' }>;

export interface Flags {
  /** The flag with the endpoints, without dashes. */
  readonly endpoints: string;
  /** The variable that the program reads instead. */
  readonly variable?: string;
  readonly ca: TLSFlag;
  readonly certificate: TLSFlag;
  readonly key: TLSFlag;
  /** What its process is called. */
  readonly process: string;
}

/** What names a file of its TLS: a flag without dashes, or a variable. */
export interface TLSFlag {
  readonly flag: string;
  readonly variable?: string;
}

const CA = 'etcd-cafile';
const CERTIFICATE = 'etcd-certfile';
const KEY = 'etcd-keyfile';

export function flagsOf({ kind }: FlaggedProgram): Flags {
  switch (kind) {
    case 'kubeApiserver':
      return {
        endpoints: 'etcd-servers',
        ca: { flag: CA },
        certificate: { flag: CERTIFICATE },
        key: { flag: KEY },
        process: 'kube-apiserver',
      };
    case 'flannel':
      return {
        endpoints: 'etcd-endpoints',
        variable: 'FLANNELD_ETCD_ENDPOINTS',
        ca: { flag: CA, variable: 'FLANNELD_ETCD_CAFILE' },
        certificate: { flag: CERTIFICATE, variable: 'FLANNELD_ETCD_CERTFILE' },
        key: { flag: KEY, variable: 'FLANNELD_ETCD_KEYFILE' },
        process: 'flanneld',
      };
    default:
      return assertNever(kind);
  }
}
