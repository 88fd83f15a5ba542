import type { DNSServerReport } from '../dns-ports.js';
import type { View } from './view.js';

export const dnsServerView: View<DNSServerReport> = {
  text: ({ listening, zone, serial, records }, style) =>
    [
      ...listening.map((address) => `listening on ${style.bold(address)} (UDP and TCP)\n`),
      `zone ${style.bold(zone)}, serial ${serial}, ${records} records of the cluster\n`,
    ].join(''),
  data: ({ listening, zone, serial, records }) => ({ listening, zone, serial, records }),
};
