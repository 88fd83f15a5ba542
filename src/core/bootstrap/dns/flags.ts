import type { StartFlags } from '../../cluster/index.js';
import type { DNSPlace } from './cluster-dns.js';

/** The two flags that are the same for every member of a birth by DNS, in every minor that has it. */
export const dnsFlags = ({ domain, serviceName }: DNSPlace): StartFlags => ({
  'discovery-srv': domain,
  ...(serviceName === undefined ? {} : { 'discovery-srv-name': serviceName }),
});
