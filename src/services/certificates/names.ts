import { isIP } from 'node:net';
import { canonicalAddress } from '../../core/bootstrap/index.js';

export const addressKind = (name: string): 'ip' | undefined =>
  isIP(name) === 0 ? undefined : 'ip';

/** Names and addresses of a certificate, from OpenSSL's text of them, addresses in our one spelling. */
export function namesIn(subjectAltName: string | undefined): readonly string[] {
  return (subjectAltName ?? '').split(', ').flatMap((entry) => {
    if (entry.startsWith('DNS:')) return [entry.slice('DNS:'.length).toLowerCase()];
    if (entry.startsWith('IP Address:')) {
      return [canonicalAddress(entry.slice('IP Address:'.length).toLowerCase())];
    }
    return [];
  });
}
