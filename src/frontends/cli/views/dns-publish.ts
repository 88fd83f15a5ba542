import { type DNSRecord, recordValue } from '../../../core/bootstrap/index.js';
import type { DNSPublished } from '../dns-ports.js';
import { recordData } from './dns-records.js';
import { table } from './table.js';
import type { View } from './view.js';

export const publishedView: View<DNSPublished> = {
  text: ({ zone, server, add, remove, sent }, style) => {
    const rows = [
      ...remove.map((record) => [style.bad('-'), ...cells(record)]),
      ...add.map((record) => [style.good('+'), ...cells(record)]),
    ];
    const word = sent ? 'changed' : rows.length === 0 ? 'nothing to change' : 'would be changed';
    return `${style.bold(zone)} on ${server}: ${word}\n${table(rows)}`;
  },
  data: ({ zone, server, add, remove, sent }) => ({
    zone,
    server,
    sent,
    add: add.map(recordData),
    remove: remove.map(recordData),
  }),
};

const cells = (record: DNSRecord): readonly string[] => [
  `${record.name}.`,
  record.type,
  recordValue(record),
];
