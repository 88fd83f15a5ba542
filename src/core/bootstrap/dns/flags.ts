import type { ClusterToken, StartFlags, TargetMember } from '../../cluster/index.js';
import type { DNSPlace } from './cluster-dns.js';

/** The two flags that are the same for every member of a birth by DNS, in every minor that has it. */
export const dnsFlags = ({ domain, serviceName }: DNSPlace): StartFlags => ({
  'discovery-srv': domain,
  ...(serviceName === undefined ? {} : { 'discovery-srv-name': serviceName }),
});

/**
 * The flags of a first start with `new` where the others are found by SRV records. `--initial-cluster` must not stand
 * beside them (etcd-facts 1.3); what cannot work in a minor is a problem of `clusterDNS` already.
 */
export const dnsBirthFlags = (
  member: TargetMember,
  cluster: { readonly place: DNSPlace; readonly token: ClusterToken },
): StartFlags => ({
  ...member.flags,
  ...dnsFlags(cluster.place),
  'initial-advertise-peer-urls': member.peerURLs.join(','),
  'initial-cluster-state': 'new',
  'initial-cluster-token': cluster.token,
});
