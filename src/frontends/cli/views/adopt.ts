import type { Adoption } from '../../../core/adoption/index.js';
import type { View } from './view.js';

export interface AdoptReport extends Adoption {
  /** Where the spec was written. */
  readonly file: string;
}

export const adoptView: View<AdoptReport> = {
  text: ({ spec, record, notes, file }, style) =>
    [
      `${style.bold(spec.name)} is adopted: ${spec.members.length} members of etcd ${record.version}, untouched`,
      ...notes.map((note) => `  ${note}`),
      `Wrote ${file}. There is nothing to do until it is changed:`,
      `  quorate plan -f ${file}`,
      '',
    ].join('\n'),
  data: ({ spec, record, notes, file }) => ({
    cluster: { name: spec.name, id: record.clusterID ?? null, version: record.version },
    members: spec.members.map(({ name, host }) => ({
      name,
      host,
      unit: record.addresses[host]?.adopted?.unit ?? null,
      dataDir: record.addresses[host]?.dataDir ?? null,
    })),
    notes: [...notes],
    file,
  }),
};
