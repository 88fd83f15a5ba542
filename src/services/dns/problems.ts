import { defineProblem } from '../../base/index.js';

export const dnsListenFailed = defineProblem(
  'dns-listen-failed',
  (d: { readonly address: string; readonly because: string }) => ({
    summary: `The DNS server cannot listen on ${d.address}`,
    detail: d.because,
    hint: 'etcd asks the servers of /etc/resolv.conf on port 53, which only root may take; any address of this machine will do:\n  quorate dns serve --listen 127.0.0.53:53',
  }),
);

export const dnsBadAddress = defineProblem(
  'dns-bad-address',
  (d: { readonly address: string; readonly because: string }) => ({
    summary: `${JSON.stringify(d.address)} is no address of a DNS server`,
    detail: d.because,
    hint: 'Write ADDRESS, ADDRESS:PORT or [ADDRESS]:PORT.',
  }),
);
