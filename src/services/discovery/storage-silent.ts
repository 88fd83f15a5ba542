import type { Problem } from '../../base/index.js';
import { type EtcdError, problemOfEtcdError } from '../../etcd/index.js';
import { discoveryStorageSilent } from './problems.js';

/** What etcd did not do, as the service tells it. */
export const silent = (error: EtcdError): Problem => {
  const { summary, detail } = problemOfEtcdError(error, {
    what: 'read and write discovery tokens',
    target: 'the etcd behind the discovery service',
  });
  return discoveryStorageSilent({ because: `${summary}. ${detail}` });
};
