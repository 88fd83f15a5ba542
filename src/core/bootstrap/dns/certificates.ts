import type { Problem } from '../../../base/index.js';
import type { ClusterDNS } from './cluster-dns.js';
import { addressType, sameAddress } from './hosts.js';
import { dnsCertificateNames } from './problems.js';
import { srvName } from './records.js';

/** Where to look at certificates: the targets that peers dial with TLS. */
export function certificatesToSee({
  records,
  scheme,
  place,
}: ClusterDNS): readonly { readonly target: string; readonly port: number }[] {
  if (scheme.server === 'http') return [];
  const service = srvName('server', 'https', place);
  return records.flatMap((record) =>
    record.type === 'SRV' && record.name === service
      ? [{ target: record.target, port: record.port }]
      : [],
  );
}

/** @param names the SAN entries of the certificate, names and addresses. */
export function certificateFinding(
  { place: { domain } }: ClusterDNS,
  seen: {
    readonly place: string;
    readonly target: string;
    readonly port: number;
    readonly names: readonly string[];
  },
): Problem | undefined {
  const missing = [seen.target, domain].filter((name) => !covers(seen.names, name));
  return missing.length === 0 ? undefined : dnsCertificateNames({ ...seen, missing });
}

const covers = (names: readonly string[], wanted: string): boolean =>
  names.some((name) => {
    if (addressType(name) !== undefined) return sameAddress(name, wanted);
    const lower = name.toLowerCase();
    if (lower === wanted) return true;
    // One label, the whole of it, and never the domain itself (RFC 6125).
    return lower.startsWith('*.') && wanted.split('.').slice(1).join('.') === lower.slice(2);
  });
